import AudioFile
import Glibc

/// A sound file, decoded and mixed to one channel.
struct Recording {
    let inspection: AudioInspection
    private let samples: [Float]

    init(_ path: String) throws {
        inspection = try AudioInspection(path: path)
        let reader = try AudioReader(path: path)
        var mixed: [Float] = []
        var block: [Float] = []
        while try reader.read(into: &block, frames: 8192) > 0 {
            for frame in stride(from: 0, to: block.count, by: reader.channels) {
                mixed.append(block[frame..<frame + reader.channels].reduce(0, +) / Float(reader.channels))
            }
        }
        samples = mixed
    }

    /// The jump from the last sample back to the first.
    var stepAtJoin: Float {
        guard let first = samples.first, let last = samples.last else { return 0 }
        return abs(first - last)
    }

    /// The largest jump between two neighbours.
    var largestStep: Float {
        zip(samples, samples.dropFirst()).reduce(0) { max($0, abs($1.1 - $1.0)) }
    }

    /// How much louder the sound becomes, on average, at the points of a grid that begins with the sound.
    ///
    /// Each point takes the greatest rise within 30 ms on either side; rises are measured over 10 ms.
    func onsets(every period: Double) -> Double {
        let hop = inspection.sampleRate / 100
        let levels = stride(from: 0, to: samples.count - hop, by: hop).map { start in
            samples[start..<start + hop].reduce(0) { $0 + Double($1 * $1) }.squareRoot()
        }
        let rises = [levels.first ?? 0] + zip(levels, levels.dropFirst()).map { max(0, $1 - $0) }
        var sum = 0.0
        var points = 0
        var time = 0.0
        while time < inspection.duration - 0.05 {
            let middle = Int((time * 100).rounded())
            let window = max(0, middle - 3)...min(rises.count - 1, middle + 3)
            sum += rises[window].max() ?? 0
            points += 1
            time += period
        }
        return points == 0 ? 0 : sum / Double(points)
    }
}
