import Glibc
import Threads

/// A port of loopback that is known before anybody listens there, and that nobody else is given meanwhile.
///
/// The socket that keeps it never listens: a server of ours may have the port beside it, because all of them share.
final class LoopbackPort: Sendable {
    let number: Int
    private let descriptor: Int32

    /// Where a server at the port is reached.
    var origin: String { "http://127.0.0.1:\(number)" }

    /// Takes any port that is free.
    init() throws(SystemError) {
        let socket = try retryingSystemCall("socket") {
            Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        }
        descriptor = socket
        var one: Int32 = 1
        for option in [SO_REUSEADDR, SO_REUSEPORT] {
            setsockopt(socket, SOL_SOCKET, option, &one, socklen_t(MemoryLayout<Int32>.size))
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) { place in
            place.withMemoryRebound(to: sockaddr.self, capacity: 1) { name in
                bind(socket, name, size) == 0 && getsockname(socket, name, &size) == 0 ? 0 : errno
            }
        }
        number = Int(UInt16(bigEndian: address.sin_port))
        guard code == 0 else {
            close(socket)
            throw SystemError("bind", subject: "127.0.0.1", code: code)
        }
    }

    deinit { close(descriptor) }
}
