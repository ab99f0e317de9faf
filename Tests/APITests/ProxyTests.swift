import API
import Configuration
import Crypto
import HTTP
import HTTPServer
import Testing

@Suite("Who asks, behind proxies")
struct ProxyTests {
    private func origin(_ peer: String, _ fields: Fields, trusting blocks: String...) throws -> String {
        var request = try #require(Request(.get, "/v1/sounds", fields: fields))
        if peer != "unix" { request.peer = try #require(PeerAddress(peer)) }
        return TrustedProxies(try blocks.map { try AddressBlock(parsing: $0) }).origin(of: request).host
    }

    @Test("Nobody is believed who is not named")
    func strangers() throws {
        let fields: Fields = ["X-Forwarded-For": "203.0.113.7"]
        #expect(try origin("10.0.0.1", fields) == "10.0.0.1")
        #expect(try origin("10.0.0.1", fields, trusting: "10.0.0.2", "fd00::/8") == "10.0.0.1")
        #expect(try origin("unix", fields) == "unix")
        #expect(try origin("unix", fields, trusting: "10.0.0.0/8") == "unix")
    }

    @Test(
        "A named proxy says who asked it, and what stands before that anybody may have written",
        arguments: [
            ("203.0.113.7", "203.0.113.7"), ("203.0.113.7:4711", "203.0.113.7"),
            ("2001:db8::7", "2001:db8::7"), ("[2001:db8::7]:4711", "2001:db8::7"),
            ("198.51.100.1, 203.0.113.7", "203.0.113.7"),
            // Through two proxies.
            ("198.51.100.1, 203.0.113.7, 10.2.3.4", "203.0.113.7"),
            // From one of the proxies itself.
            ("10.9.9.9, 10.2.3.4", "10.9.9.9"),
            ("203.0.113.7, unknown", "10.0.0.1"), ("203.0.113.7, unknown, 10.2.3.4", "10.2.3.4"),
            ("", "10.0.0.1"), (",", "10.0.0.1"), ("10.2.3.4:port", "10.0.0.1"), ("[10.2.3.4]:1", "10.0.0.1"),
            ("[::1", "10.0.0.1"), ("203.0.113.7:", "10.0.0.1"), ("203.0.113.7:70000", "10.0.0.1"),
        ]
    )
    func forwarded(_ text: String, _ expected: String) throws {
        #expect(try origin("10.0.0.1", ["X-Forwarded-For": text], trusting: "10.0.0.0/8") == expected)
    }

    @Test("Lines of the field are one list, and other fields say nothing")
    func lines() throws {
        var fields: Fields = ["Forwarded": "for=192.0.2.1", "X-Real-IP": "192.0.2.2"]
        #expect(try origin("10.0.0.1", fields, trusting: "10.0.0.0/8") == "10.0.0.1")
        fields.append("X-Forwarded-For", "203.0.113.7")
        fields.append("x-forwarded-for", "10.2.3.4")
        #expect(try origin("10.0.0.1", fields, trusting: "10.0.0.0/8") == "203.0.113.7")
    }

    @Test("A Unix socket is 127.0.0.1, and an address of IPv4 within IPv6 is one of IPv4")
    func kinds() throws {
        let fields: Fields = ["X-Forwarded-For": "203.0.113.7"]
        #expect(try origin("unix", fields, trusting: "127.0.0.0/8") == "203.0.113.7")
        #expect(try origin("::ffff:10.0.0.1", fields, trusting: "10.0.0.0/8") == "203.0.113.7")
        #expect(try origin("fd00::1", fields, trusting: "fd00::/8") == "203.0.113.7")
    }

    @Test("Who guesses keys behind a proxy locks out nobody else there")
    func guesses() async throws {
        let clients = ClientAccess.listed([Client(name: "team", keySHA256: SHA256.hash("key-team").hex)])
        let proxy = try #require(PeerAddress("10.0.0.1"))
        try await withHouse(
            clients: clients,
            time: HandTime(),
            configure: { $0.server.trustedProxies = [AddressBlock(bytes: [10, 0, 0, 0], bits: 8)] }
        ) { house in
            var asked = [(String, String, Int)](repeating: ("guess", "203.0.113.7", 401), count: 20)
            asked += [
                ("guess", "203.0.113.7", 429),
                // What it says of itself is nothing.
                ("guess", "198.51.100.1, 203.0.113.7", 429), ("key-team", "203.0.113.7", 429),
                ("key-team", "203.0.113.8", 200),
            ]
            for (key, caller, status) in asked {
                let fields: Fields = ["Authorization": "Bearer \(key)", "X-Forwarded-For": caller]
                let answer = try await house.send(.get, "/v1/sounds", fields: fields, peer: proxy)
                #expect(answer.status == status, "\(key) from \(caller)")
            }
        }
    }
}
