package import HTTP
package import HTTPClient

/// Carries callbacks over the network.
package struct ClientCarrier: CallbackCarrier {
    /// As long as the Suno family waits for an answer, which is documented; other vendors say nothing.
    ///
    /// Not divided by the doubles' speed: the one who answers is not emulated.
    private static let patience: Duration = .seconds(15)

    private let client: HTTPClient

    /// Carries with a client, which must outlive the doubles.
    package init(_ client: HTTPClient) { self.client = client }

    /// Posts over HTTP/1.1 without following redirects.
    package func carry(_ body: [UInt8], to url: String, _ fields: Fields) async -> CallbackReply {
        let request = UpstreamRequest(
            .post,
            url,
            fields: fields,
            body: body,
            timeouts: UpstreamRequest.Timeouts(total: ClientCarrier.patience),
            maximumBytes: 64 << 10,
            protocols: .http11
        )
        do throws(TransportFailure) {
            return .answered(try await client.send(request).status.code)
        } catch {
            return .failed(error.message)
        }
    }
}
