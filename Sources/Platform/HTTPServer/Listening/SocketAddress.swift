import CLinux
import Glibc
import Threads

/// A socket address as the system calls take it.
@safe struct SocketAddress {
    private var storage = sockaddr_storage()
    private var length = socklen_t(MemoryLayout<sockaddr_storage>.size)

    var family: Int32 { Int32(storage.ss_family) }
    var peer: PeerAddress { PeerAddress(storage) }

    /// Room for an address that a system call fills in.
    init() {}

    /// The address of a Unix socket.
    init(unixPath path: String) throws(SystemError) {
        var address = sockaddr_un()
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path), !bytes.isEmpty, !bytes.contains(0)
        else {
            throw SystemError("bind", subject: path, code: ENAMETOOLONG)
        }
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
        unsafe withUnsafeMutableBytes(of: &storage) {
            unsafe $0.storeBytes(of: address, as: sockaddr_un.self)
        }
        length = socklen_t(MemoryLayout<sockaddr_un>.size)
    }

    /// The addresses of a host, each once; may block on a name server, so only at start.
    static func resolve(_ host: String, port: UInt16) throws(SystemError) -> [SocketAddress] {
        var hints = unsafe addrinfo()
        unsafe hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(host, String(port), &hints, &list)
        guard code == 0 else { throw SystemError("getaddrinfo", subject: host, code: EADDRNOTAVAIL) }
        defer { unsafe freeaddrinfo(list) }
        var found: [SocketAddress] = []
        var next = unsafe list
        while let entry = unsafe next {
            if let source = unsafe entry.pointee.ai_addr {
                var address = SocketAddress()
                address.length = unsafe entry.pointee.ai_addrlen
                unsafe withUnsafeMutableBytes(of: &address.storage) {
                    unsafe $0.copyMemory(
                        from: UnsafeRawBufferPointer(start: source, count: Int(address.length))
                    )
                }
                found.append(address)
            }
            unsafe next = entry.pointee.ai_next
        }
        return found
    }

    func with<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        unsafe withUnsafePointer(to: storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0, length) }
        }
    }

    mutating func fill<Result>(_ body: (UnsafeMutablePointer<sockaddr>, inout socklen_t) -> Result) -> Result
    {
        length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        var size = length
        defer { length = size }
        return unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0, &size) }
        }
    }

    /// The same address with another port; Unix sockets stay as they are.
    func withPort(_ port: UInt16) -> SocketAddress {
        var copy = self
        unsafe withUnsafeMutableBytes(of: &copy.storage) { bytes in
            // `sin_port` and `sin6_port` stand at the same place.
            guard family == AF_INET || family == AF_INET6 else { return }
            unsafe bytes.storeBytes(of: port.bigEndian, toByteOffset: 2, as: UInt16.self)
        }
        return copy
    }
}
