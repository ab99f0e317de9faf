import CLinux
import Glibc
import Threads

/// A raw TCP server that does to each connection exactly what a script says, and remembers what it was sent.
final class ScriptedPeer: Sendable {
    struct Request: Sendable, Equatable {
        let head: String
        let body: [UInt8]

        func field(_ name: String) -> String? {
            for line in head.split(separator: "\r\n").dropFirst() {
                let parts = line.split(separator: ":", maxSplits: 1)
                if parts.count == 2, parts[0].lowercased() == name.lowercased() {
                    return String(parts[1].drop { $0 == " " })
                }
            }
            return nil
        }
    }

    private struct Record {
        var requests: [Request] = []
        var connections = 0
    }

    let port: UInt16
    private let listener: Int32
    private let record = Guarded(Record())

    /// Listens on a free port of the loopback and runs `script` on a thread of its own for each connection, with the
    /// connection's number (from 1); a connection is closed when its script returns.
    init(_ script: @escaping @Sendable (Connection, Int) -> Void) throws {
        let listener = try retryingSystemCall("socket") {
            socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        }
        port = try Self.bind(listener)
        try retryingSystemCall("listen") { Glibc.listen(listener, 512) }
        self.listener = listener
        let record = record
        _ = try Thread(name: "peer") {
            // Closed by whoever uses it last: its number could be another peer's listener by the next `accept`.
            defer { Glibc.close(listener) }
            while true {
                let descriptor = accept4(listener, nil, nil, Int32(SOCK_CLOEXEC.rawValue))
                guard descriptor >= 0 else { return }
                let number = record.withLock { record in
                    record.connections += 1
                    return record.connections
                }
                let connection = Connection(descriptor) { request in
                    record.withLock { $0.requests.append(request) }
                }
                let isStarted =
                    (try? Thread(name: "peer-\(number)", stackBytes: 1 << 18) {
                        script(connection, number)
                        connection.close()
                    }) != nil
                if !isStarted { connection.close() }
            }
        }
    }

    /// Answers every request on every connection with the same bytes.
    convenience init(answering answer: String) throws {
        try self.init { connection, _ in
            while connection.readRequest() != nil { connection.send(answer) }
        }
    }

    deinit {
        // Ends the thread's `accept`, under way or next.
        shutdown(listener, Int32(SHUT_RDWR))
    }

    var url: String { "http://127.0.0.1:\(port)" }
    var requests: [Request] { record.withLock { $0.requests } }
    var connections: Int { record.withLock { $0.connections } }

    private static func bind(_ descriptor: Int32) throws -> UInt16 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        try withUnsafeMutablePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                try retryingSystemCall("bind") { Glibc.bind(descriptor, address, length) }
                try retryingSystemCall("getsockname") { getsockname(descriptor, address, &length) }
            }
        }
        return UInt16(bigEndian: address.sin_port)
    }

    /// A port of the loopback at which nobody listens.
    static func refusedPort() throws -> UInt16 {
        let descriptor = try retryingSystemCall("socket") { socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0) }
        defer { close(descriptor) }
        return try bind(descriptor)
    }
}

extension ScriptedPeer {
    /// The peer's end of a connection; its calls block, two minutes at most.
    final class Connection: Sendable {
        private let descriptor: Int32
        private let record: @Sendable (Request) -> Void
        private let isClosed = Guarded(false)

        fileprivate init(_ descriptor: Int32, _ record: @escaping @Sendable (Request) -> Void) {
            self.descriptor = descriptor
            self.record = record
            var limit = timeval(tv_sec: 120, tv_usec: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
            setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        }

        /// The next request with its body (`Content-Length` only); `nil` at the end of the stream.
        func readRequest() -> Request? {
            guard let head = readHead() else { return nil }
            let length = Request(head: head, body: []).field("content-length").flatMap { Int($0) } ?? 0
            var body: [UInt8] = []
            while body.count < length {
                let piece = read(length - body.count)
                guard !piece.isEmpty else { return nil }
                body += piece
            }
            let request = Request(head: head, body: body)
            record(request)
            return request
        }

        /// A head to its empty line, byte by byte: what follows stays in the socket.
        func readHead() -> String? {
            var bytes: [UInt8] = []
            while !bytes.suffix(4).elementsEqual([13, 10, 13, 10]) {
                let byte = read(1)
                guard !byte.isEmpty else { return nil }
                bytes += byte
            }
            return String(decoding: bytes, as: UTF8.self)
        }

        func read(_ count: Int) -> [UInt8] {
            [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
                filled = max(0, recv(descriptor, buffer.baseAddress, count, 0))
            }
        }

        func send(_ text: String) { send(Array(text.utf8)) }

        /// Sends everything, or stops when the client is gone; returns how much it took.
        @discardableResult
        func send(_ bytes: [UInt8]) -> Int {
            var sent = 0
            while sent < bytes.count {
                let count = bytes.withUnsafeBytes {
                    Glibc.send(
                        descriptor,
                        $0.baseAddress?.advanced(by: sent),
                        bytes.count - sent,
                        Int32(MSG_NOSIGNAL)
                    )
                }
                guard count > 0 else { break }
                sent += count
            }
            return sent
        }

        /// Ends the connection with a reset.
        func reset() {
            var linger = linger(l_onoff: 1, l_linger: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
            close()
        }

        func close() {
            let isFirst = isClosed.withLock { closed in
                defer { closed = true }
                return !closed
            }
            if isFirst { Glibc.close(descriptor) }
        }
    }
}
