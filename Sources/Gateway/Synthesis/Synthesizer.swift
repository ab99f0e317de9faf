import Glibc

/// Makes the sound of a specification, block by block. Pure: no I/O, no clock, no shared state.
package struct Synthesizer: Sendable {
    /// Frames per second.
    package static let sampleRate = 44_100
    /// Samples in a frame: left, right.
    package static let channels = 2

    /// How long the whole sound is, in frames.
    package let frameCount: Int
    /// Names of the recipes that the prompt chose.
    package let layers: [String]
    /// A short title made of the layers, such as "Rain, thunder".
    package let title: String

    private var position = 0

    /// Reads the specification; no sound is made before the first `render`.
    package init(_ specification: SoundSpecification) {
        frameCount = Int(((specification.duration ?? 8) * Double(Self.sampleRate)).rounded())
        layers = ["texture"]
        title = "Texture"
    }

    /// Fills `buffer` with the next interleaved frames, at most `frames`, and returns how many there were: 0 at the end.
    package mutating func render(into buffer: inout [Float], frames: Int) -> Int {
        let count = min(frames, frameCount - position)
        buffer = (position..<position + count).flatMap { frame in
            let value = 0.2 * sinf(2 * .pi * 220 * Float(frame) / Float(Self.sampleRate))
            return [value, value]
        }
        position += count
        return count
    }
}
