/// Why a session cannot go on: the peer broke the rules, or wants what is not offered.
package struct TLSFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// In OpenSSL's words, for a log.
    package let reason: String
    /// Whether the peer began to speak HTTP without TLS.
    package let isPlainHTTP: Bool

    init(_ reason: String, isPlainHTTP: Bool = false) {
        self.reason = reason
        self.isPlainHTTP = isPlainHTTP
    }

    package var description: String { reason }
}
