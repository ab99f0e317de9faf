import HTTP
import JSON

/// What a job was asked to make.
enum MusicGPTRequest: Sendable {
    case sound(MusicGPTSoundRequest)
    case music(MusicGPTMusicRequest)

    /// The `conversionType` under which it is polled.
    var type: String {
        switch self {
        case .sound: "SOUND_GENERATOR"
        case .music: "MUSIC_AI"
        }
    }

    var isMusic: Bool {
        if case .music = self { true } else { false }
    }

    /// How many conversions come of it.
    var versions: Int { isMusic ? 2 : 1 }

    var webhookURL: String? {
        switch self {
        case .sound(let request): request.webhookURL
        case .music(let request): request.webhookURL
        }
    }

    /// All that decides what is heard.
    var audibleParts: [String] {
        switch self {
        case .sound(let request): [request.prompt, "\(request.length ?? 0)"]
        case .music(let request):
            [request.prompt ?? "", request.style ?? "", request.lyrics ?? "", "\(request.length ?? 0)"]
        }
    }

    /// The longest prompt: a server's answer for songs, and the vendor's own n8n node for sounds.
    static let longestPrompt = 300

    /// Every type that the page lists.
    static let conversionTypes: Set = [
        "MUSIC_AI", "SOUND_GENERATOR", "TEXT_TO_SPEECH", "VOICE_CONVERSION", "COVER", "EXTRACTION",
        "DENOISING",
        "DEECHO", "DEREVERB", "AUDIO_TRANSCRIPTION", "AUDIO_SPEED_CHANGER", "AUDIO_MASTERING", "AUDIO_CUTTER",
        "REMIX", "FILE_CONVERT", "KEY_BPM_EXTRACTION", "AUDIO_TO_MIDI", "EXTEND", "INPAINT",
        "SING_OVER_INSTRUMENTAL", "LYRICS_GENERATOR", "STEMS_SEPARATION", "VOCAL_EXTRACTION",
    ]
}

/// The body of `sound_generator`, checked as the vendor checks it.
struct MusicGPTSoundRequest: Sendable {
    let prompt: String
    /// In whole seconds.
    let length: Int?
    let webhookURL: String?

    /// Reads fields of any of the three forms: the page says urlencoded and its sample sends JSON, the vendor's own n8n
    /// node sends multipart.
    init(_ fields: PostedFields?) throws(MusicGPTRefusal) {
        guard let fields else { throw .invalid("The body could not be read.") }
        guard let prompt = try fields.text("prompt"), !prompt.isEmpty else {
            throw .invalid("Prompt is required for sound generation.")
        }
        self.prompt = prompt
        // No range is documented; the upper end keeps the double from work without end.
        length = try fields.number("audio_length", in: 1...300).map { seconds throws(MusicGPTRefusal) in
            guard seconds == seconds.rounded() else { throw .invalid("audio_length must be an integer.") }
            return Int(seconds)
        }
        webhookURL = try fields.webhook
    }
}

/// The body of `MusicAI`, checked as the vendor checks it.
struct MusicGPTMusicRequest: Sendable {
    let prompt: String?
    let style: String?
    let lyrics: String?
    let isInstrumental: Bool
    let isVocalOnly: Bool
    let gender: String?
    let voice: String?
    /// In seconds.
    let length: Double?
    let negativeTags: String?
    let webhookURL: String?

    init(_ fields: PostedFields?) throws(MusicGPTRefusal) {
        guard let fields, fields.form == .json else { throw .invalid("The body must be a JSON object.") }
        prompt = try fields.text("prompt").filled
        style = try fields.text("music_style", upTo: 5000).filled
        lyrics = try fields.text("lyrics", upTo: 20_000).filled
        // Everything is optional, but nothing at all makes no song; what the vendor says is not known.
        guard prompt != nil || style != nil || lyrics != nil else {
            throw .invalid("Prompt, lyrics or music_style is required.")
        }
        isInstrumental = try fields.flag("make_instrumental")
        isVocalOnly = try fields.flag("vocal_only")
        gender = try fields.text("gender").filled
        guard gender.map({ ["male", "female", "neutral"].contains($0) }) ?? true else {
            throw .invalid("gender must be male, female or neutral.")
        }
        voice = try fields.text("voice_id").filled
        length = try fields.number("output_length", in: 1...300)
        negativeTags = try fields.text("negative_tags", upTo: 5000).filled
        webhookURL = try fields.webhook
    }
}

extension String? {
    /// `nil` for the empty string, which is the pages' default for text.
    fileprivate var filled: String? { self?.isEmpty == true ? nil : self }
}

extension PostedFields {
    fileprivate func text(_ name: String, upTo limit: Int = MusicGPTRequest.longestPrompt)
        throws(MusicGPTRefusal) -> String?
    {
        guard let value = self[name] else { return nil }
        guard let text = value.string else { throw .invalid("\(name) must be a string.") }
        guard text.unicodeScalars.count <= limit else {
            throw .invalid("\(name) must be at most \(limit) characters.")
        }
        return text
    }

    /// A number, which a form sends as text; the empty string, a page's default, is none.
    fileprivate func number(_ name: String, in range: ClosedRange<Double>) throws(MusicGPTRefusal) -> Double?
    {
        guard let value = self[name], value.string != "" else { return nil }
        guard let number = value.double ?? value.string.flatMap({ Double($0) }), range.contains(number) else {
            throw .invalid("\(name) must be a number of seconds.")
        }
        return number
    }

    fileprivate func flag(_ name: String) throws(MusicGPTRefusal) -> Bool {
        guard let value = self[name] else { return false }
        guard let flag = value.bool else { throw .invalid("\(name) must be a boolean.") }
        return flag
    }

    fileprivate var webhook: String? {
        get throws(MusicGPTRefusal) {
            guard let url = try text("webhook_url", upTo: 2048).filled else { return nil }
            guard HTTPURL(url) != nil else { throw .invalid("webhook_url must be a URL.") }
            return url
        }
    }
}
