/// Makes audio in this process, block by block.
package protocol SoundRendering: Sendable {
    /// How many takes an order asks for.
    func takes(_ order: Order) -> Int
    /// A source of one take's frames. `seed` is drawn per task and stands in for an absent `seed` of the caller.
    func source(_ order: Order, take: Int, seed: UInt64) -> any FrameSource
}

/// Interleaved stereo frames at 44.1 kHz, pulled block by block.
package protocol FrameSource {
    /// Frames in all.
    var frameCount: Int { get }
    /// A short name of what it sounds like.
    var title: String { get }
    /// Fills up to `frames` frames into `buffer` (left, right, left, …) and returns how many; 0 at the end.
    mutating func render(into buffer: inout [Float], frames: Int) -> Int
}
