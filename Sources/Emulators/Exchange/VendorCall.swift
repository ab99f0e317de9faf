import HTTP
import HTTPServer

/// A call to a double, with its body read and its fault drawn.
struct VendorCall: Sendable {
    let request: Request
    let body: [UInt8]
    /// When it came, since the start.
    let time: Duration
    /// What is to go wrong, as far as it is the vendor's own business.
    let fault: Fault?

    /// The key of a `Bearer` authorization; `nil` without one.
    var bearerKey: String? {
        guard let value = request.fields["Authorization"] else { return nil }
        let parts = value.split(separator: " ", omittingEmptySubsequences: true)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return String(parts[1])
    }

    /// Scheme, host and port under which the caller reached the double.
    var origin: String { "http://\(request.head.authority ?? "localhost")" }
}

/// What a double made of a call.
struct VendorAnswer: Sendable {
    var response: Response
    /// In a word or two, for the call log.
    var outcome: String
    /// The task that the call made or was about.
    var task: String?
}

/// What a call is about, as far as its target tells.
struct CallSubject: Sendable {
    /// The task's id as the caller spelled it.
    var task: String?
    /// Whether the task has its end already, or is none.
    var isDecided = true
}
