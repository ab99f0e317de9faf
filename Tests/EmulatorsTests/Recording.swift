import AudioFile
import Glibc

/// A result file as decoded, with measurements on it.
struct Recording {
    let format: AudioFormat
    let rate: Double
    let left: [Float]

    init(_ bytes: [UInt8]) throws {
        let path = "/tmp/soundgate-recording-\(UInt64.random(in: 0 ... .max))"
        defer { unlink(path) }
        let file = fopen(path, "w")
        let written = bytes.withUnsafeBytes { fwrite($0.baseAddress, 1, $0.count, file) }
        guard fclose(file) == 0, written == bytes.count else { throw AudioFileError.truncated }
        let reader = try AudioReader(path: path)
        format = reader.format
        rate = Double(reader.sampleRate)
        var left: [Float] = []
        var block: [Float] = []
        while try reader.read(into: &block, frames: 4096) > 0 {
            for index in stride(from: 0, to: block.count, by: reader.channels) { left.append(block[index]) }
        }
        self.left = left
    }

    /// In seconds.
    var duration: Double { Double(left.count) / rate }
    var peak: Float { left.map(abs).max() ?? 0 }

    /// How much stronger events begin on the beats of a tempo than anywhere: 1 is chance.
    func pulse(_ tempo: Double) -> Double {
        let hop = 220
        let levels = stride(from: 0, to: left.count - hop, by: hop).map { start in
            (left[start..<start + hop].reduce(0.0) { $0 + Double($1 * $1) } / Double(hop) + 1e-7).squareRoot()
        }
        let rises = zip(levels.dropFirst(), levels).map { max(0, $0 - $1) }
        let mean = rises.reduce(0, +) / Double(rises.count)
        let beat = 60 / tempo * rate / Double(hop)
        let beats = stride(from: beat, to: Double(rises.count - 3), by: beat).map { place in
            rises[(Int(place.rounded()) - 3)...(Int(place.rounded()) + 1)].max() ?? 0
        }
        return beats.reduce(0, +) / Double(max(beats.count, 1)) / max(mean, 1e-12)
    }

    /// The share of the energy on these pitch classes among that on all notes from C2 to B5.
    func share(of classes: Set<Int>) -> Double {
        let samples = stride(from: 0, to: left.count - 8, by: 8).map { start in
            left[start..<start + 8].reduce(0.0) { $0 + Double($1) }
        }
        var (inside, all) = (0.0, 0.0)
        for note in 36..<84 {
            let energy = energy(at: 440 * exp2((Double(note) - 69) / 12), of: samples)
            all += energy
            if classes.contains(note % 12) { inside += energy }
        }
        return inside / max(all, 1e-20)
    }

    /// The step from the last sample to the first, against the largest inside.
    var join: (step: Float, largest: Float) {
        let largest = zip(left, left.dropFirst()).map { abs($0 - $1) }.max() ?? 0
        return (abs((left.first ?? 0) - (left.last ?? 0)), largest)
    }

    /// Goertzel's algorithm under a Hann window, on every eighth sample.
    private func energy(at frequency: Double, of samples: [Double]) -> Double {
        let turn = 2 * cos(2 * .pi * frequency / rate * 8)
        var (first, second) = (0.0, 0.0)
        for (index, sample) in samples.enumerated() {
            let window = 0.5 - 0.5 * cos(2 * .pi * Double(index) / Double(samples.count))
            (first, second) = (sample * window + turn * first - second, first)
        }
        return first * first + second * second - turn * first * second
    }
}
