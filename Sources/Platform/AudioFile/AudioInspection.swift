import Glibc

/// What decoding a whole sound file told.
///
/// `frames` is the sound's own length in WAV, FLAC and Ogg Vorbis. In MP3 it is too when the file carries a LAME tag, as those of
/// `AudioWriter` do: the decoder then leaves out the encoder's padding. Without that tag the padding counts, some 1,100 to 2,300 frames.
package struct AudioInspection: Sendable, Equatable {
    /// The encoding, found by content.
    package let format: AudioFormat
    /// Frames per second.
    package let sampleRate: Int
    /// Samples in a frame.
    package let channels: Int
    /// Frames that were really decoded.
    package let frames: Int
    /// The largest absolute sample; 1 is full scale, and lossy formats may exceed it a little.
    package let peak: Double
    /// The root mean square over all channels, in dB relative to full scale; -200 for digital silence.
    package let rms: Double

    /// The media type for `Content-Type`.
    package var contentType: String { format.contentType }
    /// The length in seconds.
    package var duration: Double { Double(frames) / Double(sampleRate) }

    /// Decodes the file at `path` from its first frame to its last, in blocks, so memory stays small; it blocks while it does.
    ///
    /// Throws for anything that shouldn't be served as audio: not audio, empty, damaged, cut off, without frames, beyond a limit.
    package init(path: String, limits: AudioLimits = AudioLimits()) throws(AudioFileError) {
        let reader = try AudioReader(path: path, limits: limits)
        var block: [Float] = []
        var peak: Float = 0
        var energy = 0.0
        while try reader.read(into: &block, frames: 4096) > 0 {
            var sum: Float = 0
            for sample in block {
                peak = max(peak, abs(sample))
                sum += sample * sample
            }
            guard sum.isFinite else { throw .damaged("samples that are not numbers") }
            energy += Double(sum)
        }
        format = reader.format
        sampleRate = reader.sampleRate
        channels = reader.channels
        frames = reader.framesRead
        self.peak = Double(peak)
        rms = 10 * log10(max(energy / Double(frames * channels), 1e-20))
    }
}
