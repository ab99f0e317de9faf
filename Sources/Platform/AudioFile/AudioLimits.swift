/// What a reader accepts, against files that unpack to far more than they weigh.
package struct AudioLimits: Sendable, Equatable {
    /// The most frames that will be decoded.
    package var frames: Int
    /// The most channels.
    package var channels: Int
    /// The highest sample rate, in Hz.
    package var sampleRate: Int

    /// Limits; the defaults allow an hour at 192 kHz in eight channels.
    package init(frames: Int = 192_000 * 3600, channels: Int = 8, sampleRate: Int = 192_000) {
        self.frames = frames
        self.channels = channels
        self.sampleRate = sampleRate
    }
}
