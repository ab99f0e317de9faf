/// What tells one host of the family from another.
struct SunoProfile: Sendable {
    let id: String
    let displayName: String
    let baseURL: String
    /// As in the host's documentation; the config adds what comes later.
    let models: [String]
    /// What the host's own codes mean; a code that is missing here is judged by its hundreds.
    let verdicts: [Int: SunoVerdict]
    /// Whether a code 500 with the text "… is required" is a complaint about the request.
    let complainsWith500: Bool
    /// Where the account's balance is told.
    let creditPath: String
    /// Whether callbacks are signed once the account has a key for it.
    let signsCallbacks: Bool

    /// Every host has it.
    static let defaultModel = "V5"

    static let sunoapi = SunoProfile(
        id: "sunoapi",
        displayName: "sunoapi.org",
        baseURL: "https://api.sunoapi.org",
        models: ["V5", "V5_5"],
        verdicts: pageVerdicts,
        complainsWith500: false,
        creditPath: "/api/v1/generate/credit",
        signsCallbacks: false
    )

    static let apibox = SunoProfile(
        id: "apibox",
        displayName: "apibox.erweima.ai",
        baseURL: "https://apibox.erweima.ai",
        models: ["V5"],
        verdicts: pageVerdicts,
        complainsWith500: false,
        creditPath: "/api/v1/generate/credit",
        signsCallbacks: false
    )

    static let kie = SunoProfile(
        id: "kie",
        displayName: "kie.ai",
        baseURL: "https://api.kie.ai",
        // The last three stand in a later catalogue of the family.
        models: ["V5", "V5_5", "V6", "V6_MINI", "V6_WILD"],
        verdicts: [
            400: .badRequest,
            401: .badKey,
            402: .noCredits,
            404: .unknown,
            409: .badRequest,
            // "record is null" when polled.
            422: .badRequest,
            // Here it is the pace, and at the others the account's balance.
            429: .tooFast,
            // The limit of a sub-key; seen, not documented.
            433: .tooFast,
            451: .badRequest,
            455: .maintenance,
            505: .switchedOff,
        ],
        // Seen, not documented.
        complainsWith500: true,
        creditPath: "/api/v1/chat/credit",
        signsCallbacks: true
    )

    /// The table on the pages of sunoapi.org and apibox, which are the same.
    private static let pageVerdicts: [Int: SunoVerdict] = [
        400: .badRequest,
        401: .badKey,
        404: .unknown,
        405: .tooFast,
        413: .promptTooLong,
        // Here it is the account's balance, not the pace.
        429: .noCredits,
        430: .tooFast,
        455: .maintenance,
    ]
}
