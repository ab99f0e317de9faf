import HTTP
import HTTPClient
import Testing
import Webhooks

@Suite("Where webhooks may go")
struct DestinationPolicyTests {
    private static func admits(_ policy: DestinationPolicy, _ text: String, _ host: String = "hooks.example")
        throws -> Bool
    {
        let address = try #require(PeerAddress(text, port: 443))
        return policy.admits(address, for: Authority(host: host, port: 443))
    }

    private static func range(_ bytes: [UInt8], _ bits: Int) throws -> AddressRange {
        try #require(AddressRange(address: bytes, bits: bits))
    }

    @Test(
        "a literal address that is not public is refused in every spelling",
        arguments: [
            "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1",
            "017700000001",
            "127.0.0.1.", "0", "0.0.0.0", "10.0.0.1", "0xa.1", "169.254.169.254", "0xA9FEA9FE", "2852039166",
            "0251.0376.0251.0376", "192.168.1.1", "172.16.0.1", "100.64.0.1", "255.255.255.255", "[::1]",
            "[::]",
            "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::FFFF:10.0.0.1]", "[0:0:0:0:0:ffff:a9fe:a9fe]",
            "[::127.0.0.1]", "[fe80::1]", "[fd00:ec2::254]", "[fc00::1]", "[64:ff9b::a00:1]",
            "[2002:7f00:1::]",
            "[2001::1]", "[ff02::1]",
        ]
    )
    func refusesLiterals(_ host: String) throws {
        let url = try #require(HTTPURL("http://\(host):8080/hook"))
        #expect(DestinationPolicy().refuses(url))
    }

    @Test(
        "what a URL cannot hold does not get as far: zones, user names, percent-encoding",
        arguments: [
            "[fe80::1%25eth0]", "[fe80::1%eth0]", "[::1%25]", "127.0.0.1@hooks.example", "127%2e0.0.1",
            "[127.0.0.1]",
            "127.0.0.1 ", "\u{FF11}27.0.0.1", "127\u{3002}0.0.1", "[::ffff:0x7f.1]",
        ]
    )
    func noURL(_ host: String) { #expect(HTTPURL("http://\(host)/") == nil) }

    @Test(
        "a name is judged when it is connected to, a public address never",
        arguments: [
            "hooks.example", "localhost", "127.0.0.1.nip.example", "0x7f.example", "1.1.1.1",
            "[2606:4700::1111]",
            "16843009", "256.1.1.1", "1.2.3.4.5", "face",
        ]
    )
    func leavesNames(_ host: String) throws {
        #expect(!DestinationPolicy().refuses(try #require(HTTPURL("http://\(host)/"))))
    }

    @Test("a range lets its addresses through, and those of IPv4 in their IPv6 form too")
    func ranges() throws {
        var policy = DestinationPolicy()
        policy.ranges = [
            try Self.range([10, 0, 0, 0], 8), try Self.range([0xFD] + [UInt8](repeating: 0, count: 15), 8),
        ]
        for text in ["10.0.0.1", "10.255.255.255", "::ffff:10.1.2.3", "fd00::1", "fdff::", "1.1.1.1"] {
            #expect(try Self.admits(policy, text), "\(text)")
        }
        for text in [
            "192.168.0.1", "127.0.0.1", "fc00::1", "::1", "::ffff:127.0.0.1", "64:ff9b::a00:1", "a00::",
        ] {
            #expect(try !Self.admits(policy, text), "\(text)")
        }
    }

    @Test("a range of IPv4 says nothing of IPv6 addresses that begin with the same bytes")
    func families() throws {
        var policy = DestinationPolicy()
        policy.ranges = [try Self.range([0xFC, 0, 0, 0], 8)]
        #expect(try !Self.admits(policy, "fc00::1"))
        policy.ranges = [try Self.range([0, 0, 0, 0], 0)]
        #expect(try Self.admits(policy, "169.254.169.254"))
        #expect(try !Self.admits(policy, "fe80::1"))
    }

    @Test("bits that an address does not have make no range")
    func impossibleRanges() {
        #expect(AddressRange(address: [10, 0, 0, 0], bits: 33) == nil)
        #expect(AddressRange(address: [10, 0, 0, 0], bits: -1) == nil)
        #expect(AddressRange(address: [10], bits: 8) == nil)
    }

    @Test("a host is let through whatever it resolves to, on its port alone where it has one")
    func hosts() throws {
        var policy = DestinationPolicy()
        policy.hosts = [.init(name: "hooks.internal", port: 443)]
        #expect(try Self.admits(policy, "10.0.0.1", "hooks.internal"))
        #expect(try !Self.admits(policy, "10.0.0.1", "other.internal"))
        #expect(try !Self.admits(policy, "10.0.0.1", "hooks.internal.example"))
        policy.hosts = [.init(name: "hooks.internal", port: 8443)]
        #expect(try !Self.admits(policy, "10.0.0.1", "hooks.internal"))
        policy.hosts = [.init(name: "hooks.internal")]
        #expect(try Self.admits(policy, "10.0.0.1", "hooks.internal"))
    }

    @Test("a host that is an address lets that through as it stands in a URL")
    func hostAddress() throws {
        var policy = DestinationPolicy()
        policy.hosts = [.init(name: "10.1.2.3", port: 8080)]
        #expect(!policy.refuses(try #require(HTTPURL("http://10.1.2.3:8080/"))))
        #expect(policy.refuses(try #require(HTTPURL("http://10.1.2.3:8081/"))))
        #expect(policy.refuses(try #require(HTTPURL("http://10.1.2.4:8080/"))))
    }

    @Test("loopback is let through only where that is allowed, and nothing else with it")
    func loopback() throws {
        var policy = DestinationPolicy()
        policy.allowsLoopback = true
        for text in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            #expect(try Self.admits(policy, text), "\(text)")
            #expect(try !Self.admits(DestinationPolicy(), text), "\(text)")
        }
        for text in ["0.0.0.0", "::", "10.0.0.1", "::127.0.0.1", "fe80::1", "::2"] {
            #expect(try !Self.admits(policy, text), "\(text)")
        }
    }
}
