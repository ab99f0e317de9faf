import HTTP
import HTTPServer

/// Ends a streamed body before its end, which cuts the connection.
private struct Cut: Error {}

extension Response {
    /// No answer: the connection is cut before a byte of one.
    static let dropped = Response(.ok, body: .cut)

    /// The same answer, cut after half of its body.
    ///
    /// - Throws: when the body's file cannot be read.
    func halved() async throws -> Response {
        let bytes = try await collectBody()
        let half = Array(bytes.prefix(bytes.count / 2))
        var response = self
        response.body = .stream { writer in
            try await writer.write(half)
            throw Cut()
        }
        return response
    }

    /// What a web server in front says when the application behind it does not answer.
    static let badGateway = Response(
        .badGateway,
        contentType: "text/html",
        Array(
            """
            <html>\r
            <head><title>502 Bad Gateway</title></head>\r
            <body><center><h1>502 Bad Gateway</h1></center><hr><center>nginx</center></body>\r
            </html>\r

            """.utf8
        )
    )
}
