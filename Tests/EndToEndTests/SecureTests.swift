import AudioFile
import Crypto
import EventLoop
import Glibc
import HTTP
import HTTPClient
import HTTPServer
import JSON
import TLS
import TLSTestSupport
import Testing
import Threads

/// A gateway that serves HTTPS, as its operator and its clients see it.
@Suite struct SecureTests {
    /// The files of a gateway in a folder of its own.
    private struct House {
        let folder: Folder
        let authority = TestAuthority()
        let clients = TestAuthority("Clients")
        let port: LoopbackPort
        let config: String

        /// Writes the files; `tls` and `rest` are more lines of `server.tls` and of the whole.
        init(in folder: Folder, tls: [String] = [], rest: String = "") throws {
            self.folder = folder
            port = try LoopbackPort()
            try folder.write(authority.pem, to: "ca.pem")
            try folder.write(clients.pem, to: "clients.pem")
            let lines = ["certificate: tls.crt", "private_key: tls.key"] + tls
            let text = """
                server:
                  tls:
                \(lines.map { "    \($0)\n" }.joined())
                \(rest)
                """
            config = try folder.write(text, to: "soundgate.yaml")
            try write(authority.identity(.loopback))
        }

        func write(_ identity: TestAuthority.Identity) throws {
            try folder.write(identity.certificate, to: "tls.crt")
            try folder.write(identity.key, to: "tls.key")
            chmod(folder.file("tls.key"), 0o600)
        }

        var offer: TestClient.Offer {
            var offer = TestClient.Offer()
            offer.authority = authority.pem
            return offer
        }

        func offer(as subject: TestAuthority.Subject) -> TestClient.Offer {
            var offer = offer
            offer.identity = clients.identity(subject)
            return offer
        }

        /// One request on a connection of its own.
        func ask(_ path: String, key: String? = nil, as offer: TestClient.Offer) async throws
            -> SecureExchange
        {
            let field = key.map { "Authorization: Bearer \($0)\r\n" } ?? ""
            return try await SecureExchange.with(
                port: port.number,
                offer,
                "GET \(path) HTTP/1.1\r\nHost: localhost:\(port.number)\r\n\(field)Connection: close\r\n\r\n"
            )
        }
    }

    private func withHouse(
        tls: [String] = [],
        rest: String = "",
        _ body: (House, Program, Peer) async throws -> Void
    ) async throws {
        try await Folder.with { folder in
            let house = try House(in: folder, tls: tls, rest: rest)
            let program = try Program.gateway(
                ["--config", house.config],
                in: folder,
                port: house.port.number
            )
            defer { program.send(SIGKILL) }
            var configuration = HTTPClient.Configuration()
            configuration.certificateAuthorities = folder.file("ca.pem")
            try await withClient(configuration) { client in
                let peer = Peer(address: "https://127.0.0.1:\(house.port.number)", client: client)
                try await program.wait(for: "an answer") {
                    do {
                        return try await peer.get("/readyz").status == 200 ? () : nil
                    } catch is TransportFailure {
                        return nil
                    }
                }
                try await body(house, program, peer)
            }
            #expect(await program.stop() == 0, "\(program.errors)")
        }
    }

    @Test func aSoundIsMadeAndFetchedByHTTPS() async throws {
        try await withHouse { house, program, peer in
            #expect(program.errors.contains("https://127.0.0.1:\(house.port.number)"))
            let task = try await peer.sound(["prompt": "click", "duration": 1])
            #expect(
                task["outputs"]?[0]?["url"]?.string?.hasPrefix("\(peer.address)/v1/sounds/") == true,
                "\(task)"
            )
            let recording = try Recording(try await peer.audio(0, of: task, in: house.folder))
            #expect(recording.inspection.duration == 1)
        }
    }

    @Test func theCommandLineIsToldWhomToBelieve() async throws {
        try await withHouse { house, _, peer in
            let words = ["providers", "--server", peer.address]
            let stranger = try await Program.run(words, in: house.folder)
            #expect(stranger.status == 69)
            #expect(stranger.errors.contains("is not trusted") && stranger.errors.contains("--ca FILE"))
            let told = try await Program.run(words + ["--ca", "ca.pem"], in: house.folder)
            #expect(told.status == 0, "\(told.errors)")
            #expect(told.output.contains("builtin"))
            let environment = ["SSL_CERT_FILE": house.folder.file("ca.pem")]
            let inherited = try await Program.run(words, in: house.folder, environment: environment)
            #expect(inherited.status == 0, "\(inherited.errors)")
            let missing = try await Program.run(words + ["--ca", "none.pem"], in: house.folder)
            #expect(missing.status == 66)
            #expect(missing.errors.contains("none.pem cannot be read"))
            let sound = [
                "sound", "click", "--duration", "1", "-o", "a.wav", "--ca", "ca.pem", "--server",
                peer.address,
            ]
            let made = try await Program.run(sound, in: house.folder)
            #expect(made.status == 0, "\(made.errors)")
            #expect(house.folder.names.contains("a.wav"))
        }
    }

    // MARK: Client certificates

    @Test func aCertificateStandsForItsClient() async throws {
        let worker = TestAuthority.Subject("worker", names: ["URI:spiffe://house/worker"])
        let other = TestAuthority.Subject("other", names: ["DNS:other.internal"])
        let rest = """
            clients:
              - name: worker
                key_sha256: \(Hex.encode(SHA256.hash("worker-key").bytes))
                certificates: [ "URI:spiffe://house/worker" ]
              - name: other
                key_sha256: \(Hex.encode(SHA256.hash("other-key").bytes))
            """
        let tls = ["client_ca: clients.pem", "client_certificates: request"]
        try await withHouse(tls: tls, rest: rest) { house, _, _ in
            let path = "/v1/providers"
            for (offer, key, status) in [
                (house.offer(as: worker), nil, 200), (house.offer(as: worker), "worker-key", 200),
                (house.offer(as: worker), "other-key", 401), (house.offer(as: other), nil, 401),
                (house.offer(as: other), "other-key", 200), (house.offer, nil, 401),
                (house.offer, "worker-key", 200),
            ] as [(TestClient.Offer, String?, Int)] {
                let exchange = try await house.ask(path, key: key, as: offer)
                #expect(exchange.answer.hasPrefix("HTTP/1.1 \(status) "), "\(exchange)")
            }
            var stranger = house.offer
            stranger.identity = TestAuthority("Clients").identity(worker)
            let refused = try await house.ask(path, as: stranger)
            #expect(refused.answer.isEmpty)
            #expect(refused.failure != nil)
        }
    }

    // MARK: Reloading

    @Test func certificatesAreReplacedUnderLoad() async throws {
        try await withHouse { house, program, peer in
            let isOver = Guarded(false)
            let wrongs = Guarded<[String]>([])
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<3 {
                    // Connections that stay open through all of it, and ones that are made anew each time.
                    group.addTask {
                        var count = 0
                        while !isOver.withLock({ $0 }) {
                            let answer = try await peer.get("/healthz")
                            if answer.status != 200 { wrongs.withLock { $0.append("\(answer.status)") } }
                            count += 1
                        }
                        return count
                    }
                    group.addTask {
                        var count = 0
                        while !isOver.withLock({ $0 }) {
                            let exchange = try await house.ask("/healthz", as: house.offer)
                            if !exchange.answer.hasPrefix("HTTP/1.1 200 ") || exchange.failure != nil {
                                wrongs.withLock { $0.append("\(exchange)") }
                            }
                            count += 1
                        }
                        return count
                    }
                }
                for _ in 0..<5 {
                    let next = house.authority.identity(.loopback)
                    try house.write(next)
                    program.send(SIGHUP)
                    try await program.wait(for: "the new certificate") {
                        try await house.ask("/healthz", as: house.offer).fingerprint == next.fingerprint
                            ? () : nil
                    }
                }
                isOver.withLock { $0 = true }
                for try await count in group { #expect(count > 0) }
            }
            #expect(wrongs.withLock { $0 } == [])
        }
    }

    @Test func aBadPairChangesNothingAndIsTold() async throws {
        try await withHouse { house, program, _ in
            let before = try await house.ask("/healthz", as: house.offer).fingerprint
            try house.folder.write(house.authority.identity(.loopback).key, to: "tls.key")
            program.send(SIGHUP)
            try await program.wait(for: "its refusal") {
                program.errors.contains("does not belong to the certificate") ? () : nil
            }
            let after = try await house.ask("/healthz", as: house.offer)
            #expect(after.fingerprint == before)
            #expect(after.answer.hasPrefix("HTTP/1.1 200 "))
        }
    }

    // MARK: The plain port

    @Test func thePlainPortOnlyRedirects() async throws {
        let plain = try LoopbackPort()
        try await withHouse(tls: ["redirect: 127.0.0.1:\(plain.number)"]) { house, _, peer in
            let port = Peer(address: plain.origin, client: peer.client)
            let answer = try await port.get("/v1/sounds?limit=2")
            #expect(answer.status == 308)
            #expect(answer.fields["Location"] == "https://127.0.0.1:\(house.port.number)/v1/sounds?limit=2")
            let posted = try await port.post("/v1/sounds", ["prompt": "click"])
            #expect(posted.status == 308)
        }
    }

    // MARK: The configuration

    @Test func theCheckLooksIntoTheFiles() async throws {
        try await Folder.with { folder in
            let house = try House(in: folder, rest: "providers: { builtin: { ca: none.pem } }")
            try folder.write(house.authority.identity(.loopback).key, to: "tls.key")
            let bad = try await Program.run(["config", "check", "soundgate.yaml"], in: folder)
            #expect(bad.status == 78)
            let lines = bad.output.split(separator: "\n")
            #expect(lines.count == 2, "\(bad.output)")
            let first =
                "soundgate.yaml:4:18: server.tls.private_key: tls.key does not belong to the certificate in tls.crt"
            #expect(lines.first?.hasPrefix(first) == true, "\(bad.output)")
            let last =
                "soundgate.yaml:6:29: providers.builtin.ca: none.pem cannot be read (No such file or directory)"
            #expect(lines.last?.hasPrefix(last) == true, "\(bad.output)")
            try folder.write(house.authority.pem, to: "none.pem")
            try house.write(house.authority.identity(.loopback.during(-7200, -3600)))
            chmod(folder.file("tls.key"), 0o644)
            let warned = try await Program.run(["config", "check", house.config], in: folder)
            #expect(warned.status == 0, "\(warned.errors)")
            #expect(warned.errors.contains("whose time is over"))
            #expect(warned.errors.contains("has mode 644"))
        }
    }

    // MARK: Vendors

    @Test func aVendorIsBelievedByItsOwnAuthorityOnly() async throws {
        let authority = TestAuthority("Vendor")
        let files = try TestFolder()
        let paths = try files.write(authority.identity(.loopback))
        let loop = try EventLoop(name: "vendor")
        try loop.start()
        let calls = Guarded(0)
        let vendor = Server(
            addresses: [.tcp(host: "127.0.0.1", port: 0)],
            identity: try TLSIdentity(TLSFiles(certificate: paths.certificate, privateKey: paths.key)),
            loops: [loop],
            handler: { _ in
                calls.withLock { $0 += 1 }
                return Response(
                    .ok,
                    contentType: "application/json",
                    Array(#"{"code":401,"msg":"no","data":null}"#.utf8)
                )
            }
        )
        let port = try await vendor.start().first?.port ?? 0
        try files.write(authority.pem, to: "right.pem")
        try files.write(TestAuthority("Another").pem, to: "wrong.pem")
        for (file, code) in [("right.pem", "provider_auth"), ("wrong.pem", "provider_unavailable")] {
            let before = calls.withLock { $0 }
            let config = """
                providers:
                  sunoapi:
                    base_url: https://127.0.0.1:\(port)
                    ca: \(files.path)/\(file)
                    credentials: [ { name: main, key: test } ]
                  builtin: { enabled: false }
                """
            try await withGateway(config: config) { gateway, _ in
                let task = try await gateway.sound(["prompt": "click", "deadline": 20])
                #expect(task["status"]?.string == "failed")
                let error = task["attempts"]?[0]?["error"]
                #expect(error?["code"]?.string == code, "\(task)")
                guard file == "wrong.pem" else { return }
                let message = error?["message"]?.string ?? ""
                #expect(message.contains("the certificate of 127.0.0.1 is not trusted"), "\(message)")
            }
            #expect((calls.withLock { $0 } > before) == (file == "right.pem"))
        }
        await vendor.stop(within: .zero)
        loop.stop()
    }
}
