import JSON

/// The switches of the double.
struct SunoSettings: Sendable {
    /// Whether an error's code is also the HTTP status, which is 200 otherwise.
    var trueStatus = false
    /// Whether polled names are in snake_case.
    var snakeCase = false
    /// How many sounds a job makes, 1 or 2; for jobs to come.
    var clips = 2
    /// Whether jobs go from the first state to the last without those between.
    var isDirect = false
    /// How long a job takes at speed 1, in seconds.
    var generationSeconds = 20.0
    /// The account's balance; one account for all keys.
    var credits = 10_000_000.0
    /// Whether a result file is refused to a call that carries credentials.
    var refusesAssetCredentials = true
    /// Whether equal requests give equal audio, which spares rendering it again; for jobs to come.
    var repeatsAudio = false
    /// Whether a job ends as `CALLBACK_EXCEPTION` when its last callback was not answered with 200.
    var hasCallbackException = false
    /// The key that signs callbacks; `nil` signs none, and hosts that never sign know no such switch.
    var webhookKey: String?
    var callbacks: CallbackSettings

    private let canSign: Bool

    /// A host's switches as at the start.
    init(_ profile: SunoProfile) {
        canSign = profile.signsCallbacks
        callbacks = CallbackSettings(retryDelays: profile.callbackRetries)
    }

    /// What a job costs.
    static let price = 2.5

    /// The switches as the control route shows them.
    var json: JSONObject {
        var json: JSONObject = [
            "true_status": .bool(trueStatus),
            "snake_case": .bool(snakeCase),
            "clips": JSONValue(clips),
            "phases": isDirect ? "direct" : "full",
            "generation_seconds": .number(generationSeconds),
            "credits": .number(credits),
            "refuse_asset_credentials": .bool(refusesAssetCredentials),
            "repeat_audio": .bool(repeatsAudio),
            "callback_exception": .bool(hasCallbackException),
        ]
        // The key itself is nobody's business.
        if canSign { json["signs_callbacks"] = .bool(webhookKey != nil) }
        for member in callbacks.json { json[member.key] = member.value }
        return json
    }

    /// These switches with those that are named turned.
    func changed(by object: JSONObject) throws(ControlError) -> SunoSettings {
        var members = ControlMembers(object)
        var changed = self
        changed.trueStatus = try members.bool("true_status") ?? trueStatus
        changed.snakeCase = try members.bool("snake_case") ?? snakeCase
        changed.clips = try members.integer("clips", in: 1...2) ?? clips
        changed.isDirect =
            try members.choice("phases", of: ["full", "direct"]).map { $0 == "direct" } ?? isDirect
        changed.generationSeconds =
            try members.number("generation_seconds", in: 0...86_400) ?? generationSeconds
        changed.credits = try members.number("credits", in: 0...1e12) ?? credits
        changed.refusesAssetCredentials =
            try members.bool("refuse_asset_credentials") ?? refusesAssetCredentials
        changed.repeatsAudio = try members.bool("repeat_audio") ?? repeatsAudio
        changed.hasCallbackException = try members.bool("callback_exception") ?? hasCallbackException
        if canSign, let key = try members.string("webhook_key") {
            changed.webhookKey = key.isEmpty ? nil : key
        }
        changed.callbacks = try callbacks.changed(by: &members)
        try members.finish()
        return changed
    }

    /// The states by age at a speed.
    func timeline(speed: Double) -> Timeline<SunoStatus> {
        let whole = Duration.seconds(generationSeconds / speed)
        if isDirect { return Timeline(first: .pending, steps: [(whole, .success)]) }
        return Timeline(
            first: .pending,
            steps: [(whole * 0.25, .textSuccess), (whole * 0.75, .firstSuccess), (whole, .success)]
        )
    }
}
