import CLinux
import EventLoop
import Glibc
import HTTP
import HTTPServer
import TLS
import Threads

/// The loops of all tests here; they live as long as the process, as loops must.
let testLoops: [EventLoop] = {
    do {
        let loops = try [EventLoop(name: "test-0"), EventLoop(name: "test-1")]
        for loop in loops { try loop.start() }
        return loops
    } catch {
        fatalError("the test machine has no room for two loops: \(error)")
    }
}()

/// Blocking calls of clients run here, so that tests in parallel cannot starve the pool of Swift tasks.
private let clientThreads: WorkerPool = {
    do { return try WorkerPool(name: "client", threads: 16) } catch {
        fatalError("the test machine has no threads to spare: \(error)")
    }
}()

/// A client socket that says and hears raw bytes.
final class RawClient: Sendable {
    private let descriptor: Int32

    init(port: UInt16) throws { descriptor = try RawClient.connect(port: port) }

    init(path: String) throws {
        descriptor = try retryingSystemCall("socket") { socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let descriptor = descriptor
        try retryingSystemCall("connect") {
            withUnsafePointer(to: address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
        }
    }

    init(port6: UInt16) throws {
        descriptor = try retryingSystemCall("socket") { socket(AF_INET6, Int32(SOCK_STREAM.rawValue), 0) }
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = port6.bigEndian
        address.sin6_addr = in6addr_loopback
        let descriptor = descriptor
        try retryingSystemCall("connect") {
            withUnsafePointer(to: address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in6>.size))
                }
            }
        }
    }

    deinit { close(descriptor) }

    private static func connect(port: UInt16) throws -> Int32 {
        let descriptor = try retryingSystemCall("socket") { socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        try retryingSystemCall("connect") {
            withUnsafePointer(to: address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }
        return descriptor
    }

    /// Sends all bytes; the server may close while we do, which is no error here.
    func send(_ bytes: [UInt8]) async throws {
        try await clientThreads.run { [descriptor] in
            var sent = 0
            while sent < bytes.count {
                let count = bytes.withUnsafeBytes {
                    Glibc.send(
                        descriptor,
                        $0.baseAddress?.advanced(by: sent),
                        $0.count - sent,
                        Int32(MSG_NOSIGNAL)
                    )
                }
                guard count > 0 else { return }
                sent += count
            }
        }
    }

    func send(_ text: String) async throws { try await send(Array(text.utf8)) }

    /// Everything up to the end of the stream; a reset counts as an end only after `answered`.
    func readToEnd() async throws -> String {
        String(decoding: try await read { _ in false }, as: UTF8.self)
    }

    /// Reads until the text occurs, or the stream ends.
    func read(until text: String) async throws -> String {
        let mark = Array(text.utf8)
        let bytes = try await read { bytes in
            bytes.count >= mark.count && bytes.suffix(mark.count + 4096).contains(mark)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// What comes next; nothing at the end of the stream, or when the server has reset it.
    func readSome() async throws -> [UInt8] {
        try await clientThreads.run { [descriptor] in
            var buffer = [UInt8](repeating: 0, count: 64 * 1024)
            let count = recv(descriptor, &buffer, buffer.count, 0)
            return Array(buffer.prefix(max(count, 0)))
        }
    }

    /// Reads until so many bytes have come, or the stream ends.
    func read(count: Int) async throws -> [UInt8] { try await read { $0.count >= count } }

    func endSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Closes with a reset instead of an end.
    func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
        shutdown(descriptor, Int32(SHUT_RD))
        var address = sockaddr(
            sa_family: sa_family_t(AF_UNSPEC),
            sa_data: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        )
        // Connecting to nowhere drops the connection: on Linux that sends a reset, and the descriptor stays ours.
        Glibc.connect(descriptor, &address, socklen_t(MemoryLayout<sockaddr>.size))
    }

    private func read(until isDone: @escaping @Sendable ([UInt8]) -> Bool) async throws -> [UInt8] {
        try await clientThreads.run { [descriptor] in
            var bytes: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 16 * 1024)
            while !isDone(bytes) {
                let count = try retryingSystemCall("recv") { recv(descriptor, &buffer, buffer.count, 0) }
                guard count > 0 else { break }
                bytes += buffer[..<count]
            }
            return bytes
        }
    }
}

/// Runs `body` against a server on a free port and stops it afterwards.
func withServer<Result>(
    identity: TLSIdentity? = nil,
    limits: ServerLimits = ServerLimits(),
    access: (@Sendable (AccessRecord) -> Void)? = nil,
    handshakeFailed: (@Sendable (PeerAddress, String) -> Void)? = nil,
    refused: (@Sendable (Refusals) -> Void)? = nil,
    handler: @escaping Handler,
    _ body: (Server, UInt16) async throws -> Result
) async throws -> Result {
    let server = Server(
        addresses: [.tcp(host: "127.0.0.1", port: 0)],
        identity: identity,
        limits: limits,
        loops: testLoops,
        access: access,
        handshakeFailed: handshakeFailed,
        refused: refused,
        handler: handler
    )
    let port = try await server.start().first?.port ?? 0
    do {
        let result = try await body(server, port)
        await server.stop(within: .seconds(5))
        return result
    } catch {
        await server.stop(within: .zero)
        throw error
    }
}

/// A place where one task leaves values and others wait for them.
final class Mailbox<Value: Sendable>: Sendable {
    private let stream: AsyncStream<Value>
    private let continuation: AsyncStream<Value>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream() }

    func put(_ value: Value) { continuation.yield(value) }

    func next() async -> Value? {
        for await value in stream { return value }
        return nil
    }
}

/// Answers without end, until the client is cut.
func endlessAnswers(_ outcome: Mailbox<Bool>) -> Handler {
    { _ in
        Response(
            .ok,
            body: .stream { writer in
                do {
                    while true { try await writer.write([UInt8](repeating: 0, count: 1 << 20)) }
                } catch {
                    outcome.put(true)
                    throw error
                }
            }
        )
    }
}

/// Counts the bytes of a body, once the gate has opened.
func lateCount(_ gate: Mailbox<Void>) -> Handler {
    { request in
        _ = await gate.next()
        var count = 0
        do {
            for try await piece in request.body { count += piece.count }
        } catch {
            return Response(.badRequest)
        }
        return Response(.ok, text: "\(count)")
    }
}
