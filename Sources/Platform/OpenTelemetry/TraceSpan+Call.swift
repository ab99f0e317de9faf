import HTTP
package import HTTPClient
package import Telemetry

/// How much of a URL a span may tell.
package enum URLShown: Sendable {
    /// All but the query, where vendors put signatures.
    case path
    /// Scheme, host and port: what others choose may have secrets anywhere else.
    case origin
}

/// Calls to others, by the semantic conventions for HTTP clients.
extension TraceSpan {
    /// Tells where a call goes.
    package func describe(_ request: UpstreamRequest, showing shown: URLShown) {
        self["http.request.method"] = .string(request.method.rawValue)
        describe(url: request.url, showing: shown)
    }

    /// Tells where something is.
    package func describe(url text: String, showing shown: URLShown) {
        guard let url = HTTPURL(text) else { return }
        self["server.address"] = .string(url.host)
        self["server.port"] = SpanValue(Int(url.port))
        self["url.full"] = .string(shown == .path ? url.origin + url.path : url.origin)
    }

    /// Tells how a call was answered.
    package func describe(status: Int) {
        self["http.response.status_code"] = SpanValue(status)
        if status >= 400 { fail("\(status)") }
    }

    /// Tells why a call was not answered.
    package func describe(_ failure: TransportFailure) {
        if let status = failure.status { self["http.response.status_code"] = SpanValue(status.code) }
        fail(failure.reason.word)
    }
}

extension TransportFailure.Reason {
    /// A word of few.
    package var word: String {
        switch self {
        case .badURL: "bad_url"
        case .badRequest: "bad_request"
        case .resolve: "resolve"
        case .connect: "connect"
        case .addressRefused: "address_refused"
        case .tls: "tls"
        case .timeout: "timeout"
        case .closed: "closed"
        case .truncated: "truncated"
        case .tooLarge: "too_large"
        case .malformed: "malformed"
        case .tooManyRedirects: "too_many_redirects"
        case .sink: "sink"
        case .cancelled: "cancelled"
        case .unavailable: "unavailable"
        }
    }
}
