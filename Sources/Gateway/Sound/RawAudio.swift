/// How samples are coded that come without a file around them.
package struct RawAudio: Sendable, Equatable {
    /// The coding of one sample.
    package enum Coding: String, Sendable {
        /// Signed 16-bit, little-endian.
        case pcm16
        case muLaw
        case aLaw
    }

    package let coding: Coding
    /// Frames in a second.
    package let sampleRate: Int
    package let channels: Int

    /// A coding from its parts.
    package init(_ coding: Coding, sampleRate: Int, channels: Int) {
        self.coding = coding
        self.sampleRate = sampleRate
        self.channels = channels
    }
}
