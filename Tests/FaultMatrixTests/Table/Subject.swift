import Sound
import Testing

/// An operation of a vendor, and what its vendor's documents say of the ways in which it refuses.
struct Subject: Sendable {
    let route: RouteName
    /// The candidate that stands behind it where there is one.
    let second: RouteName
    let request: SoundRequest
    /// The kinds of calls that are made for a task of it.
    let calls: Set<Call>
    /// What the refusals of a create mean; `nil` for those that may hide an accepted job.
    let refusals: [Refusal: Failure.Code?]
    /// What the refusals of a poll come to when they stay; `nil` for those that end nothing.
    var pollRefusals: [Refusal: Failure.Code?] = [:]

    var vendor: String { route.provider }
    /// Whether it is one of the hosts that share the Suno family's API.
    var isSuno: Bool { ["sunoapi", "apibox", "kie"].contains(vendor) }
    /// Whether its refusals have a word of the vendor's beside the number.
    var hasWords: Bool { ["videogen", "elevenlabs"].contains(vendor) }
    /// Whether its callbacks can be told from forged ones.
    var signsCallbacks: Bool { ["kie", "videogen"].contains(vendor) }
}

extension Subject: CustomTestStringConvertible {
    var testDescription: String { route.description }
}

extension Subject {
    static let all = [
        musicGPTSound, musicGPTMusic, sunoapi, apibox, kie, videoGen, elevenLabsSound, elevenLabsMusic,
    ]

    private static func request(
        _ type: SoundType = .effect,
        _ change: (inout SoundRequest) -> Void = { _ in }
    ) -> SoundRequest {
        // The Suno family reads the length in the prompt.
        var request = SoundRequest(prompt: "click, 1 second long", type: type)
        change(&request)
        return request
    }

    // MARK: MusicGPT

    private static let musicGPTRefusals: [Refusal: Failure.Code?] = [
        400: .providerRejected, 401: .providerAuth, 402: .insufficientCredits, 403: .providerAuth,
        404: .providerRejected, 409: .providerRejected, 422: .providerRejected, 429: .rateLimited, 500: nil,
    ]

    private static let musicGPTPollRefusals: [Refusal: Failure.Code?] = [
        401: .providerAuth, 403: .providerAuth, 404: .providerRejected, 422: .providerRejected, 429: nil,
        500: nil,
    ]

    static let musicGPTSound = Subject(
        route: RouteName(provider: "musicgpt", operation: "sound"),
        second: RouteName(provider: "videogen", operation: "sound_effect"),
        request: request { $0.duration = 1 },
        calls: [.create, .poll, .asset, .callback],
        refusals: musicGPTRefusals,
        pollRefusals: musicGPTPollRefusals
    )

    static let musicGPTMusic = Subject(
        route: RouteName(provider: "musicgpt", operation: "music"),
        second: RouteName(provider: "elevenlabs", operation: "music"),
        request: request(.music) { $0.duration = 3 },
        calls: [.create, .poll, .asset, .callback],
        refusals: musicGPTRefusals,
        pollRefusals: musicGPTPollRefusals
    )

    // MARK: The Suno family

    /// The table on the pages of sunoapi.org and apibox.
    private static let pageRefusals: [Refusal: Failure.Code?] = [
        400: .providerRejected, 401: .providerAuth, 404: .providerRejected,
        // The pace, and not the method.
        405: .rateLimited,
        413: .promptTooLong,
        // The account's balance, and not the pace.
        429: .insufficientCredits,
        430: .rateLimited, 455: .providerUnavailable, 500: nil,
    ]

    private static let pagePollRefusals: [Refusal: Failure.Code?] = [
        401: .providerAuth, 404: .providerRejected, 422: .providerRejected, 405: nil, 429: nil, 430: nil,
        455: nil, 500: nil,
    ]

    private static let familyCalls: Set<Call> = [.create, .poll, .asset, .lyrics, .credits, .callback]

    static let sunoapi = Subject(
        route: RouteName(provider: "sunoapi", operation: "sounds"),
        second: RouteName(provider: "kie", operation: "sounds"),
        request: request(),
        calls: familyCalls,
        refusals: pageRefusals,
        pollRefusals: pagePollRefusals
    )

    static let apibox = Subject(
        route: RouteName(provider: "apibox", operation: "sounds"),
        second: RouteName(provider: "sunoapi", operation: "sounds"),
        request: request(),
        calls: familyCalls,
        refusals: pageRefusals,
        pollRefusals: pagePollRefusals
    )

    static let kie = Subject(
        route: RouteName(provider: "kie", operation: "sounds"),
        second: RouteName(provider: "sunoapi", operation: "sounds"),
        request: request(),
        calls: familyCalls,
        refusals: [
            400: .providerRejected, 401: .providerAuth, 402: .insufficientCredits, 404: .providerRejected,
            409: .providerRejected, 422: .providerRejected, 429: .rateLimited, 433: .rateLimited,
            451: .providerRejected, 455: .providerUnavailable, 500: nil, 501: nil, 505: .providerRejected,
        ],
        pollRefusals: [
            401: .providerAuth, 404: .providerRejected, 422: .providerRejected, 429: nil, 433: nil, 455: nil,
            500: nil,
        ]
    )

    // MARK: VideoGen

    static let videoGen = Subject(
        route: RouteName(provider: "videogen", operation: "sound_effect"),
        second: RouteName(provider: "sunoapi", operation: "sounds"),
        request: request(),
        calls: [.create, .poll, .cancel, .file, .asset, .registration, .callback],
        refusals: [
            400: .providerRejected, 401: .providerAuth, "missing_api_key": .providerAuth,
            402: .insufficientCredits,
            // The status of this word is not documented: it is told by the word.
            "insufficient_credits": .insufficientCredits, 403: .insufficientCredits,
            404: .providerRejected, 429: .rateLimited, 500: nil,
        ],
        pollRefusals: [
            401: .providerAuth, 404: .providerRejected, "invalid_id": .providerRejected, 400: nil, 429: nil,
            500: nil,
        ]
    )

    // MARK: ElevenLabs

    private static let elevenLabsRefusals: [Refusal: Failure.Code?] = [
        "needs_authorization": .providerAuth, "invalid_api_key": .providerAuth,
        "missing_permissions": .providerAuth,
        // With status 401, of all numbers.
        "quota_exceeded": .insufficientCredits,
        "max_character_limit_exceeded": .promptTooLong, "too_many_concurrent_requests": .rateLimited,
        "system_busy": .providerUnavailable, "bad_prompt": .contentPolicy,
        "output_format_not_allowed": .providerAuth, 422: .providerRejected, "internal_server_error": nil,
    ]

    static let elevenLabsSound = Subject(
        route: RouteName(provider: "elevenlabs", operation: "sound_effect"),
        second: RouteName(provider: "sunoapi", operation: "sounds"),
        request: request(),
        calls: [.create, .credits],
        refusals: elevenLabsRefusals
    )

    static let elevenLabsMusic = Subject(
        route: RouteName(provider: "elevenlabs", operation: "music"),
        second: RouteName(provider: "musicgpt", operation: "music"),
        request: request(.music) { $0.duration = 3 },
        calls: [.create, .credits],
        refusals: elevenLabsRefusals
    )
}
