/// Makes calls to HTTP servers: what everything above depends on, and `HTTPClient` is.
///
/// Tests stand in for it where a call has to fail at a certain point.
package protocol HTTPTransport: Sendable {
    /// Makes a call and returns its whole answer, whatever the status.
    ///
    /// Cancelling the task ends the call at once with reason `cancelled`.
    func send(_ request: UpstreamRequest) async throws(TransportFailure) -> UpstreamResponse

    /// Makes a call and hands the answer's content to `sink` as it comes; the answer that is returned has no body.
    func download(
        _ request: UpstreamRequest,
        to sink: some ByteSink
    ) async throws(TransportFailure) -> UpstreamResponse
}

extension HTTPClient: HTTPTransport {}
