import CLinux
import Glibc
import TLSTestSupport
import Threads

/// What came of one connection of a test's own client.
struct SecureExchange: Sendable {
    let answer: String
    /// Of the server's certificate.
    let fingerprint: String?
    /// Why there was no handshake, or what broke it afterwards.
    let failure: String?

    private static let threads: WorkerPool? = try? WorkerPool(name: "secure", threads: 4)

    /// Connects, says all of `text`, and hears until the end.
    static func with(port: Int, _ offer: TestClient.Offer, _ text: String) async throws -> SecureExchange {
        guard let threads else { throw SystemError("pthread_create") }
        return try await threads.run { try exchange(port: port, offer, text) }
    }

    private static func exchange(port: Int, _ offer: TestClient.Offer, _ text: String) throws
        -> SecureExchange
    {
        let descriptor = try connect(port)
        defer { close(descriptor) }
        let client = TestClient(offer)
        var answer: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 64 << 10)
        var hasSpoken = false
        while client.failure == nil, !client.peerEnded {
            if client.isOpen, !hasSpoken {
                client.say(Array(text.utf8))
                hasSpoken = true
            }
            let bytes = client.output()
            var sent = 0
            while sent < bytes.count {
                let count = send(descriptor, Array(bytes[sent...]), bytes.count - sent, Int32(MSG_NOSIGNAL))
                guard count > 0 else { break }
                sent += count
            }
            guard !client.isOpen || hasSpoken else { continue }
            let count = recv(descriptor, &block, block.count, 0)
            guard count > 0 else { break }
            answer += client.receive(Array(block[..<count]))
        }
        return SecureExchange(
            answer: String(decoding: answer, as: UTF8.self),
            fingerprint: client.peerFingerprint,
            failure: client.failure
        )
    }

    private static func connect(_ port: Int) throws -> Int32 {
        let descriptor = try retryingSystemCall("socket") {
            socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        do {
            try retryingSystemCall("connect") {
                withUnsafePointer(to: address) {
                    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                    }
                }
            }
        } catch {
            close(descriptor)
            throw error
        }
        return descriptor
    }
}
