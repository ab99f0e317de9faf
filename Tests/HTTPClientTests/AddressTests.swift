import EventLoop
import HTTP
import HTTPClient
import Testing

@Suite struct AddressTests {
    @Test(arguments: [
        "0.0.0.0", "10.1.2.3", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.0.9", "169.254.169.254",
        "172.16.0.1", "172.31.255.255", "192.168.1.1", "192.0.0.8", "192.0.2.1", "198.18.0.1",
        "198.19.255.255",
        "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "::", "::1",
        "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "fe80::1", "fe80::1%eth0", "fc00::1",
        "fd00:ec2::254",
        "ff02::1", "2001:db8::1", "2001::1", "2002:7f00:1::", "2002:a00:1::", "64:ff9b::a00:1",
        "64:ff9b:1::1",
        "3fff::1", "100::1", "fec0::1", "2002:808:808::1", "2001:2::1", "2001:20::1", "5f00::1",
        "168.63.129.16", "64:ff9b::a83f:8110",
    ])
    func isNotPublic(_ text: String) throws {
        let address = try #require(PeerAddress(text, port: 80))
        #expect(!address.isPublic)
    }

    @Test(arguments: [
        "1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1", "169.253.1.1",
        "223.255.1.1",
        "2606:4700::1111", "2a00:1450:4001::1", "168.63.129.17", "64:ff9b::808:808", "2001:4860:4860::8888",
    ])
    func isPublic(_ text: String) throws {
        let address = try #require(PeerAddress(text, port: 443))
        #expect(address.isPublic)
    }

    @Test(arguments: ["", "1.2.3", "1.2.3.4.5", "256.1.1.1", "::g", "localhost"])
    func isNoAddress(_ text: String) {
        #expect(PeerAddress(text, port: 1) == nil)
    }

    @Test(arguments: [
        "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0X7F.1", "0177.0.0.1", "017700000001",
        "127.0.0.1.",
    ])
    func theHostOfAURLIsAnAddressInEverySpelling(_ host: String) {
        #expect(PeerAddress(host: host, port: 80) == PeerAddress("127.0.0.1", port: 80))
    }

    @Test(arguments: ["[::1]", "[0:0:0:0:0:0:0:1]", "[::0.0.0.1]"])
    func soItIsInBrackets(_ host: String) {
        #expect(PeerAddress(host: host, port: 80) == PeerAddress("::1", port: 80))
    }

    @Test(arguments: [
        "localhost", "", ".", "256.0.0.1", "1.2.3.4.5", "127.0.0.1 x", "127.0.0.1\n", "08.0.0.1", "0x", "[]",
        "[::g]",
        "::g", "a.1", "face",
    ])
    func aNameIsNone(_ host: String) { #expect(PeerAddress(host: host, port: 80) == nil) }

    @Test func anIPv4AddressIsFoundInItsMappedForm() {
        #expect(PeerAddress("::ffff:10.1.2.3", port: 1)?.mappedIPv4 == PeerAddress("10.1.2.3", port: 1))
        for text in ["::10.1.2.3", "10.1.2.3", "::ffff:0:10.1.2.3", "64:ff9b::a00:1"] {
            #expect(PeerAddress(text, port: 1)?.mappedIPv4 == nil)
        }
    }

    @Test(
        arguments: [
            ([10, 0, 0, 0], 8, "10.255.0.1", true), ([10, 0, 0, 0], 8, "11.0.0.0", false),
            ([172, 16, 0, 0], 12, "172.31.255.255", true), ([172, 16, 0, 0], 12, "172.32.0.0", false),
            ([10, 0, 0, 1], 32, "10.0.0.1", true), ([10, 0, 0, 1], 32, "10.0.0.2", false),
            ([0, 0, 0, 0], 0, "203.0.113.9", true), ([0, 0, 0, 0], 0, "::1", false),
            ([10, 0, 0, 0], 8, "::ffff:10.0.0.1", true), ([10, 0, 0, 0], 8, "a00::1", false),
        ] as [([UInt8], Int, String, Bool)]
    )
    func aRangeHoldsWhatBeginsWithItsBits(_ bytes: [UInt8], _ bits: Int, _ text: String, _ isIn: Bool) throws
    {
        let range = try #require(AddressRange(address: bytes, bits: bits))
        #expect(range.contains(try #require(PeerAddress(text, port: 1)).bytes) == isIn)
    }

    @Test(arguments: [
        "127.0.0.1", "localhost", "[::1]", "127.1", "2130706433", "0x7f000001", "[::ffff:127.0.0.1]",
    ])
    func aLoopbackIsRefusedHoweverItIsWritten(_ host: String) async throws {
        let peer = try ScriptedPeer(answering: answer())
        let failure = try await withClient { client, _ in
            try await failing {
                try await client.send(
                    .post("http://\(host):\(peer.port)/").with { $0.addresses = .publicOnly }
                )
            }
        }
        #expect(failure.reason == .addressRefused)
        #expect(failure.delivery == .notSent)
        #expect(peer.connections == 0)
    }

    @Test func anExceptionHoldsForItsPortOnly() async throws {
        let peer = try ScriptedPeer(answering: answer())
        try await withClient { client, _ in
            let allowed = AddressPolicy.publicOnly(except: [Authority(host: "127.0.0.1", port: peer.port)])
            let response = try await client.send(.get(peer.url).with { $0.addresses = allowed })
            #expect(response.status == .ok)
            let other = AddressPolicy.publicOnly(except: [Authority(host: "127.0.0.1", port: peer.port &+ 1)])
            // The open connection is there for the taking: the policy is asked all the same.
            let failure = try await failing {
                try await client.send(.get(peer.url).with { $0.addresses = other })
            }
            #expect(failure.reason == .addressRefused)
            #expect(failure.delivery == .notSent)
        }
        #expect(peer.requests.count == 1)
    }
}
