import HTTP
import HTTPServer
import JSON

/// Why a call is answered otherwise than with success; the number depends on the host.
enum SunoRefusal: Error, Sendable {
    case missing(String)
    case malformed(String)
    case tooLong, noKey, noCredits, noTask, noPath
    /// A code that a fault names.
    case scripted(Int)
}

extension Response {
    /// The vendor's envelope around an answer that is good.
    static func sunoSuccess(_ data: JSONValue) -> Response {
        let body: JSONValue = ["code": 200, "msg": "success", "data": data]
        return Response(.ok, contentType: "application/json", body.serialized())
    }

    /// The envelope around a refusal, under HTTP status 200 unless the true one is wanted.
    static func sunoRefusal(_ code: Int, _ message: String, trueStatus: Bool) -> Response {
        let body: JSONValue = ["code": JSONValue(code), "msg": .string(message), "data": .null]
        let status = trueStatus ? Status(min(max(code, 400), 599)) : .ok
        return Response(status, contentType: "application/json", body.serialized())
    }
}
