/// An error as RFC 9457 describes it to machines, with our own members `code`, `request_id` and `errors`.
///
/// A value only: upper floors turn it into JSON.
package struct ProblemDetails: Error, Hashable, Sendable {
    /// One thing wrong with one field of the request.
    package struct FieldError: Hashable, Sendable {
        package let field: String
        package let code: String
        package let message: String

        /// A field's problem: where, which kind, and what to do about it.
        package init(field: String, code: String, message: String) {
            self.field = field
            self.code = code
            self.message = message
        }
    }

    /// A URI for the kind of problem; `about:blank` when the status says it all.
    package var type: String
    package var title: String
    package var status: Status
    package var detail: String?
    /// Stable and machine-readable.
    package var code: String
    package var requestID: String?
    package var errors: [FieldError]

    /// A problem of this status; the title is the status' phrase unless given.
    package init(
        _ status: Status,
        code: String,
        detail: String? = nil,
        title: String? = nil,
        type: String = "about:blank",
        requestID: String? = nil,
        errors: [FieldError] = []
    ) {
        self.type = type
        self.title = title ?? status.reason
        self.status = status
        self.detail = detail
        self.code = code
        self.requestID = requestID
        self.errors = errors
    }
}
