import Glibc
import Threads

/// A wire between a pool and a server, which a test can make worse.
///
/// Listens on a Unix socket in a folder of its own, and passes bytes on both ways.
package final class PostgresWire: Sendable {
    private struct State {
        var isDeafening = false
        var isClosed = false
        var descriptors: [Int32] = []
    }

    /// The folder of its socket, for a URL's `host`.
    package let folder: String
    private let listener: Int32
    private let target: String
    private let state = Guarded(State())

    /// A wire to a server.
    package init(to server: PostgresServer) throws {
        var template = Array("/tmp/soundgate-wire-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError("mkdtemp") }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        target = "\(server.folder)/.s.PGSQL.\(server.port ?? 5432)"
        listener = try Self.socket()
        let listener = listener
        try Self.withAddress("\(folder)/.s.PGSQL.5432") { address, length in
            try retryingSystemCall("bind") { bind(listener, address, length) }
        }
        try retryingSystemCall("listen") { listen(listener, 16) }
        // Nobody joins it: it ends with the listener.
        _ = try Thread(name: "wire") { [weak self] in
            while case let client = accept(listener, nil, nil), client >= 0 {
                guard let self else { return }
                self.connect(client)
            }
        }
    }

    deinit {
        cut()
        // Only that ends the thread in `accept`.
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
        unlink("\(folder)/.s.PGSQL.5432")
        rmdir(folder)
    }

    /// The URL of a database of that server, over this wire.
    package func url(_ database: String) -> String {
        "postgresql:///\(database)?host=\(folder)&user=postgres"
    }

    /// From now on what the server answers gets lost; what is said to it does not.
    package func swallowAnswers() { state.withLock { $0.isDeafening = true } }

    /// Cuts every connection; later ones are as good as new.
    package func cut() {
        state.withLock { state in
            for descriptor in state.descriptors { shutdown(descriptor, Int32(SHUT_RDWR)) }
            state.descriptors = []
            state.isDeafening = false
        }
    }

    private func connect(_ client: Int32) {
        do {
            let server = try Self.socket()
            try Self.withAddress(target) { address, length in
                try retryingSystemCall("connect") { Glibc.connect(server, address, length) }
            }
            state.withLock { $0.descriptors += [client, server] }
            let back = try Thread(name: "wire-back") { [weak self] in
                Self.pass(server, client) { self?.state.withLock { $0.isDeafening } ?? true }
            }
            _ = try Thread(name: "wire-forth") { [weak self] in
                Self.pass(client, server) { false }
                back.join()
                self?.state.withLock { $0.descriptors.removeAll { $0 == client || $0 == server } }
                close(client)
                close(server)
            }
        } catch {
            close(client)
        }
    }

    /// Passes bytes on until one side has ended, and then ends the other.
    private static func pass(_ from: Int32, _ to: Int32, _ swallows: () -> Bool) {
        var part = [UInt8](repeating: 0, count: 16 << 10)
        while case let count = read(from, &part, part.count), count > 0 {
            if swallows() { continue }
            var sent = 0
            while sent < count {
                let more = send(to, Array(part[sent..<count]), count - sent, Int32(MSG_NOSIGNAL))
                guard more > 0 else { break }
                sent += more
            }
            if sent < count { break }
        }
        shutdown(from, Int32(SHUT_RDWR))
        shutdown(to, Int32(SHUT_RDWR))
    }

    private static func socket() throws(SystemError) -> Int32 {
        try retryingSystemCall("socket") {
            Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        }
    }

    private static func withAddress(
        _ path: String,
        _ body: (UnsafePointer<sockaddr>, socklen_t) throws -> Void
    ) throws {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8) + [0]) }
        try withUnsafePointer(to: &address) { address in
            try address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                try body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
