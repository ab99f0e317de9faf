import HTTP
import HTTPServer
import JSON

/// An answer of the vendor other than success: a code of its own table and a sentence.
struct SunoRefusal: Error, Sendable {
    let code: Int
    let message: String

    init(_ code: Int, _ message: String? = nil) {
        self.code = code
        self.message = message ?? SunoRefusal.documented[code] ?? "error \(code)"
    }

    /// The codes of the vendor's page, in its words.
    private static let documented = [
        400: "Invalid parameters",
        401: "Unauthorized access",
        404: "Invalid request method or path",
        405: "Rate limit exceeded",
        413: "Theme or prompt too long",
        422: "record is null",
        429: "Insufficient credits",
        430: "Your call frequency is too high. Please try again later.",
        455: "System maintenance",
        500: "Server error",
    ]

    /// The envelope, under HTTP status 200 unless the true one is wanted.
    func response(trueStatus: Bool) -> Response {
        let body: JSONValue = ["code": JSONValue(code), "msg": .string(message), "data": .null]
        let status = trueStatus ? Status(min(max(code, 400), 599)) : .ok
        return Response(status, contentType: "application/json", body.serialized())
    }
}

extension Response {
    /// The vendor's envelope around an answer that is good.
    static func sunoSuccess(_ data: JSONValue) -> Response {
        let body: JSONValue = ["code": 200, "msg": "success", "data": data]
        return Response(.ok, contentType: "application/json", body.serialized())
    }
}
