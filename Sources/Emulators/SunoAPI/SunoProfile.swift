/// One host of the family: where it is, what it takes, and its numbers for what it does not take.
struct SunoProfile: Sendable {
    /// The vendor's id, which is also the first segment of its paths.
    let name: String
    let imitates: String
    let models: [String]
    /// Where the balance is asked for.
    let creditPath: String
    let codes: Codes
    /// The `callbackType` of a bad end.
    let errorCallback: String
    /// After how many seconds a callback that was not accepted is tried again, each from the try before.
    let callbackRetries: [Double]
    /// Whether an account can have its callbacks signed.
    let signsCallbacks: Bool
    /// The host's words for its own codes.
    let words: [Int: String]

    /// A host's numbers.
    struct Codes: Sendable {
        let missing: Int
        let malformed: Int
        let tooLong: Int
        let noCredits: Int
    }

    /// The host's number and words for a refusal.
    func refusal(_ refusal: SunoRefusal) -> (code: Int, message: String) {
        switch refusal {
        case .missing(let field): (codes.missing, "\(field) is required")
        case .malformed(let complaint): (codes.malformed, complaint)
        case .tooLong: documented(codes.tooLong)
        case .noKey: documented(401)
        case .noCredits: documented(codes.noCredits)
        case .noPath: documented(404)
        // Seen at one host only; the others' pages have nothing for it.
        case .noTask: (422, "record is null")
        case .scripted(let code): documented(code)
        }
    }

    private func documented(_ code: Int) -> (code: Int, message: String) {
        (code, words[code] ?? "error \(code)")
    }
}

extension SunoProfile {
    /// sunoapi.org.
    static let sunoapi = SunoProfile(
        name: "sunoapi",
        imitates: "https://api.sunoapi.org",
        models: ["V5", "V5_5"],
        creditPath: "/api/v1/generate/credit",
        codes: Codes(missing: 400, malformed: 400, tooLong: 413, noCredits: 429),
        errorCallback: "error",
        // The newer pages are silent.
        callbackRetries: [],
        signsCallbacks: false,
        words: pageWords
    )

    /// apibox.erweima.ai.
    static let apibox = SunoProfile(
        name: "apibox",
        imitates: "https://apibox.erweima.ai",
        models: ["V5"],
        creditPath: "/api/v1/generate/credit",
        codes: Codes(missing: 400, malformed: 400, tooLong: 413, noCredits: 429),
        errorCallback: "failed",
        callbackRetries: [],
        signsCallbacks: false,
        words: pageWords
    )

    /// kie.ai.
    static let kie = SunoProfile(
        name: "kie",
        imitates: "https://api.kie.ai",
        models: ["V5", "V5_5", "V6", "V6_MINI", "V6_WILD"],
        creditPath: "/api/v1/chat/credit",
        // 500 for what is missing is seen, not documented.
        codes: Codes(missing: 500, malformed: 422, tooLong: 422, noCredits: 402),
        errorCallback: "error",
        // Some of its pages: three more tries, after 1, 5 and 15 minutes.
        callbackRetries: [60, 300, 900],
        signsCallbacks: true,
        words: [
            400: "Bad request",
            401: "You do not have access permissions",
            402: "Insufficient credits",
            404: "Not found",
            409: "Conflict",
            422: "Validation error",
            429: "Rate limited",
            433: "Request limit of the sub-key exceeded",
            451: "Failed to fetch the input",
            455: "Service unavailable: maintenance",
            500: "Server error",
            501: "Generation failed",
            505: "Feature disabled",
        ]
    )

    /// The words on the pages of sunoapi.org and apibox, which are the same.
    private static let pageWords = [
        400: "Invalid parameters",
        401: "Unauthorized access",
        404: "Invalid request method or path",
        405: "Rate limit exceeded",
        413: "Theme or prompt too long",
        429: "Insufficient credits",
        430: "Your call frequency is too high. Please try again later.",
        455: "System maintenance",
        500: "Server error",
    ]
}
