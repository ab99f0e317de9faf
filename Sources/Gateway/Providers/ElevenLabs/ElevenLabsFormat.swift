import Sound

/// A value of `output_format`: a codec, a sample rate, and a bit rate where the codec has one.
struct ElevenLabsFormat: Sendable, Equatable {
    let name: String

    /// All that the SDK lists.
    ///
    /// `mp3_44100_192` needs the Creator plan, PCM and WAV at 44.1 kHz the Pro plan.
    static let all: [ElevenLabsFormat] = {
        let rates = ["8000", "16000", "22050", "24000", "32000", "44100", "48000"]
        let bits = ["32", "64", "96", "128", "192"]
        let names =
            ["mp3_22050_32", "mp3_24000_48"] + bits.map { "mp3_44100_\($0)" } + rates.map { "pcm_\($0)" }
            + rates.map { "wav_\($0)" } + bits.map { "opus_48000_\($0)" } + ["ulaw_8000", "alaw_8000"]
        return names.map { ElevenLabsFormat(name: $0) }
    }()

    private init(name: String) { self.name = name }

    /// The format of that name, if the vendor has it.
    init?(_ name: String) {
        guard let known = Self.all.first(where: { $0.name == name }) else { return nil }
        self = known
    }

    /// What is asked for when a caller wants `format`.
    init(servedAs format: SoundFormat) {
        switch format {
        case .mp3: self.init(name: "mp3_44100_128")
        // Every plan may have it, 44.1 kHz needs Pro. As a file and not as samples, because a file tells how many
        // channels it has. FLAC is made from it: nothing gets lost on the way.
        case .wav, .flac: self.init(name: "wav_32000")
        // Clients serve it as Ogg Opus; seen, not documented.
        case .ogg: self.init(name: "opus_48000_128")
        }
    }

    /// How samples are coded where the format is nothing but samples.
    var bareCoding: RawAudio.Coding? {
        switch name.prefix(while: { $0 != "_" }) {
        case "pcm": .pcm16
        case "ulaw": .muLaw
        case "alaw": .aLaw
        default: nil
        }
    }

    var sampleRate: Int {
        let parts = name.split(separator: "_")
        return parts.count > 1 ? Int(parts[1]) ?? 0 : 0
    }
}
