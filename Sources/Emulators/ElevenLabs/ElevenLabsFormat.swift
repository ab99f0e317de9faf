import AudioFile

/// An output format by the vendor's name for it: codec, sample rate and, for lossy codecs, kbit/s.
struct ElevenLabsFormat: Sendable {
    enum Codec: String, Sendable {
        case mp3, pcm, wav, opus
        case muLaw = "ulaw"
        case aLaw = "alaw"
    }

    let name: String
    let codec: Codec
    let sampleRate: Int
    /// For lossy codecs only.
    let coding: RatedCoding?

    /// A format of which the name is well-formed; whether a call takes it is another matter.
    private init?(_ name: String) {
        let parts = name.split(separator: "_")
        guard let codec = parts.first.flatMap({ Codec(rawValue: String($0)) }),
            parts.count > 1, let sampleRate = Int(parts[1])
        else { return nil }
        self.name = name
        self.codec = codec
        self.sampleRate = sampleRate
        let bitRate = parts.count > 2 ? Int(parts[2]).map { $0 * 1000 } : nil
        switch codec {
        case .mp3: coding = bitRate.map { .mp3(bitRate: $0) }
        case .opus: coding = bitRate.map { .opus(bitRate: $0) }
        default: coding = nil
        }
    }

    /// The format of that name, if the call takes it.
    static func named(_ name: String, of names: [String]) -> ElevenLabsFormat? {
        names.contains(name) ? ElevenLabsFormat(name) : nil
    }

    /// What `auto` stands for (documented): a format that depends on the model's generation.
    static func automatic(for model: String) -> String {
        model == "music_v1" ? "mp3_44100_128" : "mp3_48000_192"
    }

    /// `Content-Type`: for MP3 as seen, for the others a guess.
    var contentType: String {
        switch codec {
        case .mp3: "audio/mpeg"
        case .pcm: "audio/pcm"
        case .wav: "audio/wav"
        case .opus: "audio/ogg"
        case .muLaw: "audio/basic"
        case .aLaw: "audio/x-alaw-basic"
        }
    }

    /// The lowest plan that may ask for it (documented).
    var lowestTier: ElevenLabsTier {
        switch (codec, sampleRate, name) {
        case (.pcm, 44_100..., _), (.wav, 44_100..., _): .pro
        case (_, _, "mp3_44100_192"): .creator
        default: .free
        }
    }

    /// What the vendor's SDK lists for sounds.
    static let sounds =
        [
            "mp3_22050_32", "mp3_24000_48", "mp3_44100_32", "mp3_44100_64", "mp3_44100_96", "mp3_44100_128",
            "mp3_44100_192",
        ] + plain("pcm") + plain("wav") + opus + ["ulaw_8000", "alaw_8000"]

    /// What the vendor's SDK lists for music, besides `auto`.
    static let music =
        ["mp3_48000_128", "mp3_48000_192", "mp3_48000_240", "mp3_48000_320"]
        + sounds.filter { !$0.hasPrefix("wav") }

    private static let opus = [32, 64, 96, 128, 192].map { "opus_48000_\($0)" }

    private static func plain(_ codec: String) -> [String] {
        [8000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000].map { "\(codec)_\($0)" }
    }
}

/// The vendor's plans, from the smallest.
enum ElevenLabsTier: String, Sendable, CaseIterable {
    case free, starter, creator, pro, scale, business

    /// How many calls may run at a time (seen).
    var concurrency: Int {
        switch self {
        case .free: 2
        case .starter: 3
        case .creator: 5
        case .pro: 10
        case .scale, .business: 15
        }
    }

    func includes(_ other: ElevenLabsTier) -> Bool {
        let all = ElevenLabsTier.allCases
        return all.firstIndex(of: self) ?? 0 >= all.firstIndex(of: other) ?? 0
    }
}
