package import HTTP

/// Why a request is refused; the connection is closed after the answer.
package struct ParseFailure: Error, Hashable, Sendable {
    package let status: Status
    /// For a person; never quotes the request.
    package let reason: String

    init(_ status: Status, _ reason: String) {
        self.status = status
        self.reason = reason
    }

    static func malformed(_ reason: String) -> ParseFailure { ParseFailure(.badRequest, reason) }
}
