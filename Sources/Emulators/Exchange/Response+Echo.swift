import HTTP
import HTTPServer
import JSON

extension Response {
    /// The same answer by a server that repeats in its words what it was asked: every field, the credentials included, and
    /// the body.
    ///
    /// Some do, above all those that print their own exceptions. What a gateway keeps of such an answer must hold no key.
    func echoing(_ call: VendorCall) -> Response {
        let fields = call.request.fields.map { "\($0.name): \($0.value)" }.joined(separator: ", ")
        let echo = "\(fields) | \(String(decoding: call.body, as: UTF8.self))"
        var response = self
        response.fields["X-Debug-Authorization"] =
            call.request.fields["Authorization"] ?? call.request.fields["xi-api-key"]
        guard case .bytes(let bytes) = body else { return response }
        do throws(JSONError) {
            response.body = .bytes(try JSONValue(parsing: bytes).saying(echo).serialized())
        } catch {
            response.body = .bytes(bytes + Array("<pre>\(echo)</pre>".utf8))
        }
        return response
    }
}

extension JSONValue {
    /// What in an answer is text that a gateway may keep, show or log.
    private static let texts: Set = [
        "msg", "message", "detail", "error", "code", "status", "title", "lyrics", "errorMessage",
    ]

    /// The same document with these words behind each text in it.
    fileprivate func saying(_ words: String) -> JSONValue {
        if case .array(let items) = self { return .array(items.map { $0.saying(words) }) }
        guard case .object(let object) = self else { return self }
        var spoken = JSONObject()
        for member in object {
            if Self.texts.contains(member.key), let text = member.value.string {
                spoken.append(member.key, .string("\(text) (\(words))"))
            } else {
                spoken.append(member.key, member.value.saying(words))
            }
        }
        return .object(spoken)
    }
}
