package import HTTP

/// An answer: status, fields and a body that the connection frames.
///
/// `Content-Length`, `Transfer-Encoding`, `Connection` and `Date` are the connection's business: what a handler puts
/// there is ignored, except that `Connection: close` closes.
package struct Response: Sendable {
    package var status: Status
    package var fields: Fields
    package var body: ResponseBody
    /// The pattern of the route that answered, for logs and metrics; set by the router.
    package var route: String?

    /// An answer by its parts.
    package init(_ status: Status, fields: Fields = [:], body: ResponseBody = .none) {
        self.status = status
        self.fields = fields
        self.body = body
    }

    /// An answer with bytes of a media type.
    package init(_ status: Status, contentType: String, _ bytes: [UInt8], fields: Fields = [:]) {
        self.init(status, fields: fields, body: .bytes(bytes))
        self.fields["Content-Type"] = contentType
    }

    /// An answer in plain text.
    package init(_ status: Status, text: String) {
        self.init(status, contentType: "text/plain; charset=utf-8", Array(text.utf8))
    }

    /// The whole body in memory, for tests and calls within the process.
    ///
    /// - Throws: what the body's stream throws, or `SystemError` of a file.
    package func collectBody() async throws -> [UInt8] {
        switch body {
        case .none: return []
        case .cut: throw BodyError.disconnected
        case .bytes(let bytes): return bytes
        case .file(let file): return try file.bytes()
        case .stream(let produce), .measured(_, let produce):
            let collected = Collector()
            try await produce(BodyWriter { collected.append($0) })
            return collected.bytes
        }
    }
}

/// What an answer carries.
package enum ResponseBody: Sendable {
    /// Nothing; `Content-Length: 0` where the status allows content.
    case none
    case bytes([UInt8])
    case file(FileBody)
    /// Bytes as they come: chunked to HTTP/1.1 clients, ended by closing for HTTP/1.0.
    ///
    /// The closure runs in the connection's task once the head is sent. When it throws, the connection is cut so that
    /// the client can tell the body is not whole.
    case stream(@Sendable (BodyWriter) async throws -> Void)
    /// Bytes as they come whose number is known: sent with `Content-Length`, otherwise like a stream.
    ///
    /// When the closure ends with other than so many, the connection is cut.
    case measured(Int64, @Sendable (BodyWriter) async throws -> Void)
    /// No answer: the connection is closed without a byte of one. For doubles of peers that fail.
    case cut
}

/// Takes the pieces of a streamed body.
package struct BodyWriter: Sendable {
    private let sink: @Sendable ([UInt8]) async throws -> Void

    init(_ sink: @escaping @Sendable ([UInt8]) async throws -> Void) {
        self.sink = sink
    }

    /// Sends bytes at once, and waits while the client is behind by more than a buffer.
    ///
    /// - Throws: `BodyError.disconnected` when the client is gone.
    package func write(_ bytes: [UInt8]) async throws {
        guard !bytes.isEmpty else { return }
        try await sink(bytes)
    }

    /// Sends text as UTF-8.
    package func write(_ text: String) async throws {
        try await write(Array(text.utf8))
    }
}

/// Answers one request; what it may throw has become a response by here.
package typealias Handler = @Sendable (Request) async -> Response

/// Turns a problem into the bytes of an answer.
package typealias ProblemRenderer = @Sendable (ProblemDetails) -> (contentType: String, bytes: [UInt8])

/// Renders a problem as a line of plain text.
package let plainProblem: ProblemRenderer = { problem in
    let text = problem.title + (problem.detail.map { ": " + $0 } ?? "") + "\n"
    return ("text/plain; charset=utf-8", Array(text.utf8))
}
