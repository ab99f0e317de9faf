import Testing

/// A URL by which somebody may try to reach what he could not reach himself.
struct HostileURL: Sendable, CustomTestStringConvertible {
    /// At what the attempt must end.
    enum End { case address, spelling }

    let url: String
    let end: End
    /// The address that a client without a guard gets to; `nil` where even that one gets nowhere.
    let reaches: String?
    let index: Int

    var testDescription: String { url.debugDescription }

    /// Whether the host is of IPv6, which not every machine has.
    var isIPv6: Bool { reaches?.contains(":") ?? false }

    /// Whether something else goes wrong besides.
    var isElusive: Bool { url.contains("fallback") }

    static let all: [HostileURL] = {
        let refused = (ipv4 + ipv6 + names).map { url, reaches in (url, End.address, reaches) }
        let wrong = misspelt.map { url in (url, End.spelling, String?.none) }
        return (refused + wrong).enumerated().map { index, row in
            HostileURL(url: row.0, end: row.1, reaches: row.2, index: index)
        }
    }()
}

extension HostileURL {
    fileprivate static let ipv4: [(String, String?)] = [
        // Loopback, as the C library and libcurl spell it.
        ("http://127.0.0.1/", "127.0.0.1"), ("http://127.0.0.1:80/", "127.0.0.1"),
        ("http://127.0.0.1:8080/admin", "127.0.0.1"), ("https://127.0.0.1/", "127.0.0.1"),
        ("HTTP://127.0.0.1/", "127.0.0.1"), ("http://127.0.0.2/", "127.0.0.2"),
        ("http://127.255.255.254/", "127.255.255.254"), ("http://127.1/", "127.0.0.1"),
        ("http://127.0.1/", "127.0.0.1"), ("http://127.0.0.1./", nil),
        ("http://2130706433/", "127.0.0.1"), ("http://0x7f000001/", "127.0.0.1"),
        ("http://0X7F000001/", "127.0.0.1"), ("http://0x7f.1/", "127.0.0.1"),
        ("http://0x7f.0x0.0x0.0x1/", "127.0.0.1"), ("http://0177.0.0.1/", "127.0.0.1"),
        ("http://017700000001/", "127.0.0.1"), ("http://00177.0.0.01/", "127.0.0.1"),
        ("http://127.0x0.00.1/", "127.0.0.1"), ("http://0.0.0.0/", "127.0.0.1"), ("http://0/", "127.0.0.1"),
        ("http://0x0/", "127.0.0.1"), ("http://00.0/", "127.0.0.1"),
        // A number too large for an address is a name, which nobody has.
        ("http://4294967297/", nil), ("http://0x17f000001/", nil),
        // Private networks.
        ("http://10.0.0.1/", "10.0.0.1"), ("http://10.255.255.255/", "10.255.255.255"),
        ("http://0xa.1/", "10.0.0.1"), ("http://012.0.0.1/", "10.0.0.1"), ("http://167772161/", "10.0.0.1"),
        ("http://172.16.0.1/", "172.16.0.1"), ("http://172.31.255.254/", "172.31.255.254"),
        ("http://192.168.0.1/", "192.168.0.1"), ("http://0xc0a80101/", "192.168.1.1"),
        ("http://3232235777/", "192.168.1.1"), ("http://192.168.257/", "192.168.1.1"),
        // Link-local addresses, and where clouds keep what their machines must not tell: EC2 and most others, ECS,
        // Alibaba, Oracle, Azure.
        ("http://169.254.0.1/", "169.254.0.1"),
        ("http://169.254.169.254/latest/meta-data/iam/security-credentials/", "169.254.169.254"),
        ("http://0xA9FEA9FE/", "169.254.169.254"), ("http://2852039166/", "169.254.169.254"),
        ("http://0251.0376.0251.0376/", "169.254.169.254"), ("http://169.254.43518/", "169.254.169.254"),
        ("http://169.16689662/", "169.254.169.254"), ("http://169.254.170.2/v2/credentials", "169.254.170.2"),
        ("http://100.100.100.200/latest/", "100.100.100.200"), ("http://192.0.0.192/opc/v2/", "192.0.0.192"),
        ("http://168.63.129.16/machine?comp=goalstate", "168.63.129.16"),
        // Shared, benchmarking, documentation, reserved, broadcast, multicast.
        ("http://100.64.0.1/", "100.64.0.1"), ("http://100.127.255.254/", "100.127.255.254"),
        ("http://198.18.0.1/", "198.18.0.1"), ("http://198.19.255.254/", "198.19.255.254"),
        ("http://192.0.2.1/", "192.0.2.1"), ("http://198.51.100.1/", "198.51.100.1"),
        ("http://203.0.113.1/", "203.0.113.1"), ("http://192.0.0.1/", "192.0.0.1"),
        ("http://192.88.99.1/", "192.88.99.1"), ("http://240.0.0.1/", "240.0.0.1"),
        ("http://255.255.255.255/", nil), ("http://0xffffffff/", nil), ("http://224.0.0.1/", nil),
        ("http://239.255.255.250/", nil),
    ]

    fileprivate static let ipv6: [(String, String?)] = [
        // Loopback and nowhere.
        ("http://[::1]/", "::1"), ("http://[0:0:0:0:0:0:0:1]/", "::1"), ("http://[::]/", "::1"),
        ("http://[0000::0001]:8080/", "::1"), ("http://[::0.0.0.1]/", "::1"),
        // IPv4 inside: mapped, compatible, NAT64 with both of its prefixes, 6to4, Teredo.
        ("http://[::ffff:127.0.0.1]/", "127.0.0.1"), ("http://[::ffff:7f00:1]/", "127.0.0.1"),
        ("http://[::FFFF:10.0.0.1]/", "10.0.0.1"), ("http://[0:0:0:0:0:ffff:a9fe:a9fe]/", "169.254.169.254"),
        ("http://[::ffff:8.8.8.8]/", "8.8.8.8"), ("http://[::127.0.0.1]/", "::127.0.0.1"),
        ("http://[::10.0.0.1]/", "::10.0.0.1"), ("http://[64:ff9b::7f00:1]/", "64:ff9b::7f00:1"),
        ("http://[64:ff9b::10.0.0.1]/", "64:ff9b::a00:1"),
        ("http://[64:ff9b::a9fe:a9fe]/", "64:ff9b::a9fe:a9fe"), ("http://[64:ff9b:1::1]/", "64:ff9b:1::1"),
        ("http://[2002:7f00:1::]/", "2002:7f00:1::"), ("http://[2002:a00:1::1]/", "2002:a00:1::1"),
        ("http://[2002:a9fe:a9fe::]/", "2002:a9fe:a9fe::"), ("http://[2001::1]/", "2001::1"),
        ("http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/", "2001:0:4136:e378:8000:63bf:3fff:fdd2"),
        // Local, metadata, discard, documentation, benchmarking, ORCHID, SRv6, multicast.
        ("http://[fe80::1]/", nil), ("http://[febf::1]/", nil), ("http://[fec0::1]/", "fec0::1"),
        ("http://[fc00::1]/", "fc00::1"), ("http://[FD12:3456:789A::1]/", "fd12:3456:789a::1"),
        ("http://[fd00:ec2::254]/latest/meta-data/", "fd00:ec2::254"), ("http://[100::1]/", "100::1"),
        ("http://[2001:db8::1]/", "2001:db8::1"), ("http://[3fff::1]/", "3fff::1"),
        ("http://[2001:2::1]/", "2001:2::1"), ("http://[2001:10::1]/", "2001:10::1"),
        ("http://[2001:20::1]/", "2001:20::1"), ("http://[5f00::1]/", "5f00::1"),
        ("http://[ff02::1]/", nil), ("http://[ff0e::1]/", nil),
    ]

    /// Names as the world's name server knows them.
    fileprivate static let names: [(String, String?)] = [
        ("http://localhost/", "127.0.0.1|::1"), ("http://LOCALHOST/", "127.0.0.1|::1"),
        ("http://localhost./", nil), ("http://any.localhost/", "127.0.0.1|::1"),
        ("http://inside.test/", "10.0.0.5"), ("http://INSIDE.test./", "10.0.0.5"),
        ("https://inside.test/", "10.0.0.5"), ("http://alias.test/", "10.0.0.5"),
        ("http://10.0.0.1.wildcard.test/", "10.0.0.1"),
        ("http://metadata.google.internal/computeMetadata/v1/", "169.254.169.254"),
        ("http://nowhere.test/", "127.0.0.1"), ("http://azure.test/", "168.63.129.16"),
        ("http://six.test/", "::1"), ("http://unique.test/", "fd00::5"), ("http://mapped.test/", "10.0.0.5"),
        ("http://nat64.test/", "64:ff9b::a00:5"), ("http://tunnel.test/", "2002:a00:5::1"),
        // Public and private at once; nobody listens at the public one.
        ("http://fallback.test:8081/", "10.0.0.5"),
    ]

    /// What no URL of ours may look like, however some reader would take it.
    fileprivate static let misspelt = [
        "http://user@127.0.0.1/", "http://user:pass@127.0.0.1/", "http://public.test@127.0.0.1/",
        "http://public.test:80@127.0.0.1:80/", "http://127.0.0.1#@public.test/",
        "http://127.0.0.1\\@public.test/", "http://public.test\\@127.0.0.1/", "http:\\\\127.0.0.1\\",
        "http://127.0.0.1%2f@public.test/", "http:/127.0.0.1/", "http:127.0.0.1", "//127.0.0.1/",
        "http:///127.0.0.1/", "127.0.0.1", "http://127%2e0%2e0%2e1/", "http://%31%32%37.0.0.1/",
        "http://127.0.0.1%00.public.test/", "http://\u{FF11}\u{FF12}\u{FF17}.0.0.1/",
        "http://127\u{3002}0\u{3002}0\u{3002}1/", "http://\u{24DB}ocalhost/", "http://\u{2460}27.0.0.1/",
        "http://127.0.0.1\t/", "http://127.0.\t0.1/", "http://127.0.0.1\n/", "http://127.0.0.1\r\nX: y/",
        "\thttp://127.0.0.1/", " http://127.0.0.1/", "http://127.0.0.1 /", "http://127.0.0.1\u{0}/",
        "http://127.0.0.1:80:80/", "http://127.0.0.1:65616/", "http://127.0.0.1:/", "http://127.0.0.1:+80/",
        "http://127.0.0.1:8\u{0660}/", "http://[127.0.0.1]/", "http://[::1/", "http://::1/",
        "http://[v1.::1]/", "http://[::ffff:0x7f.1]/", "http://[::ffff:127.1]/", "http://[fe80::1%25lo]/",
        "http://[fe80::1%lo]/", "http://[::1%25lo]/", "http://[fe80::1%251]/", "http://[[::1]]/",
        "ftp://127.0.0.1/", "file:///etc/passwd", "file://127.0.0.1/etc/passwd",
        "gopher://127.0.0.1:80/_GET%20/", "dict://127.0.0.1:80/", "ldap://127.0.0.1/", "tftp://127.0.0.1/",
        "smb://127.0.0.1/", "jar:http://127.0.0.1!/", "javascript:1", "data:,x", "unix:/run/docker.sock",
        "http+unix://%2Frun%2Fdocker.sock/", "",
    ]
}
