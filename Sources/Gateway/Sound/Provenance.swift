/// Which request a task came with, so that whatever is done for it later, and by whichever process, can be found by that.
package struct Provenance: Sendable, Equatable {
    /// The id of the request.
    package var requestID: String
    /// Where what is done for the task belongs, as W3C trace context has it.
    ///
    /// Where its trace is recorded, this names the task's own span; else it is as it came with the request.
    package var traceparent: String
    /// The span of the request, 16 hexadecimal digits, where it is recorded.
    package var parent: String?
    /// What came with the trace for others, as it came.
    package var tracestate: String?

    /// Where a task came from.
    package init(requestID: String, traceparent: String, parent: String? = nil, tracestate: String? = nil) {
        self.requestID = requestID
        self.traceparent = traceparent
        self.parent = parent
        self.tracestate = tracestate
    }
}
