import HTTP
import HTTPServer
import JSON

/// Why a call is answered otherwise than with success.
struct VideoGenRefusal: Error, Sendable {
    let status: Int
    /// The vendor's word.
    let code: String
    let message: String

    init(_ status: Int, _ code: String, _ message: String) {
        self.status = status
        self.code = code
        self.message = message
    }

    static let missingKey = VideoGenRefusal(401, "missing_api_key", "An API key is required.")
    static let invalidKey = VideoGenRefusal(401, "invalid_api_key", "The API key is not valid.")
    static let invalidID = VideoGenRefusal(400, "invalid_id", "The id is malformed.")
    /// The word is a guess; the status is documented.
    static let notFound = VideoGenRefusal(404, "not_found", "There is nothing with this id.")

    static func invalid(_ message: String) -> VideoGenRefusal {
        VideoGenRefusal(400, "invalid_parameters", message)
    }

    /// The word is documented, its status is not.
    static func noCredits(_ status: Int) -> VideoGenRefusal {
        VideoGenRefusal(status, "insufficient_credits", "The account has too few credits left.")
    }

    /// The refusal that a fault asks for by status, by word, or by both.
    ///
    /// The words of statuses 404, 429 and 500 are a guess.
    static func scripted(code: Int?, word: String?) -> VideoGenRefusal {
        let usual = [
            (400, "invalid_parameters"), (400, "invalid_id"), (401, "invalid_api_key"),
            (401, "missing_api_key"), (402, "insufficient_credits"), (403, "insufficient_credits"),
            (404, "not_found"), (429, "rate_limit_exceeded"), (500, "internal_error"),
        ]
        let status = code ?? usual.first { $0.1 == word }?.0 ?? 400
        let word = word ?? usual.first { $0.0 == status }?.1 ?? "error_\(status)"
        return VideoGenRefusal(min(max(status, 400), 599), word, "The request was refused: \(word).")
    }

    var response: Response {
        let body: JSONValue = ["message": .string(message), "code": .string(code)]
        var response = Response(Status(status), contentType: "application/json", body.serialized())
        if status == 429 { response.fields["Retry-After"] = "30" }
        return response
    }
}
