import AudioFile
import Glibc
import Synthesis

/// Writes a sound in a format of the vendor's; runs on a worker thread.
struct ElevenLabsRendering: Sendable {
    let specification: SoundSpecification
    let format: ElevenLabsFormat
    let channels: Int

    /// Writes the file at the path.
    ///
    /// - Throws: `AudioFileError`.
    func write(to path: String) throws(AudioFileError) {
        let sink = try Sink(path, format, channels)
        if specification.loop { try writeLoop(to: sink) } else { try writeOnce(to: sink) }
        try sink.finish()
    }

    private func writeOnce(to sink: Sink) throws(AudioFileError) {
        var synthesizer = Synthesizer(specification)
        var resampler = resampler()
        var block: [Float] = []
        while synthesizer.render(into: &block, frames: 4096) > 0 {
            let mixed = mixed(block)
            try sink.write(resampler?.convert(mixed) ?? mixed)
        }
        try sink.write(resampler?.finish() ?? [])
    }

    /// A loop is at most half a minute: it's held whole, so that its start is heard in its end and the other way round.
    private func writeLoop(to sink: Sink) throws(AudioFileError) {
        var synthesizer = Synthesizer(specification)
        var whole: [Float] = []
        var block: [Float] = []
        while synthesizer.render(into: &block, frames: 4096) > 0 { whole += mixed(block) }
        guard var resampler = resampler(before: whole) else { return try sink.write(whole) }
        try sink.write(resampler.convert(whole))
        try sink.write(resampler.finish(after: whole))
    }

    private func resampler(before: [Float] = []) -> Resampler? {
        guard format.sampleRate != Synthesizer.sampleRate else { return nil }
        return Resampler(
            from: Synthesizer.sampleRate,
            to: format.sampleRate,
            channels: channels,
            before: before
        )
    }

    private func mixed(_ block: [Float]) -> [Float] {
        guard channels == 1 else { return block }
        return stride(from: 0, to: block.count - 1, by: 2).map { (block[$0] + block[$0 + 1]) / 2 }
    }
}

/// Where the samples go: an encoder, or a file without anything around them.
private final class Sink {
    private let writer: AudioWriter?
    private let file: UnsafeMutablePointer<FILE>?
    private let codec: ElevenLabsFormat.Codec
    private var failure: Int32 = 0

    init(_ path: String, _ format: ElevenLabsFormat, _ channels: Int) throws(AudioFileError) {
        codec = format.codec
        if let coding = format.coding {
            writer = try AudioWriter(
                path: path,
                coding: coding,
                sampleRate: format.sampleRate,
                channels: channels
            )
            file = nil
        } else if codec == .wav {
            writer = try AudioWriter(
                path: path,
                format: .wav,
                sampleRate: format.sampleRate,
                channels: channels
            )
            file = nil
        } else {
            writer = nil
            file = fopen(path, "we")
            guard file != nil else { throw .system(call: "fopen", code: errno) }
        }
    }

    deinit {
        if let file { fclose(file) }
    }

    func write(_ samples: [Float]) throws(AudioFileError) {
        if let writer { return try writer.write(samples) }
        let bytes = bytes(samples)
        guard fwrite(bytes, 1, bytes.count, file) == bytes.count else {
            throw .system(call: "fwrite", code: errno)
        }
    }

    func finish() throws(AudioFileError) {
        if let writer { return try writer.finish() }
        guard fflush(file) == 0 else { throw .system(call: "fflush", code: errno) }
    }

    private func bytes(_ samples: [Float]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(samples.count * 2)
        for sample in samples {
            let value = Int16(clamping: Int((sample * 32_768).rounded()))
            switch codec {
            case .muLaw: bytes.append(Telephony.muLaw(value))
            case .aLaw: bytes.append(Telephony.aLaw(value))
            default:
                bytes.append(UInt8(truncatingIfNeeded: value))
                bytes.append(UInt8(truncatingIfNeeded: value >> 8))
            }
        }
        return bytes
    }
}
