/// Where a server listens.
package enum ListenAddress: Hashable, Sendable, CustomStringConvertible {
    /// A host name or address (IPv6 without brackets) and a port; port 0 lets the system choose.
    case tcp(host: String, port: UInt16)
    /// A Unix socket at a path.
    case unix(path: String)

    package var description: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }

    /// The TCP port, if there is one.
    package var port: UInt16? {
        if case .tcp(_, let port) = self { return port }
        return nil
    }
}
