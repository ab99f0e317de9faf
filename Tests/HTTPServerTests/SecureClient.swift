import TLSTestSupport
import Threads

/// A client that speaks TLS over a socket.
///
/// One call at a time; the lock is for the compiler.
final class SecureClient: Sendable {
    private struct Session: @unchecked Sendable { let client: TestClient }

    private let socket: RawClient
    private let session: Guarded<Session>

    /// Connects and shakes hands.
    init(port: UInt16, _ offer: TestClient.Offer = TestClient.Offer()) async throws {
        socket = try RawClient(port: port)
        let session = Session(client: TestClient(offer))
        self.session = Guarded(session)
        while true {
            try await socket.send(self.session.withLock { $0.client.output() })
            if self.session.withLock({ $0.client.isOpen }) { break }
            let bytes = try await socket.readSome()
            guard !bytes.isEmpty else { throw Refused(reason: failure ?? "the connection was closed") }
            _ = self.session.withLock { $0.client.receive(bytes) }
            if let failure { throw Refused(reason: failure) }
        }
    }

    /// A handshake that came to nothing.
    struct Refused: Error { let reason: String }

    var failure: String? { session.withLock { $0.client.failure } }

    /// Whether the server has said that it sends no more.
    var peerEnded: Bool { session.withLock { $0.client.peerEnded } }

    var peerFingerprint: String? { session.withLock { $0.client.peerFingerprint } }

    func send(_ bytes: [UInt8]) async throws {
        try await socket.send(
            session.withLock { session in
                session.client.say(bytes)
                return session.client.output()
            }
        )
    }

    func send(_ text: String) async throws { try await send(Array(text.utf8)) }

    /// Sends bytes as they are, which no session has sealed.
    func sendRaw(_ bytes: [UInt8]) async throws { try await socket.send(bytes) }

    /// Says that no more comes.
    func end() async throws {
        try await socket.send(
            session.withLock { session in
                session.client.end()
                return session.client.output()
            }
        )
    }

    /// Reads until so many bytes of plaintext have come, or the stream ends.
    func read(count: Int) async throws -> [UInt8] {
        var plaintext: [UInt8] = []
        while plaintext.count < count {
            let bytes = try await socket.readSome()
            guard !bytes.isEmpty else { break }
            plaintext += session.withLock { $0.client.receive(bytes) }
            if peerEnded { break }
        }
        return plaintext
    }

    func readToEnd() async throws -> String { String(decoding: try await read(count: .max), as: UTF8.self) }

    /// Reads until the text occurs, or the stream ends.
    func read(until text: String) async throws -> String {
        var all = ""
        while !all.contains(text) {
            let more = try await read(count: 1)
            guard !more.isEmpty else { break }
            all += String(decoding: more, as: UTF8.self)
        }
        return all
    }
}
