import CLinux
import Glibc
import Threads

/// A bound and listening descriptor, closed when it goes away; a Unix socket's file goes with it.
@safe final class ListeningSocket: Sendable {
    private struct FileIdentity: Equatable {
        let device: dev_t
        let inode: ino_t
    }

    let descriptor: Int32
    /// What it is bound to, with the port that the system chose.
    let address: ListenAddress
    private let file: FileIdentity?

    private init(_ descriptor: Int32, _ address: ListenAddress, file: FileIdentity? = nil) {
        self.descriptor = descriptor
        self.address = address
        self.file = file
    }

    deinit {
        close(descriptor)
        guard case .unix(let path) = address, file == ListeningSocket.identity(of: path) else { return }
        // Only the file we made: another program may have put its own in the place.
        unsafe unlink(path)
    }

    // MARK: TCP

    /// Binds one socket per loop to every address of the host; the kernel spreads connections over them.
    static func tcp(host: String, port: UInt16, count: Int) throws(SystemError) -> [[ListeningSocket]] {
        var groups: [[ListeningSocket]] = []
        for address in try SocketAddress.resolve(host, port: port) {
            // With SO_REUSEPORT a second gateway could share our port unnoticed. A probe without it cannot.
            if port != 0 { close(try bound(address, host, reusePort: false)) }
            var target = address
            var group: [ListeningSocket] = []
            for _ in 0..<count {
                let descriptor = try bound(target, host, reusePort: true)
                let name = try listen(descriptor, host)
                target = address.withPort(name.port)
                group.append(ListeningSocket(descriptor, .tcp(host: name.host, port: name.port)))
            }
            groups.append(group)
        }
        return groups
    }

    private static func bound(_ address: SocketAddress, _ subject: String, reusePort: Bool)
        throws(SystemError) -> Int32
    {
        let descriptor = try open(address.family, subject)
        do throws(SystemError) {
            try enable(SOL_SOCKET, SO_REUSEADDR, on: descriptor)
            if reusePort { try enable(SOL_SOCKET, SO_REUSEPORT, on: descriptor) }
            if address.family == AF_INET6 { try enable(Int32(IPPROTO_IPV6), IPV6_V6ONLY, on: descriptor) }
            try bind(descriptor, address, subject)
            return descriptor
        } catch {
            close(descriptor)
            throw error
        }
    }

    private static func listen(_ descriptor: Int32, _ subject: String) throws(SystemError) -> PeerAddress {
        do throws(SystemError) {
            try retryingSystemCall("listen", subject: subject) { Glibc.listen(descriptor, 4096) }
            var name = SocketAddress()
            try retryingSystemCall("getsockname", subject: subject) {
                unsafe name.fill { unsafe getsockname(descriptor, $0, &$1) }
            }
            return name.peer
        } catch {
            close(descriptor)
            throw error
        }
    }

    // MARK: Unix

    /// Binds a Unix socket that owner and group may use; a file that nobody listens on any more is replaced.
    static func unix(path: String) throws(SystemError) -> ListeningSocket {
        let address = try SocketAddress(unixPath: path)
        let descriptor = try open(AF_UNIX, path)
        do throws(SystemError) {
            try removeStale(path, address)
            try bind(descriptor, address, path)
            // Before `listen`, so that nobody gets in with the rights the umask left.
            try retryingSystemCall("chmod", subject: path) { unsafe chmod(path, 0o660) }
            try retryingSystemCall("listen", subject: path) { Glibc.listen(descriptor, 4096) }
        } catch {
            close(descriptor)
            throw error
        }
        return ListeningSocket(descriptor, .unix(path: path), file: identity(of: path))
    }

    private static func removeStale(_ path: String, _ address: SocketAddress) throws(SystemError) {
        var status = stat()
        guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return }
        let probe = try open(AF_UNIX, path)
        defer { close(probe) }
        let result = unsafe address.with { unsafe connect(probe, $0, $1) }
        guard result == -1, errno == ECONNREFUSED else { return }
        try retryingSystemCall("unlink", subject: path) { unsafe unlink(path) }
    }

    private static func identity(of path: String) -> FileIdentity? {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return nil }
        return FileIdentity(device: status.st_dev, inode: status.st_ino)
    }

    // MARK: Calls

    private static func open(_ family: Int32, _ subject: String) throws(SystemError) -> Int32 {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        return try retryingSystemCall("socket", subject: subject) { socket(family, type, 0) }
    }

    private static func bind(_ descriptor: Int32, _ address: SocketAddress, _ subject: String)
        throws(SystemError)
    {
        try retryingSystemCall("bind", subject: subject) {
            unsafe address.with { unsafe Glibc.bind(descriptor, $0, $1) }
        }
    }

    private static func enable(_ level: Int32, _ option: Int32, on descriptor: Int32) throws(SystemError) {
        var one: Int32 = 1
        try retryingSystemCall("setsockopt") { unsafe setsockopt(descriptor, level, option, &one, 4) }
    }
}
