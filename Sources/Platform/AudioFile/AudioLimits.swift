/// What a reader accepts, against files that unpack to far more than they weigh.
package struct AudioLimits: Sendable, Equatable {
    /// The most frames that will be decoded.
    package var frames: Int
    /// The longest sound in seconds, at whatever rate; what is longer by its own word is not decoded at all.
    package var seconds: Double
    /// The most channels.
    package var channels: Int
    /// The highest sample rate, in Hz.
    package var sampleRate: Int

    /// Limits; the defaults allow an hour at 192 kHz in eight channels.
    package init(
        frames: Int = 192_000 * 3600,
        seconds: Double = 3600,
        channels: Int = 8,
        sampleRate: Int = 192_000
    ) {
        self.frames = frames
        self.seconds = seconds
        self.channels = channels
        self.sampleRate = sampleRate
    }

    /// The most frames at a sample rate.
    func frames(at rate: Int) -> Int { min(frames, Int((seconds * Double(rate)).rounded(.up))) }

    /// How many parts (chunks, frames, pages) the structure of a file is followed through: a real one has far fewer for
    /// the sound that it may hold, and each costs a read, however empty it is.
    var parts: Int { 10_000 + frames / 64 }
}
