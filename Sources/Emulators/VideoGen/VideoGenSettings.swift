import JSON

/// The switches of the double.
struct VideoGenSettings: Sendable {
    /// The one key that is taken; empty takes any, and each sees its own executions only.
    var key = ""
    /// How long an execution takes at speed 1, in seconds.
    var generationSeconds = 8.0
    /// Whether executions go from pending to their end without running between.
    var isDirect = false
    /// How long a cancellation takes at speed 1, in seconds: what ends before then has ended.
    var cancelSeconds = 2.0
    /// Whether cancelling what has ended is refused with status 400; else it is accepted, and nothing comes of it.
    var refusesLateCancel = false
    /// Whether executions to come wait for somebody's approval; they go on when this is turned off.
    var awaitsApproval = false
    /// Whether results have their hydrated file in the execution itself.
    var hydratesResults = false
    /// For how long a signed link holds, in seconds; not divided by the speed.
    var linkSeconds = 3600.0
    /// The account's balance; a result costs one.
    var credits = 10_000_000.0
    /// The status of `insufficient_credits`: 402, or 403.
    var creditStatus = 402
    /// How many executions a key may start in an hour; 0 for any number.
    var hourlyLimit = 0
    /// Whether a result file is refused to a call that carries credentials.
    var refusesAssetCredentials = true
    /// Whether equal requests give equal audio, which spares rendering it again; for executions to come.
    var repeatsAudio = false
    /// About the account's webhooks.
    ///
    /// That repetitions come at growing delays is documented, their number is not.
    var callbacks = VideoGenSettings.usualCallbacks

    private static let usualCallbacks: CallbackSettings = {
        var callbacks = CallbackSettings()
        callbacks.retryDelays = [5, 30, 120, 600]
        return callbacks
    }()

    /// The switches as the control route shows them.
    var json: JSONObject {
        var json: JSONObject = [
            "key": .string(key),
            "generation_seconds": .number(generationSeconds),
            "phases": isDirect ? "direct" : "full",
            "cancel_seconds": .number(cancelSeconds),
            "refuse_late_cancel": .bool(refusesLateCancel),
            "awaiting_approval": .bool(awaitsApproval),
            "hydrated_results": .bool(hydratesResults),
            "link_seconds": .number(linkSeconds),
            "credits": .number(credits),
            "insufficient_credits_status": JSONValue(creditStatus),
            "hourly_limit": JSONValue(hourlyLimit),
            "refuse_asset_credentials": .bool(refusesAssetCredentials),
            "repeat_audio": .bool(repeatsAudio),
        ]
        for member in callbacks.json { json[member.key] = member.value }
        return json
    }

    /// These switches with those that are named turned.
    func changed(by object: JSONObject) throws(ControlError) -> VideoGenSettings {
        var members = ControlMembers(object)
        var changed = self
        changed.key = try members.string("key") ?? key
        changed.generationSeconds =
            try members.number("generation_seconds", in: 0...86_400) ?? generationSeconds
        changed.isDirect =
            try members.choice("phases", of: ["full", "direct"]).map { $0 == "direct" } ?? isDirect
        changed.cancelSeconds = try members.number("cancel_seconds", in: 0...86_400) ?? cancelSeconds
        changed.refusesLateCancel = try members.bool("refuse_late_cancel") ?? refusesLateCancel
        changed.awaitsApproval = try members.bool("awaiting_approval") ?? awaitsApproval
        changed.hydratesResults = try members.bool("hydrated_results") ?? hydratesResults
        changed.linkSeconds = try members.number("link_seconds", in: 0...1e9) ?? linkSeconds
        changed.credits = try members.number("credits", in: 0...1e12) ?? credits
        changed.creditStatus =
            try members.integer("insufficient_credits_status", in: 400...499) ?? creditStatus
        changed.hourlyLimit = try members.integer("hourly_limit", in: 0...1_000_000) ?? hourlyLimit
        changed.refusesAssetCredentials =
            try members.bool("refuse_asset_credentials") ?? refusesAssetCredentials
        changed.repeatsAudio = try members.bool("repeat_audio") ?? repeatsAudio
        changed.callbacks = try callbacks.changed(by: &members)
        try members.finish()
        return changed
    }

    /// The states by age at a speed.
    func timeline(speed: Double) -> Timeline<VideoGenStatus> {
        let whole = Duration.seconds(generationSeconds / speed)
        let steps: [(from: Duration, phase: VideoGenStatus)] =
            isDirect ? [] : [(whole * 0.25, .running)]
        return Timeline(first: .pending, steps: steps + [(whole, .succeeded)])
    }
}
