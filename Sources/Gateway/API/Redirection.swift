import HTTP
package import HTTPServer

/// The answers of a plain port: where the same is to be had by HTTPS.
///
/// Only to hosts that are ours, or anybody who can make a browser send a `Host` of his choice (or a cache keep an answer to
/// one) would have us send people to him.
package struct Redirection: Sendable {
    private let publicURL: HTTPURL?
    private let port: UInt16
    private let isOurs: @Sendable (String) -> Bool

    /// Redirects to a listener.
    ///
    /// - Parameters:
    ///   - port: where the listener is.
    ///   - publicURL: what clients call; its host is ours, and goes to the very port that it names.
    ///   - isOurs: whether a host, a name or an address without brackets, is ours.
    package init(port: UInt16, publicURL: String?, isOurs: @escaping @Sendable (String) -> Bool) {
        self.port = port
        self.publicURL = publicURL.flatMap { HTTPURL($0) }.flatMap { $0.scheme == .https ? $0 : nil }
        self.isOurs = isOurs
    }

    /// Where a request should have gone, 308; 421 for a host that is not ours, 400 for none.
    package func response(to request: Request) -> Response {
        var response = answer(to: request)
        // Whatever body comes is not wanted, and nothing else is to be had here.
        response.fields["Connection"] = "close"
        return response
    }

    private func answer(to request: Request) -> Response {
        guard let text = request.head.authority, let asked = Authority(text) else {
            return Response(
                .badRequest,
                text: "This port only redirects to HTTPS, and the request names no host.\n"
            )
        }
        let target = request.target == .asterisk ? "" : request.target.description
        let origin: String
        if let publicURL, publicURL.host == asked.host {
            origin = publicURL.origin
        } else if isOurs(asked.host.hasPrefix("[") ? String(asked.host.dropFirst().dropLast()) : asked.host) {
            origin = "https://\(asked.host)\(port == 443 ? "" : ":\(port)")"
        } else {
            return Response(
                .misdirectedRequest,
                text: "This port only redirects to HTTPS, and not for this host.\n"
            )
        }
        return Response(
            .permanentRedirect,
            contentType: "text/plain; charset=utf-8",
            Array("See \(origin)\(target)\n".utf8),
            fields: ["Location": origin + target]
        )
    }
}
