import CSndFile

/// Samples without a file around them: how they are coded, which nothing in their bytes tells.
package struct BareSamples: Sendable, Equatable {
    /// The coding of one sample.
    package enum Coding: Sendable, CaseIterable {
        /// Signed 16-bit, little-endian.
        case pcm16
        /// G.711 μ-law.
        case muLaw
        /// G.711 A-law.
        case aLaw
    }

    package let coding: Coding
    /// Frames per second.
    package let sampleRate: Int
    /// Samples in a frame.
    package let channels: Int

    /// A coding from its parts.
    package init(_ coding: Coding, sampleRate: Int, channels: Int) {
        self.coding = coding
        self.sampleRate = sampleRate
        self.channels = channels
    }

    /// Copies the samples in the file at `source` into a new WAVE file at `target`, block by block; it blocks while it does.
    ///
    /// The copy is exact: μ-law and A-law unpack to 16 bits without a loss. What is at `target` after an error is incomplete.
    ///
    /// - Throws: `empty` for a source without bytes, `truncated` for one that ends within a frame.
    package func wrap(_ source: String, into target: String) throws(AudioFileError) {
        let input = try FileStream(reading: source)
        let length = input.length
        try input.check("fstat")
        guard length > 0 else { throw .empty }
        guard length.isMultiple(of: bytesPerFrame) else { throw .truncated }
        let reader = try SoundHandle(on: input, mode: SFM_READ, info(SF_FORMAT_RAW | libraryCoding))
        let output = try FileStream(writing: target)
        let writer = try SoundHandle(
            on: output,
            mode: SFM_WRITE,
            info(SF_FORMAT_WAV | Int(SF_FORMAT_PCM_16))
        )
        let copied = copy(from: reader, to: writer)
        try input.check("read")
        try output.check("write")
        try writer.close()
        guard copied == length / bytesPerFrame else { throw .truncated }
    }

    private var bytesPerFrame: Int { channels * (coding == .pcm16 ? 2 : 1) }

    private var libraryCoding: Int {
        switch coding {
        case .pcm16: Int(SF_FORMAT_PCM_16) | Int(SF_ENDIAN_LITTLE)
        case .muLaw: Int(SF_FORMAT_ULAW)
        case .aLaw: Int(SF_FORMAT_ALAW)
        }
    }

    /// The manual on `sf_open`: "when opening a RAW file for read … the samplerate, channels and format fields have to
    /// be filled in", as they have to be for any file that is written.
    private func info(_ format: Int) -> SF_INFO {
        var info = SF_INFO()
        info.samplerate = Int32(clamping: sampleRate)
        info.channels = Int32(clamping: channels)
        info.format = Int32(format)
        return info
    }

    /// Copies to the source's end, or to the first block that the target does not take, and returns the frames.
    private func copy(from reader: SoundHandle, to writer: SoundHandle) -> Int {
        var block = [Int16](repeating: 0, count: 4096 * channels)
        var copied = 0
        while case let got = reader.read(into: &block, frames: 4096), got > 0 {
            let put = writer.write(block, frames: got)
            copied += put
            if put < got { break }
        }
        return copied
    }
}

/// A libsndfile handle with the stream that it reads or writes.
@safe private final class SoundHandle {
    private let stream: FileStream
    private var handle: OpaquePointer?

    init(on stream: FileStream, mode: Int, _ info: SF_INFO) throws(AudioFileError) {
        self.stream = stream
        var info = info
        unsafe handle = stream.openHandle(mode: mode, &info)
        guard unsafe handle != nil else {
            try stream.check(mode == SFM_READ ? "read" : "write")
            throw .cannotEncode(libraryMessage(nil))
        }
    }

    deinit {
        if let handle = unsafe handle { unsafe sf_close(handle) }
    }

    func read(into block: inout [Int16], frames: Int) -> Int {
        unsafe block.withUnsafeMutableBufferPointer {
            unsafe Int(sf_readf_short(handle, $0.baseAddress, sf_count_t(frames)))
        }
    }

    func write(_ block: [Int16], frames: Int) -> Int {
        unsafe block.withUnsafeBufferPointer {
            unsafe Int(sf_writef_short(handle, $0.baseAddress, sf_count_t(frames)))
        }
    }

    /// Completes the file's header and reports what could not be written.
    func close() throws(AudioFileError) {
        guard let open = unsafe handle else { return }
        unsafe handle = nil
        let code = unsafe sf_close(open)
        try stream.check("write")
        guard code == 0 else { throw unsafe .cannotEncode(String(cString: sf_error_number(code))) }
    }
}
