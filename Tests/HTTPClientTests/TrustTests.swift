import EventLoop
import HTTP
import HTTPClient
import HTTPServer
import TLS
import TLSTestSupport
import Testing

/// A server on loopback that proves itself with a certificate of an authority.
private func withSecureServer<Result>(
    _ authority: TestAuthority,
    _ subject: TestAuthority.Subject = .loopback,
    _ body: (_ url: String, _ folder: TestFolder) async throws -> Result
) async throws -> Result {
    let folder = try TestFolder()
    let paths = try folder.write(authority.identity(subject))
    try folder.write(authority.pem, to: "ca.pem")
    let identity = try TLSIdentity(TLSFiles(certificate: paths.certificate, privateKey: paths.key))
    let loop = try EventLoop(name: "server")
    try loop.start()
    let server = Server(
        addresses: [.tcp(host: "127.0.0.1", port: 0)],
        identity: identity,
        loops: [loop],
        handler: { Response(.ok, text: "secure \($0.isSecure)") }
    )
    let port = try await server.start().first?.port ?? 0
    do {
        let result = try await body("https://127.0.0.1:\(port)/", folder)
        await server.stop(within: .zero)
        loop.stop()
        return result
    } catch {
        await server.stop(within: .zero)
        loop.stop()
        throw error
    }
}

@Suite struct TrustTests {
    @Test func aPeerIsBelievedByItsOwnAuthorityAlone() async throws {
        let authority = TestAuthority()
        try await withSecureServer(authority) { url, folder in
            try await withClient { client, _ in
                let answer = try await client.send(
                    .get(url).with { $0.trust = .only("\(folder.path)/ca.pem") }
                )
                #expect(answer.text == "secure true")
                let also = try await client.send(.get(url).with { $0.trust = .also("\(folder.path)/ca.pem") })
                #expect(also.text == "secure true")
            }
        }
    }

    @Test func nobodyIsBelievedWithoutAnAuthority() async throws {
        let stranger = TestAuthority("Stranger")
        try await withSecureServer(TestAuthority()) { url, folder in
            let other = try folder.write(stranger.pem, to: "stranger.pem")
            try await withClient { client, _ in
                for trust in [UpstreamRequest.Trust.system, .only(other), .also(other)] {
                    let failure = try await failing {
                        try await client.send(.post(url).with { $0.trust = trust })
                    }
                    #expect(failure.delivery == .notSent)
                    #expect(failure.reason == .tls)
                    #expect(failure.message.hasPrefix("the certificate of 127.0.0.1 is not trusted: "))
                }
            }
        }
    }

    @Test func aConnectionIsNeverSharedBetweenTrusts() async throws {
        let authority = TestAuthority()
        try await withSecureServer(authority) { url, folder in
            let trusted = UpstreamRequest.Trust.only("\(folder.path)/ca.pem")
            let copy = UpstreamRequest.Trust.only(try folder.write(authority.pem, to: "copy.pem"))
            try await withClient { client, _ in
                let first = try await client.send(.get(url).with { $0.trust = trusted })
                #expect(!first.connectionReused)
                let second = try await client.send(.get(url).with { $0.trust = trusted })
                #expect(second.connectionReused)
                // An open connection that others believe in is none to go by.
                let failure = try await failing { try await client.send(.get(url)) }
                #expect(failure.reason == .tls)
                let third = try await client.send(.get(url).with { $0.trust = copy })
                #expect(!third.connectionReused)
                let fourth = try await client.send(.get(url).with { $0.trust = trusted })
                #expect(fourth.connectionReused)
            }
        }
    }

    @Test func aClientOfOneAuthorityBelievesNobodyElse() async throws {
        let authority = TestAuthority()
        try await withSecureServer(authority) { url, folder in
            var configuration = HTTPClient.Configuration()
            configuration.certificateAuthorities = "\(folder.path)/ca.pem"
            let other = try folder.write(TestAuthority().pem, to: "other.pem")
            try await withClient(configuration) { client, _ in
                #expect(try await client.send(.get(url)).status == .ok)
                let failure = try await failing {
                    try await client.send(.get(url).with { $0.trust = .only(other) })
                }
                #expect(failure.reason == .tls)
                #expect(try await client.send(.get(url)).connectionReused)
            }
        }
    }

    @Test func theNameMustBeTheCertificates() async throws {
        let authority = TestAuthority()
        try await withSecureServer(authority, .init("other", names: ["DNS:other.example"])) { url, folder in
            try await withClient { client, _ in
                let failure = try await failing {
                    try await client.send(.get(url).with { $0.trust = .only("\(folder.path)/ca.pem") })
                }
                #expect(failure.reason == .tls)
                #expect(failure.message.contains("127.0.0.1"))
            }
        }
    }

    @Test func aCertificateWhoseTimeIsOverIsRefused() async throws {
        let authority = TestAuthority()
        try await withSecureServer(authority, .loopback.during(-7200, -3600)) { url, folder in
            try await withClient { client, _ in
                let failure = try await failing {
                    try await client.send(.get(url).with { $0.trust = .only("\(folder.path)/ca.pem") })
                }
                #expect(failure.message.contains("expired"), "\(failure.message)")
            }
        }
    }

    @Test func aFileThatIsNotThereTrustsNobody() async throws {
        try await withSecureServer(TestAuthority()) { url, folder in
            try await withClient { client, _ in
                let failure = try await failing {
                    try await client.send(.get(url).with { $0.trust = .only("\(folder.path)/none.pem") })
                }
                #expect(failure.delivery == .notSent)
                #expect(failure.reason == .tls)
            }
        }
    }
}
