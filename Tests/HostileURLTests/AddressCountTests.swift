import CLinux
import EventLoop
import Glibc
import HTTP
import HTTPServer
import Testing
import Threads

/// Connections from addresses that only a namespace has; one after another with ``InsideTests``.
extension InsideTests {
    @Test("connections are counted by address, in IPv6 by its first 64 bits, and loopback's not at all")
    func countedByAddress() async throws {
        let loop = try EventLoop(name: "front")
        try loop.start()
        var limits = ServerLimits()
        limits.connectionsPerAddress = 2
        var addresses: [ListenAddress] = [.tcp(host: "0.0.0.0", port: 0)]
        if world.hasIPv6 { addresses.append(.tcp(host: "::", port: 0)) }
        let server = Server(addresses: addresses, limits: limits, loops: [loop]) { _ in Response(.noContent) }
        let ports = try await server.start().compactMap(\.port)
        var cases: [(from: String, status: String)] = [
            ("198.51.100.1", "204"), ("198.51.100.1", "204"), ("198.51.100.1", "429"),
            ("198.51.100.2", "204"),
            ("127.0.0.1", "204"), ("127.0.0.1", "204"), ("127.0.0.1", "204"),
        ]
        if world.hasIPv6 {
            cases += [
                ("2001:db8:1:2::1", "204"), ("2001:db8:1:2:ffff::1", "204"), ("2001:db8:1:2::3", "429"),
                ("2001:db8:1:3::1", "204"), ("::1", "204"), ("::1", "204"), ("::1", "204"),
            ]
        }
        var open: [Int32] = []
        for (address, status) in cases {
            let (descriptor, answer) = try Self.ask(from: address, ports)
            open.append(descriptor)
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(address): \(answer)")
        }
        for descriptor in open { close(descriptor) }
        await server.stop(within: .zero)
        loop.stop()
        loop.join()
    }

    /// Connects from an address to itself, asks, and keeps the connection.
    private static func ask(from address: String, _ ports: [UInt16]) throws -> (Int32, String) {
        let family = address.contains(":") ? AF_INET6 : AF_INET
        let descriptor = try retryingSystemCall("socket") {
            socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        }
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        // IP_FREEBIND: the address is one of ours by its route only.
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_IP), 15, &one, 4)
        let length = socklen_t(
            family == AF_INET ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size
        )
        for (call, port) in [("bind", 0), ("connect", ports[family == AF_INET ? 0 : 1])] as [(String, UInt16)]
        {
            var storage = sockaddr_storage()
            withUnsafeMutableBytes(of: &storage) { bytes in
                bytes.storeBytes(of: sa_family_t(family), as: sa_family_t.self)
                bytes.storeBytes(of: port.bigEndian, toByteOffset: 2, as: UInt16.self)
                _ = inet_pton(family, address, bytes.baseAddress?.advanced(by: family == AF_INET ? 4 : 8))
            }
            try withUnsafePointer(to: &storage) { pointer in
                try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { peer in
                    try retryingSystemCall(call, subject: address) {
                        call == "bind" ? bind(descriptor, peer, length) : connect(descriptor, peer, length)
                    }
                }
            }
        }
        let request = Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        send(descriptor, request, request.count, Int32(MSG_NOSIGNAL))
        var answer = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &answer, answer.count, 0)
        return (descriptor, String(decoding: answer[..<max(0, count)], as: UTF8.self))
    }
}
