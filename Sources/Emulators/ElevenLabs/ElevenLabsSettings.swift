import JSON

/// The switches of the double.
struct ElevenLabsSettings: Sendable {
    /// The one key that is taken; empty takes any.
    var key = ""
    /// The account's plan.
    var tier = ElevenLabsTier.pro
    /// How many calls may run at a time; `nil` is what the plan has.
    var concurrency: Int?
    /// What the account has used, and may use, in the vendor's credits.
    var used = 0
    var limit = 10_000_000
    /// How long making a sound, and making music, takes at speed 1, in seconds.
    var soundSeconds = 2.0
    var musicSeconds = 8.0
    /// The longest text for a sound: the website's limit (seen), for the API's is not published.
    var soundTextLimit = 450
    /// The longest prompt for music.
    var musicTextLimit = 4100
    /// How many channels PCM has, which has no header to say so.
    ///
    /// A guess: the vendor's speech is mono, and its music stereo.
    var soundPCMChannels = 1
    var musicPCMChannels = 2
    /// Whether equal requests give equal audio, which spares rendering it again.
    var repeatsAudio = false

    /// How many calls may run at a time.
    var maximumConcurrency: Int { concurrency ?? tier.concurrency }

    /// How many channels are written in a format; telephones have one.
    func channels(_ format: ElevenLabsFormat, isMusic: Bool) -> Int {
        switch format.codec {
        case .muLaw, .aLaw: 1
        case .pcm: isMusic ? musicPCMChannels : soundPCMChannels
        case .mp3, .wav, .opus: 2
        }
    }

    /// The switches as the control route shows them.
    var json: JSONObject {
        [
            "key": .string(key),
            "tier": .string(tier.rawValue),
            "maximum_concurrent_requests": JSONValue(maximumConcurrency),
            "character_count": JSONValue(used),
            "character_limit": JSONValue(limit),
            "generation_seconds": .number(soundSeconds),
            "music_generation_seconds": .number(musicSeconds),
            "text_limit": JSONValue(soundTextLimit),
            "music_text_limit": JSONValue(musicTextLimit),
            "pcm_channels": JSONValue(soundPCMChannels),
            "music_pcm_channels": JSONValue(musicPCMChannels),
            "repeat_audio": .bool(repeatsAudio),
        ]
    }

    /// These switches with those that are named turned.
    func changed(by object: JSONObject) throws(ControlError) -> ElevenLabsSettings {
        var members = ControlMembers(object)
        var changed = self
        changed.key = try members.string("key") ?? key
        let tiers = ElevenLabsTier.allCases.map(\.rawValue)
        if let name = try members.choice("tier", of: tiers), let tier = ElevenLabsTier(rawValue: name) {
            changed.tier = tier
            changed.concurrency = nil
        }
        changed.concurrency =
            try members.integer("maximum_concurrent_requests", in: 0...100_000) ?? changed.concurrency
        changed.used = try members.integer("character_count", in: 0...1_000_000_000) ?? used
        changed.limit = try members.integer("character_limit", in: 0...1_000_000_000) ?? limit
        changed.soundSeconds = try members.number("generation_seconds", in: 0...86_400) ?? soundSeconds
        changed.musicSeconds = try members.number("music_generation_seconds", in: 0...86_400) ?? musicSeconds
        changed.soundTextLimit = try members.integer("text_limit", in: 1...1_000_000) ?? soundTextLimit
        changed.musicTextLimit = try members.integer("music_text_limit", in: 1...1_000_000) ?? musicTextLimit
        changed.soundPCMChannels = try members.integer("pcm_channels", in: 1...2) ?? soundPCMChannels
        changed.musicPCMChannels = try members.integer("music_pcm_channels", in: 1...2) ?? musicPCMChannels
        changed.repeatsAudio = try members.bool("repeat_audio") ?? repeatsAudio
        try members.finish()
        return changed
    }
}
