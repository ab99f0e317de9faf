import HTTPServer
import HTTP
import JSON

/// Why a call is answered otherwise than with audio.
enum ElevenLabsRefusal: Error, Sendable {
    /// One of the vendor's status words, with whatever goes along.
    case status(String, data: JSONObject? = nil)
    /// What is wrong with the call's members, as the vendor's web framework says it.
    case invalid([Problem])
    /// A code that a fault names, without a word for it.
    case code(Int)

    /// One thing that is wrong, and where.
    struct Problem: Sendable {
        let location: [String]
        let message: String
        let type: String

        var json: JSONValue {
            [
                "loc": .array(location.map { .string($0) }), "msg": .string(message), "type": .string(type),
            ]
        }
    }

    /// The vendor's words: the HTTP status and the sentence.
    ///
    /// Statuses are documented or seen, except that of the last four, which is a guess.
    private static let words: [String: (Int, String)] = [
        "needs_authorization": (
            401, "Neither authorization header nor xi-api-key received, please provide one."
        ),
        "invalid_api_key": (401, "Invalid API key"),
        "missing_permissions": (
            401, "The API key you used is missing a permission to execute this operation."
        ),
        "quota_exceeded": (401, "This request exceeds your quota."),
        "max_character_limit_exceeded": (400, "The text is longer than this operation takes."),
        "too_many_concurrent_requests": (429, "Too many concurrent requests for your subscription."),
        "system_busy": (429, "We are experiencing heavy traffic. Please try again in a few moments."),
        "bad_prompt": (400, "The prompt violates the terms of service. Please try another one."),
        "bad_composition_plan": (400, "The composition plan violates the terms of service."),
        "output_format_not_allowed": (403, "Your subscription does not include this output format."),
        "internal_server_error": (500, "Something went wrong on our side."),
    ]

    /// The word that usually comes with a code.
    private static let usual = [
        400: "max_character_limit_exceeded", 401: "invalid_api_key", 403: "output_format_not_allowed",
        429: "too_many_concurrent_requests", 500: "internal_server_error",
    ]

    /// The refusal that a fault asks for by code, by word, or by both.
    static func scripted(code: Int?, word: String?) -> (code: Int, refusal: ElevenLabsRefusal) {
        if let word { return (code ?? words[word]?.0 ?? 400, .status(word, data: suggestion(for: word))) }
        return (code ?? 500, .code(code ?? 500))
    }

    /// What the vendor offers in place of what it does not make (documented).
    private static func suggestion(for word: String) -> JSONObject? {
        switch word {
        case "bad_prompt": ["prompt_suggestion": "A calm instrumental piece with soft piano"]
        case "bad_composition_plan": ["composition_plan_suggestion": ["sections": []]]
        default: nil
        }
    }

    var code: Int {
        switch self {
        case .status(let word, _): ElevenLabsRefusal.words[word]?.0 ?? 400
        case .invalid: 422
        case .code(let code): code
        }
    }

    /// For the call log.
    var outcome: String {
        switch self {
        case .status(let word, _): word
        case .invalid: "invalid"
        case .code(let code): "code \(code)"
        }
    }

    private var detail: JSONValue {
        switch self {
        case .invalid(let problems): return .array(problems.map(\.json))
        case .code(422): return [["loc": ["body"], "msg": "Input should be valid", "type": "value_error"]]
        case .code(let code):
            let word = ElevenLabsRefusal.usual[code] ?? "error_\(code)"
            return ElevenLabsRefusal.status(word).detail
        case .status(let word, let data):
            var detail: JSONObject = ["status": .string(word)]
            detail["message"] = .string(ElevenLabsRefusal.words[word]?.1 ?? "Request refused.")
            if let data { detail["data"] = .object(data) }
            return .object(detail)
        }
    }

    /// The answer, under a status that a fault may force.
    func response(_ forced: Int? = nil) -> Response {
        Response(
            Status(min(max(forced ?? code, 400), 599)),
            contentType: "application/json",
            JSONValue.object(["detail": detail]).serialized()
        )
    }
}
