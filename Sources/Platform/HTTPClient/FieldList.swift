import CCurl
import HTTP

/// The request's fields as libcurl wants them: a `curl_slist`, freed when it goes out of scope.
@safe
struct FieldList: ~Copyable {
    private(set) var head: UnsafeMutablePointer<curl_slist>?

    init(_ request: UpstreamRequest) throws(TransportFailure) {
        for field in request.fields {
            guard Self.isSendable(field) else {
                throw TransportFailure(
                    .notSent,
                    .badRequest,
                    "the field \(field.name.prefix(40)) cannot be sent"
                )
            }
            // An empty value needs a semicolon: with a colon libcurl takes it for the order to drop the field.
            try append(field.value.isEmpty ? "\(field.name);" : "\(field.name): \(field.value)")
        }
        // No waiting for `100 Continue`, which libcurl would do before long bodies, and no content type that nobody
        // gave, which libcurl would make a form's.
        if let body = request.body, body.count > 1 << 16 { try append("Expect:") }
        if !request.method.isSafe || request.body != nil, !request.fields.contains("content-type") {
            try append("Content-Type:")
        }
    }

    deinit { unsafe curl_slist_free_all(head) }

    private mutating func append(_ line: String) throws(TransportFailure) {
        guard let list = unsafe curl_slist_append(head, line) else {
            throw TransportFailure(.notSent, .unavailable, "out of memory")
        }
        unsafe head = list
    }

    /// What the client writes itself: framing and the connection are not the caller's.
    private static let reserved = ["host", "content-length", "transfer-encoding", "connection", "expect"]

    private static func isSendable(_ field: Fields.Field) -> Bool {
        !field.name.isEmpty && field.name.utf8.allSatisfy(ByteClass.token.contains)
            // A line break in a value would be a second field: libcurl sends what it is given.
            && field.value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
            && !reserved.contains { field.name.equalsIgnoringASCIICase($0) }
    }
}
