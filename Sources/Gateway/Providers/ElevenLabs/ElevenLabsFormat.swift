import Sound

/// A value of `output_format`: a codec, a sample rate, and a bit rate where the codec has one.
struct ElevenLabsFormat: Sendable, Equatable {
    let name: String

    private static let rates = ["8000", "16000", "22050", "24000", "32000", "44100", "48000"]
    private static let common: [String] = {
        let bits = ["32", "64", "96", "128", "192"]
        return ["mp3_22050_32", "mp3_24000_48"] + bits.map { "mp3_44100_\($0)" } + rates.map { "pcm_\($0)" }
            + bits.map { "opus_48000_\($0)" } + ["ulaw_8000", "alaw_8000"]
    }()

    /// All that the SDK lists for sound effects.
    ///
    /// `mp3_44100_192` needs the Creator plan, PCM and WAV at 44.1 kHz the Pro plan.
    static let ofEffects = (common + rates.map { "wav_\($0)" }).map { ElevenLabsFormat(name: $0) }

    /// All that the SDK lists for music, where samples never come in a WAV file.
    static let ofMusic = (common + ["128", "192", "240", "320"].map { "mp3_48000_\($0)" }).map {
        ElevenLabsFormat(name: $0)
    }

    private init(name: String) { self.name = name }

    /// The format of that name among those of an operation.
    init?(_ name: String, among formats: [ElevenLabsFormat]) {
        guard let known = formats.first(where: { $0.name == name }) else { return nil }
        self = known
    }

    /// What is asked for when a caller wants `format` of an effect.
    static func ofEffect(servedAs format: SoundFormat) -> ElevenLabsFormat {
        switch format {
        case .mp3: ElevenLabsFormat(name: "mp3_44100_128")
        // Every plan may have it, 44.1 kHz needs Pro. As a file and not as samples, because a file tells how many
        // channels it has. FLAC is made from it: nothing gets lost on the way.
        case .wav, .flac: ElevenLabsFormat(name: "wav_32000")
        // Clients serve it as Ogg Opus; seen, not documented.
        case .ogg: ElevenLabsFormat(name: "opus_48000_128")
        }
    }

    /// What is asked for when a caller wants `format` of a song.
    static func ofSong(servedAs format: SoundFormat) -> ElevenLabsFormat {
        switch format {
        // Bare samples would be better to convert, but nothing tells how many channels they have.
        case .mp3, .wav, .flac: ElevenLabsFormat(name: "mp3_44100_128")
        case .ogg: ElevenLabsFormat(name: "opus_48000_128")
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
