import JSON

/// The switches of the double.
struct MusicGPTSettings: Sendable {
    /// The forms of a polled conversion.
    enum Profile: String, Sendable, CaseIterable {
        /// The generic page's: one conversion, `audio_url`.
        case documented
        /// What independent programs read: `conversion_path`, or `conversion_path_1` and `_2`.
        case observed
        /// The webhook's maps by conversion id, with their doubled prefix; for sounds only.
        case maps
    }

    /// No source has a poll of a sound; the page for all conversions is the only one that speaks of it.
    var soundProfile = Profile.documented
    /// Five programs agree on what they read, and the page says nothing of two versions.
    var musicProfile = Profile.observed
    /// Whether `Bearer` before the key is let pass, as some clients' success suggests.
    var toleratesBearer = false
    /// Whether status 402 has the body that was seen rather than the documented one.
    var hasObservedCreditRefusal = false
    /// Whether states have their older names, `PENDING` and `PROCESSING`.
    var hasOlderWords = false
    /// The word of a bad end, `FAILED` or `ERROR`.
    var failureWord = "FAILED"
    /// Every so many creates the estimate is -1, for unknown; 0 is never.
    var unknownETAEvery = 0
    /// Whether a song's first version is told before the second is there.
    var hasEarlyVersion = true
    /// Whether webhooks have the generic page's form.
    var hasGenericWebhooks = false
    /// How long a job takes at speed 1, in seconds.
    var soundSeconds = 20.0
    var musicSeconds = 40.0
    /// The account's balance; one account for all keys.
    var credits = 10_000_000.0
    /// Whether a result file is refused to a call that carries credentials.
    var refusesAssetCredentials = true
    /// Whether equal requests give equal audio, which spares rendering it again; for jobs to come.
    var repeatsAudio = false
    /// How many songs may be under way at a time; 0 is any number.
    var parallelMusic = 10
    /// How many creates other than songs are taken in an emulated minute; 0 is any number, 60 is documented.
    var createsPerMinute = 0
    /// How many polls are answered in an emulated minute; 0 is any number, 200 is documented.
    var pollsPerMinute = 0
    /// Retries of webhooks are not documented, so there are none.
    var callbacks = CallbackSettings()

    /// What a job costs, by the samples of both pages.
    static let price = 0.99

    /// The switches as the control route shows them.
    var json: JSONObject {
        var json: JSONObject = [
            "sound_profile": .string(soundProfile.rawValue),
            "music_profile": .string(musicProfile.rawValue),
            "tolerate_bearer": .bool(toleratesBearer),
            "credit_refusal": hasObservedCreditRefusal ? "observed" : "documented",
            "status_words": hasOlderWords ? "older" : "current",
            "failure_word": .string(failureWord),
            "unknown_eta_every": JSONValue(unknownETAEvery),
            "early_version": .bool(hasEarlyVersion),
            "webhooks": hasGenericWebhooks ? "generic" : "specific",
            "sound_seconds": .number(soundSeconds),
            "music_seconds": .number(musicSeconds),
            "credits": .number(credits),
            "refuse_asset_credentials": .bool(refusesAssetCredentials),
            "repeat_audio": .bool(repeatsAudio),
            "parallel_music": JSONValue(parallelMusic),
            "creates_per_minute": JSONValue(createsPerMinute),
            "polls_per_minute": JSONValue(pollsPerMinute),
        ]
        for member in callbacks.json { json[member.key] = member.value }
        return json
    }

    /// These switches with those that are named turned.
    func changed(by object: JSONObject) throws(ControlError) -> MusicGPTSettings {
        var members = ControlMembers(object)
        var changed = self
        try changed.readForms(&members)
        changed.toleratesBearer = try members.bool("tolerate_bearer") ?? toleratesBearer
        changed.unknownETAEvery = try members.integer("unknown_eta_every", in: 0...1000) ?? unknownETAEvery
        changed.hasEarlyVersion = try members.bool("early_version") ?? hasEarlyVersion
        changed.soundSeconds = try members.number("sound_seconds", in: 0...86_400) ?? soundSeconds
        changed.musicSeconds = try members.number("music_seconds", in: 0...86_400) ?? musicSeconds
        changed.credits = try members.number("credits", in: 0...1e12) ?? credits
        changed.refusesAssetCredentials =
            try members.bool("refuse_asset_credentials") ?? refusesAssetCredentials
        changed.repeatsAudio = try members.bool("repeat_audio") ?? repeatsAudio
        changed.parallelMusic = try members.integer("parallel_music", in: 0...100_000) ?? parallelMusic
        changed.createsPerMinute =
            try members.integer("creates_per_minute", in: 0...100_000) ?? createsPerMinute
        changed.pollsPerMinute = try members.integer("polls_per_minute", in: 0...100_000) ?? pollsPerMinute
        changed.callbacks = try callbacks.changed(by: &members)
        try members.finish()
        return changed
    }

    /// Reads the switches between two or three forms of the same.
    private mutating func readForms(_ members: inout ControlMembers) throws(ControlError) {
        if let name = try members.choice("sound_profile", of: Profile.allCases.map(\.rawValue)) {
            soundProfile = Profile(rawValue: name) ?? soundProfile
        }
        if let name = try members.choice("music_profile", of: ["documented", "observed"]) {
            musicProfile = Profile(rawValue: name) ?? musicProfile
        }
        if let form = try members.choice("credit_refusal", of: ["documented", "observed"]) {
            hasObservedCreditRefusal = form == "observed"
        }
        if let words = try members.choice("status_words", of: ["current", "older"]) {
            hasOlderWords = words == "older"
        }
        failureWord = try members.choice("failure_word", of: ["FAILED", "ERROR"]) ?? failureWord
        if let form = try members.choice("webhooks", of: ["specific", "generic"]) {
            hasGenericWebhooks = form == "generic"
        }
    }
}
