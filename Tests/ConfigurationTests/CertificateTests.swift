import Configuration
import Testing

private let digest = String(repeating: "0f", count: 32)

/// Certificate files in which something is wrong.
private let broken = CertificateInspection(
    listener: { tls in
        guard tls.certificate != "etc/good.crt" else { return nil }
        return ("private_key", Malformed("\(tls.privateKey) does not belong to it", remedy: "name the other"))
    },
    authorities: { path in
        path == "/good.pem" ? nil : Malformed("\(path) holds no certificate", remedy: "add one")
    }
)

@Suite struct CertificateTests {
    @Test func pathsStartAtTheFilesFolder() throws {
        let text = """
            server:
              tls:
                certificate: tls/server.crt
                private_key: /run/secrets/tls.key
                client_ca: clients.pem
                client_certificates: request
                redirect: 0.0.0.0:8081
            providers: { builtin: { ca: internal.pem } }
            """
        let configuration = try load(text, fileName: "etc/soundgate.yaml")
        let tls = try #require(configuration.server.tls)
        #expect(tls.certificate == "etc/tls/server.crt")
        #expect(tls.privateKey == "/run/secrets/tls.key")
        #expect(tls.clientCA == "etc/clients.pem")
        #expect(tls.clientCertificates == .request)
        #expect(tls.redirect == .tcp(address: "0.0.0.0", port: 8081))
        #expect(configuration.providers.first?.ca == "etc/internal.pem")
        #expect(configuration.server.seesClientCertificates)
    }

    @Test func withoutItThereIsNone() throws {
        let configuration = try load("server: {threads: 1}")
        #expect(configuration.server.tls == nil)
        #expect(!configuration.server.seesClientCertificates)
    }

    @Test(arguments: [
        Mistake("server: {tls: {private_key: b}}", "1:15: server.tls.certificate: is missing; add it: "),
        Mistake(
            "server: {tls: {certificate: a, private_key: b, client_certificates: require}}",
            "1:69: server.tls.client_certificates: asks for certificates, and nobody is named who vouches for them; add "
        ),
        Mistake(
            "server: {tls: {certificate: a, private_key: b, client_ca: c}}",
            "1:59: server.tls.client_ca: is of no use: clients are not asked for certificates; add "
        ),
        Mistake(
            "server: {tls: {certificate: a, private_key: b, redirect: 'unix:/s'}}",
            "1:58: server.tls.redirect: is a Unix socket, which speaks no TLS to redirect to; write ADDRESS:PORT"
        ),
        Mistake(
            "clients: [{name: a, key_sha256: \(digest), certificates: ['DNS:w']}]",
            "1:113: clients[0].certificates: is of no use: nobody is asked for a certificate; add client_ca"
        ),
    ])
    func mistakesAreTold(_ mistake: Mistake) {
        let found = lines(mistake.text)
        #expect(found.count == mistake.lines.count)
        for (line, beginning) in zip(found, mistake.lines) {
            #expect(line.hasPrefix("f.yaml:\(beginning)"), "\(line)")
        }
    }

    @Test func whatIsWrongWithAFileIsToldWhereItIsNamed() {
        #expect(
            lines(
                "server: {tls: {certificate: a.crt, private_key: b.key}}",
                fileName: "etc/c.yaml",
                certificates: broken
            ) == [
                "etc/c.yaml:1:49: server.tls.private_key: etc/b.key does not belong to it; name the other"
            ]
        )
        #expect(
            lines(
                "server: {tls: {certificate: good.crt, private_key: b.key}}",
                fileName: "etc/c.yaml",
                certificates: broken
            ) == []
        )
        #expect(
            lines("providers: {builtin: {ca: bad.pem}}", certificates: broken) == [
                "f.yaml:1:27: providers.builtin.ca: bad.pem holds no certificate; add one"
            ]
        )
        #expect(lines("providers: {builtin: {ca: /good.pem}}", certificates: broken) == [])
    }

    @Test func aClientWithACertificateNeedsNoKey() {
        let tls =
            "server: {tls: {certificate: a, private_key: b, client_ca: c, client_certificates: request}}"
        #expect(lines("\(tls)\nclients: [{ name: a, certificates: ['DNS:worker.internal'] }]") == [])
        #expect(lines("\(tls)\nclients: [{ name: a, certificates: [] }]").count == 1)
    }

    @Test func aCertificateStandsForOneClient() {
        let tls =
            "server: {tls: {certificate: a, private_key: b, client_ca: c, client_certificates: request}}"
        let found = lines(
            """
            \(tls)
            clients:
              - { name: a, key_sha256: "\(digest)", certificates: ["DNS:worker.internal"] }
              - { name: b, key_sha256: "\(String(digest.reversed()))", certificates: ["dns:Worker.Internal"] }
            """
        )
        #expect(found.count == 1)
        #expect(
            found.first?.contains("DNS:worker.internal is already taken by clients[0]") == true,
            "\(found)"
        )
    }

    @Test(arguments: [
        (digest, "sha256:\(digest)"), ("SHA256:\(digest.uppercased())", "sha256:\(digest)"),
        (Array(repeating: "0F", count: 32).joined(separator: ":"), "sha256:\(digest)"),
        ("dns:Worker.Internal", "DNS:worker.internal"),
        ("URI:spiffe://House/Worker", "URI:spiffe://House/Worker"),
    ])
    func matchesAreReadAsOpenSSLWritesThem(_ text: String, _ description: String) throws {
        #expect(try CertificateMatch(parsing: text).description == description)
    }

    @Test(arguments: [
        "", "worker", "DNS:", "DNS:*.internal", "DNS:a b", "URI:", "URI:worker", "URI:a:\u{e9}", "sha256:0f",
        "IP:10.0.0.1",
    ])
    func whatIsNoMatchIsRefused(_ text: String) {
        #expect(throws: Malformed.self) { try CertificateMatch(parsing: text) }
    }
}
