package import Configuration
import HTTP
package import HTTPServer

/// Who asks, where proxies stand between: the operator has named those that are believed.
package struct TrustedProxies: Sendable {
    private let ranges: [AddressRange]
    /// Whether whoever has connected to a Unix socket is one of them.
    private let includesLocal: Bool

    /// Believes whoever is in one of these blocks.
    package init(_ blocks: [AddressBlock]) {
        ranges = blocks.compactMap { AddressRange(address: $0.bytes, bits: $0.bits) }
        includesLocal = ranges.contains { $0.contains([127, 0, 0, 1]) }
    }

    /// The last address on a request's way that is no proxy's.
    ///
    /// Each proxy adds to `X-Forwarded-For` from whom it has the request, so the field is read from its end, and no
    /// further than to the first address that is not trusted: what stands before that anybody may have written. A member
    /// that is no address (`unknown`) ends it too.
    package func origin(of request: Request) -> PeerAddress {
        guard !ranges.isEmpty, trust(request.peer) else { return request.peer }
        var origin = request.peer
        for text in request.fields.members(of: "X-Forwarded-For").reversed() {
            guard let address = PeerAddress(text) else { break }
            origin = address
            guard trust(address) else { break }
        }
        return origin
    }

    private func trust(_ address: PeerAddress) -> Bool {
        guard address != .local else { return includesLocal }
        let bytes = address.bytes
        return ranges.contains { $0.contains(bytes) }
    }
}
