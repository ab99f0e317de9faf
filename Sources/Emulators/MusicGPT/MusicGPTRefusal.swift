import HTTP
import HTTPServer
import JSON

/// Why a call is answered otherwise than with success.
enum MusicGPTRefusal: Error, Sendable {
    case noKey, noCredits, noConversion, noPath
    /// What is wrong with a request, in a sentence.
    case invalid(String)
    /// Too many at a time or in a minute, and after how many seconds to come back.
    case tooMany(String, retryAfter: Int)
    /// A status that a fault names.
    case scripted(Int, retryAfter: Int?)

    var status: Int {
        switch self {
        case .noKey: 401
        case .noCredits: 402
        case .noConversion, .noPath: 404
        case .invalid: 422
        case .tooMany: 429
        case .scripted(let code, _): code
        }
    }

    /// The body, in the form that is documented or seen for its status.
    func body(_ settings: MusicGPTSettings) -> JSONObject {
        switch self {
        // The vendor's own client reads `detail` and `message` here, and no `error`.
        case .noKey, .scripted(401, _): ["detail": "Invalid API key"]
        case .noCredits, .scripted(402, _):
            settings.hasObservedCreditRefusal
                ? ["success": false, "message": "INSUFFICIENT FUNDS"]
                : ["success": false, "error": "Insufficient credit balance"]
        case .noConversion: ["success": false, "error": "Conversion not found"]
        case .noPath: ["success": false, "error": "Not Found"]
        case .invalid(let complaint): ["success": false, "error": .string(complaint)]
        case .tooMany(let complaint, let seconds):
            // `retry_after` is seen in a client, not documented.
            ["success": false, "error": .string(complaint), "retry_after": JSONValue(seconds)]
        case .scripted(let code, let seconds): scripted(code, seconds)
        }
    }

    private func scripted(_ code: Int, _ seconds: Int?) -> JSONObject {
        let words = [
            400: "Bad request", 403: "Forbidden", 404: "Not found", 409: "Conflict", 422: "Validation error",
            429: "Too many requests", 500: "Internal Server Error",
        ]
        var body: JSONObject = ["success": false, "error": .string(words[code] ?? "Error \(code)")]
        if let seconds { body["retry_after"] = JSONValue(seconds) }
        return body
    }
}

extension Response {
    /// An answer of the vendor, which uses HTTP's own statuses.
    static func musicGPT(_ status: Status, _ body: JSONObject) -> Response {
        Response(status, contentType: "application/json", JSONValue.object(body).serialized())
    }
}
