import API
import Configuration
import HTTP
import HTTPServer
import JSON
import TLS
import Testing

private func certificate(_ byte: UInt8, _ names: PeerCertificate.Name...) -> PeerCertificate {
    PeerCertificate(fingerprint: [UInt8](repeating: byte, count: 32), names: names)
}

@Suite("Client certificates")
struct CertificateTests {
    /// The clients of the keys, each with a certificate.
    private static let clients: ClientAccess = {
        var clients = AccessTests.clients.clients
        clients[0].certificates = [.dns("alice.internal"), .fingerprint([UInt8](repeating: 1, count: 32))]
        clients[1].certificates = [.uri("spiffe://house/bob")]
        clients[2].certificates = [.fingerprint([UInt8](repeating: 3, count: 32))]
        var worker = Client(name: "worker", keySHA256: nil)
        worker.certificates = [.dns("worker.internal")]
        clients.append(worker)
        return .listed(clients)
    }()

    @Test(
        "A certificate does in place of a key",
        arguments: [
            (certificate(1), "alice"), (certificate(9, .dns("other"), .dns("ALICE.internal")), "alice"),
            (certificate(9, .uri("spiffe://house/bob")), "bob"), (certificate(3), "operator"),
            (certificate(9, .dns("worker.internal")), "worker"),
        ]
    )
    func instead(certificate: PeerCertificate, client: String) async throws {
        try await withHouse(clients: Self.clients) { house in
            let answer = try await house.send(
                .post,
                "/v1/sounds",
                #"{"prompt": "click", "provider": "builtin"}"#,
                fields: ["Prefer": "wait=60"],
                certificate: certificate
            )
            #expect(answer.status == 200)
            #expect(answer.json["client"]?.string == client)
            let url = answer.json["outputs"]?[0]?["url"]?.string
            #expect(url?.hasPrefix("https://sounds.test/") == true)
        }
    }

    @Test(
        "A certificate that is nobody's opens nothing",
        arguments: [
            certificate(9), certificate(9, .dns("alice.internal.evil")),
            certificate(9, .uri("alice.internal")),
            certificate(9, .dns("spiffe://house/bob")), certificate(9, .uri("spiffe://house/BOB")),
        ]
    )
    func nobodys(certificate: PeerCertificate) async throws {
        try await withHouse(clients: Self.clients) { house in
            let answer = try await house.send(.get, "/v1/providers", certificate: certificate)
            #expect(answer.status == 401)
        }
    }

    @Test("A key that comes with a certificate must be the same client's")
    func agreement() async throws {
        try await withHouse(clients: Self.clients) { house in
            for (certificate, key, status) in [
                (certificate(1), "alice-key", 200), (certificate(1), "bob-key", 401),
                (certificate(1), "admin-key", 401), (certificate(1), "no-key", 401),
                (certificate(9), "alice-key", 200),
            ] {
                let answer = try await house.send(
                    .get,
                    "/v1/providers",
                    fields: ["Authorization": "Bearer \(key)"],
                    certificate: certificate
                )
                #expect(answer.status == status, "\(key)")
            }
        }
    }

    @Test("A certificate of several clients is nobody's")
    func several() async throws {
        try await withHouse(clients: Self.clients) { house in
            let answer = try await house.send(
                .get,
                "/v1/providers",
                certificate: certificate(1, .uri("spiffe://house/bob"))
            )
            #expect(answer.status == 401)
        }
    }
}

@Suite("The plain port")
struct RedirectionTests {
    private static func answer(_ target: String, host: String?, port: UInt16 = 8443, publicURL: String? = nil)
        throws
        -> Response
    {
        let redirection = Redirection(port: port, publicURL: publicURL) { $0 == "sounds.test" || $0 == "::1" }
        var request = try #require(Request(.post, target, fields: host.map { ["Host": $0] } ?? [:]))
        request.head.authority = host
        return redirection.response(to: request)
    }

    @Test(
        "It tells where HTTPS is",
        arguments: [
            ("/v1/sounds?limit=2&a=%20", "sounds.test", "https://sounds.test:8443/v1/sounds?limit=2&a=%20"),
            ("/", "Sounds.Test:8080", "https://sounds.test:8443/"),
            ("/a", "[::1]:80", "https://[::1]:8443/a"),
        ]
    )
    func location(target: String, host: String, location: String) throws {
        let answer = try Self.answer(target, host: host)
        #expect(answer.status == .permanentRedirect)
        #expect(answer.fields["Location"] == location)
        #expect(answer.fields["Connection"] == "close")
    }

    @Test("The usual port is not written")
    func usualPort() throws {
        #expect(
            try Self.answer("/a", host: "sounds.test", port: 443).fields["Location"]
                == "https://sounds.test/a"
        )
    }

    @Test("The host of public_url goes to its very port")
    func publicHost() throws {
        let answer = try Self.answer("/a", host: "api.example", publicURL: "https://api.example:9443/base")
        #expect(answer.fields["Location"] == "https://api.example:9443/a")
        let plain = try Self.answer("/a", host: "api.example", publicURL: "http://api.example")
        #expect(plain.status == .misdirectedRequest)
    }

    @Test(
        "Hosts that are not ours are sent nowhere",
        arguments: [
            ("evil.example", 421), ("sounds.test.evil", 421), ("[::2]", 421), (nil, 400), ("", 400),
            ("sounds.test@evil.example", 400), ("sounds.test/..", 400), ("sounds.test:99999", 400),
        ]
    )
    func others(host: String?, status: Int) throws {
        let answer = try Self.answer("/", host: host)
        #expect(answer.status.code == status)
        #expect(answer.fields["Location"] == nil)
    }
}
