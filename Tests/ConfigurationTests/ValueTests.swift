import Configuration
import Testing

@Suite struct ValueTests {
    @Test(arguments: [
        ("500ms", Duration.milliseconds(500)), ("30s", .seconds(30)), ("5m", .seconds(300)),
        ("24h", .seconds(86400)),
        ("30d", .seconds(30 * 86400)), ("0s", .zero),
    ])
    func durationsAreReadAndWritten(_ text: String, _ value: Duration) throws {
        #expect(try Duration(parsing: text) == value)
        #expect(try Duration(parsing: value.configurationText) == value)
    }

    @Test(arguments: [
        "", "30", "s", "1.5s", "-1s", " 1s", "1 s", "1S", "99999999999999999999s", "40000d", "٣s",
    ])
    func otherDurationsAreRefused(_ text: String) {
        #expect(throws: Malformed.self) { try Duration(parsing: text) }
    }

    @Test(arguments: [
        ("512B", 512), ("64KiB", 65536), ("20MiB", 20_971_520), ("1GiB", 1_073_741_824), ("0B", 0),
    ])
    func sizesAreReadAndWritten(_ text: String, _ bytes: Int) throws {
        #expect(try ByteCount.parse(text) == bytes)
        #expect(ByteCount.text(bytes) == text)
    }

    @Test(arguments: [
        ("64", "write 64B"), ("64KB", "write 64KiB"), ("64k", "write 64KiB"), ("1mib", "write 1MiB"),
        ("x", "write a whole number and B, KiB, MiB or GiB, as in 64KiB"),
    ])
    func otherSizesAreRefusedWithWhatWasMeant(_ text: String, _ remedy: String) {
        let error = #expect(throws: Malformed.self) { try ByteCount.parse(text) }
        #expect(error?.remedy == remedy)
    }

    @Test func aSizeBeyondAllMemoryIsRefused() {
        #expect(throws: Malformed.self) { try ByteCount.parse("9223372036854775807GiB") }
    }

    @Test(arguments: [
        ("600/m", 600, Duration.seconds(60)), ("20/10s", 20, .seconds(10)),
        ("1/500ms", 1, .milliseconds(500)),
    ])
    func ratesAreReadAndWritten(_ text: String, _ count: Int, _ per: Duration) throws {
        let rate = try Rate(parsing: text)
        #expect(rate == Rate(count: count, per: per))
        #expect(rate.description == text)
    }

    @Test(arguments: ["600", "0/m", "600/", "/m", "6/0s", "6/m/s", "-1/m", "1/x"])
    func otherRatesAreRefused(_ text: String) {
        #expect(throws: Malformed.self) { try Rate(parsing: text) }
    }

    @Test(arguments: [
        ("127.0.0.1:8080", ListenAddress.tcp(address: "127.0.0.1", port: 8080), true),
        ("localhost:1", .tcp(address: "127.0.0.1", port: 1), true),
        ("[::1]:0", .tcp(address: "::1", port: 0), true),
        ("[::ffff:127.0.0.1]:80", .tcp(address: "::ffff:127.0.0.1", port: 80), true),
        ("127.9.9.9:80", .tcp(address: "127.9.9.9", port: 80), true),
        ("0.0.0.0:8080", .tcp(address: "0.0.0.0", port: 8080), false),
        ("[::]:65535", .tcp(address: "::", port: 65535), false),
        ("10.0.0.1:80", .tcp(address: "10.0.0.1", port: 80), false),
        ("unix:/run/s.sock", .unix(path: "/run/s.sock"), true),
    ])
    func addressesAreReadAndKnowWhetherTheyAreLocal(_ text: String, _ address: ListenAddress, _ isLocal: Bool)
        throws
    {
        #expect(try ListenAddress(parsing: text) == address)
        #expect(try ListenAddress(parsing: address.description) == address)
        #expect(address.isLocal == isLocal)
    }

    @Test(arguments: [
        "", "8080", ":8080", "*:8080", "::1:8080", "[::1]", "[::g]:1", "1.2.3.4", "1.2.3:80", "256.0.0.1:80",
        "1.2.3.4:65536",
        "1.2.3.4:-1", "1.2.3.4:+1", "example.com:80", "unix:", "http://127.0.0.1:80",
    ])
    func otherAddressesAreRefused(_ text: String) {
        #expect(throws: Malformed.self) { try ListenAddress(parsing: text) }
    }

    @Test(arguments: [
        ("10.0.0.0/8", AllowedDestination.addresses(.init(bytes: [10, 0, 0, 0], bits: 8))),
        ("0.0.0.0/0", .addresses(.init(bytes: [0, 0, 0, 0], bits: 0))),
        ("172.16.0.0/12", .addresses(.init(bytes: [172, 16, 0, 0], bits: 12))),
        ("192.168.7.20", .addresses(.init(bytes: [192, 168, 7, 20], bits: 32))),
        ("fd00::/8", .addresses(.init(bytes: [0xFD] + [UInt8](repeating: 0, count: 15), bits: 8))),
        ("fd00::1", .addresses(.init(bytes: [0xFD] + [UInt8](repeating: 0, count: 14) + [1], bits: 128))),
        ("hooks.internal.example", .host(name: "hooks.internal.example", port: nil)),
        ("hooks:8443", .host(name: "hooks", port: 8443)), ("10.1.2.3:80", .host(name: "10.1.2.3", port: 80)),
    ])
    func destinationsAreReadAndWritten(_ text: String, _ destination: AllowedDestination) throws {
        #expect(try AllowedDestination(parsing: text) == destination)
        #expect(destination.description == text)
    }

    @Test(arguments: [
        "", "/8", "10.0.0.0/", "10.0.0.0/+8", "10.0.0.0/33", "10.0.0.1/8", "10.0.0.0/8/8", "fd00::/129",
        "fd00::1/8", "x/8", "10.0.0", "127.1", "2130706433", "0x7f.1", "x:", "x:0", "x:65536", "x:1:2",
        "[::1]",
        "[::1]:80", "http://x", "x y", "*.example", "x@y",
    ])
    func otherDestinationsAreRefused(_ text: String) {
        #expect(throws: Malformed.self) { try AllowedDestination(parsing: text) }
    }

    @Test(arguments: ["10.0.0.0/8", "0.0.0.0/0", "192.168.7.20", "fd00::/8", "fd00::1", "::/0"])
    func blocksOfAddressesAreReadAndWritten(_ text: String) throws {
        #expect(try AddressBlock(parsing: text).description == text)
    }

    @Test(arguments: [
        ("", "is no address"), ("proxy.internal", "is no address"), ("10.0.0.1:80", "is no address"),
        ("x/8", "is no range of addresses"), ("10.0.0.0/33", "has no prefix of 0 to 32 bits"),
        ("10.0.0.0/8/8", "has no prefix of 0 to 32 bits"), ("10.0.0.1/8", "does not begin its range"),
        ("unix", "is no address"),
    ])
    func otherBlocksAreRefused(_ text: String, _ problem: String) {
        #expect(throws: Malformed(problem, remedy: remedy(of: text))) { try AddressBlock(parsing: text) }
    }

    private func remedy(of text: String) -> String {
        text == "10.0.0.1/8"
            ? "write 10.0.0.0/8, or leave out /8" : "write it as in 10.0.0.0/8, fd00::/8, 10.1.2.3 or fd00::1"
    }
}
