import CCurl
import HTTP

/// The hops of one call: each redirect is a new request that is checked like the first.
struct Itinerary {
    private(set) var request: UpstreamRequest
    private var hopsLeft: Int?

    init(_ request: UpstreamRequest) {
        self.request = request
        if case .follow(let max) = request.redirects, request.method == .get || request.method == .head {
            hopsLeft = max
        }
    }

    /// Turns `request` into the one for the next hop; `false` when the answer is the last.
    ///
    /// The target's address meets the request's policy when it is connected to, like any other.
    mutating func follow(_ status: Status, _ fields: Fields) throws(TransportFailure) -> Bool {
        guard let left = hopsLeft, [301, 302, 303, 307, 308].contains(status.code),
            let location = fields.values(for: "location").first
        else { return false }
        // These calls have no effect, so it matters little that an earlier hop has been sent.
        guard left > 0 else {
            throw TransportFailure(.unknown, .tooManyRedirects, "too many redirects", status: status)
        }
        guard let target = Self.resolve(location, against: request.url), let next = HTTPURL(target) else {
            throw TransportFailure(.unknown, .badURL, "redirected to no http or https URL", status: status)
        }
        if HTTPURL(request.url)?.origin != next.origin {
            request.fields = Fields(
                request.fields.filter { field in
                    Self.harmless.contains { $0.equalsIgnoringASCIICase(field.name) }
                }.map { ($0.name, $0.value) }
            )
            request.body = nil
            if case .only = request.trust { request.trust = .system }
        }
        request.url = target
        hopsLeft = left - 1
        return true
    }

    /// Fields that say what is wanted, not who wants it; vendors have too many names for credentials to list those.
    private static let harmless = [
        "accept", "accept-encoding", "accept-language", "if-match", "if-modified-since", "if-none-match",
        "if-range",
        "if-unmodified-since", "range", "user-agent",
    ]

    /// The absolute form of a reference (RFC 3986 section 5), without its fragment.
    @safe
    static func resolve(_ reference: String, against base: String) -> String? {
        guard let url = unsafe curl_url() else { return nil }
        defer { unsafe curl_url_cleanup(url) }
        guard unsafe curl_url_set(url, CURLUPART_URL, base, 0) == CURLUE_OK,
            // With a URL in place the next one is taken relative to it.
            unsafe curl_url_set(url, CURLUPART_URL, reference, 0) == CURLUE_OK,
            unsafe curl_url_set(url, CURLUPART_FRAGMENT, nil, 0) == CURLUE_OK
        else { return nil }
        var text: UnsafeMutablePointer<CChar>?
        guard unsafe curl_url_get(url, CURLUPART_URL, &text, 0) == CURLUE_OK, let text = unsafe text else {
            return nil
        }
        defer { unsafe curl_free(text) }
        return unsafe String(cString: text)
    }
}
