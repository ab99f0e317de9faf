import CLinux
import Glibc
import Threads

/// A port that is bound and listening, with a full queue: a connection to it stays under way.
final class DeafPort: Sendable {
    let port: UInt16
    private let descriptors: [Int32]

    init() throws {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let listener = try retryingSystemCall("socket") { socket(AF_INET, kind, 0) }
        var descriptors = [listener]
        try withUnsafeMutablePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                try retryingSystemCall("bind") { bind(listener, address, length) }
                try retryingSystemCall("getsockname") { getsockname(listener, address, &length) }
                try retryingSystemCall("listen") { listen(listener, 0) }
                for _ in 0..<4 {
                    let client = try retryingSystemCall("socket") {
                        socket(AF_INET, kind | Int32(SOCK_NONBLOCK.rawValue), 0)
                    }
                    _ = connect(client, address, length)
                    descriptors.append(client)
                }
            }
        }
        port = UInt16(bigEndian: address.sin_port)
        self.descriptors = descriptors
    }

    deinit {
        for descriptor in descriptors { close(descriptor) }
    }
}
