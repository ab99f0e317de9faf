/// The version of HTTP/1 a message was sent with.
package enum Version: Sendable, Hashable, CustomStringConvertible {
    case http10
    case http11

    package var description: String {
        switch self {
        case .http10: "HTTP/1.0"
        case .http11: "HTTP/1.1"
        }
    }
}
