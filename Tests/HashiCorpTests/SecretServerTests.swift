import Crypto
import Emulators
import EventLoop
import HTTP
import HTTPClient
import HTTPServer
import HashiCorp
import JSON
import Sound
import Telemetry
import Testing
import Threads
import Timing

/// The machine's clocks, with a note of what was waited for.
private struct NotedTime: Timekeeper {
    let spans = Guarded<[Duration]>([])

    var moment: Moment { SystemTime().moment }
    var instant: UInt64 { SystemTime().instant }

    func wake(on loop: EventLoop, after span: Duration, _ body: @escaping @Sendable () -> Void) {
        spans.withLock { $0.append(span) }
        SystemTime().wake(on: loop, after: span, body)
    }
}

@Suite("A server of HashiCorp Vault", .timeLimit(.minutes(5)))
struct SecretServerTests {
    private static let key = SecretName(mount: "secret", path: "soundgate/suno", field: "key")
    private static let other = SecretName(mount: "secret", path: "soundgate/suno", field: "other")
    private static let role = SecretServer.Login.role(mount: "approle", id: Secret("r"), secret: Secret("s"))

    /// A double on loopback, and a way to make servers that ask it.
    private struct Bench {
        let double = HashiCorpDouble()
        let log = LogMemory()
        let loop: EventLoop
        let client: HTTPClient
        let address: String

        func server(
            _ login: SecretServer.Login = .token(Secret("t")),
            namespace: String? = nil,
            refresh: Duration = .seconds(300),
            time: any Timekeeper = SystemTime()
        ) -> SecretServer {
            SecretServer(
                .init(address: address, login: login, namespace: namespace, refresh: refresh),
                loop: loop,
                client: client,
                time: time,
                log: Log(level: .debug, sink: log)
            )
        }

        func paths() -> [String] { double.calls.map { String($0.path.dropFirst("/v1/".count)) } }
    }

    private func withBench(_ body: (Bench) async throws -> Void) async throws {
        let loop = try EventLoop(name: "hcv")
        try loop.start()
        let client = HTTPClient(loops: [loop])
        let handler = Guarded<HashiCorpDouble?>(nil)
        let http = Server(addresses: [.tcp(host: "127.0.0.1", port: 0)], loops: [loop]) { request in
            guard let double = handler.withLock({ $0 }) else { return Response(.notFound) }
            return await double.respond(to: request)
        }
        let port = try await http.start()[0].port ?? 0
        let bench = Bench(loop: loop, client: client, address: "http://127.0.0.1:\(port)")
        handler.withLock { $0 = bench.double }
        bench.double.change {
            $0.tokens = ["t"]
            $0.roles = ["r": "s"]
            $0.secrets["secret/soundgate/suno"] = ["key": "one", "other": "two", "number": 3, "empty": ""]
        }
        let outcome: Result<Void, any Error>
        do { outcome = .success(try await body(bench)) } catch { outcome = .failure(error) }
        await http.stop(within: .seconds(1))
        await client.shutdown()
        loop.stop()
        try outcome.get()
    }

    private func value(_ server: SecretServer, _ name: SecretName = key) async -> String {
        switch await server.values(of: [name])[name] {
        case .success(let secret)?: secret.reveal { $0 }
        case .failure(let failure)?: "\(failure)"
        case nil: "nothing"
        }
    }

    @Test("fields of one secret take one call, with the token and the namespace")
    func fields() async throws {
        try await withBench { bench in
            bench.double.change { $0.namespace = "team" }
            let values = await bench.server(namespace: "team").values(of: [Self.key, Self.other])
            #expect(values[Self.key] == .success(Secret("one")))
            #expect(values[Self.other] == .success(Secret("two")))
            #expect(bench.paths() == ["auth/token/lookup-self", "secret/data/soundgate/suno"])
            #expect(bench.double.calls.allSatisfy { $0.isKnown && $0.namespace == "team" })
        }
    }

    @Test(
        "what is wrong is told apart",
        arguments: [
            ("soundgate/none", "key", ServerFailure.missing), ("soundgate/gone", "key", .missing),
            ("soundgate/suno", "nothing", .noField), ("soundgate/suno", "number", .notText),
            ("soundgate/suno", "empty", .notText), ("soundgate/closed", "key", .denied),
        ]
    )
    func failures(path: String, field: String, failure: ServerFailure) async throws {
        try await withBench { bench in
            bench.double.change {
                $0.secrets["secret/soundgate/gone"] = [:]
                $0.secrets["secret/soundgate/closed"] = ["key": "x"]
                $0.denied = ["secret/soundgate/closed"]
            }
            let name = SecretName(mount: "secret", path: path, field: field)
            #expect(await value(bench.server(), name) == "\(failure)")
            #expect(await value(bench.server(Self.role), name) == "\(failure)")
        }
    }

    @Test("a wrong token and a wrong role are told apart from what they would read")
    func logins() async throws {
        try await withBench { bench in
            #expect(await value(bench.server(.token(Secret("bad")))) == "denied")
            let role = SecretServer.Login.role(mount: "approle", id: Secret("r"), secret: Secret("bad"))
            #expect(await value(bench.server(role)) == "loginRefused")
            #expect(await value(bench.server(Self.role)) == "one")
        }
    }

    @Test("the last good value stays through an outage, counted and said, and a new one does not")
    func outage() async throws {
        try await withBench { bench in
            let server = bench.server()
            #expect(await value(server) == "one")
            bench.double.change { $0.isSealed = true }
            #expect(await value(server) == "one")
            #expect(await value(server, SecretName(mount: "secret", path: "new", field: "key")) == "sealed")
            bench.double.change {
                $0.isSealed = false
                $0.isBroken = true
            }
            #expect(await value(server) == "one")
            #expect(await server.counts.stale == 2)
            bench.double.change {
                $0.isBroken = false
                $0.secrets["secret/soundgate/suno"]?["key"] = "three"
            }
            #expect(await value(server) == "three")
            let lines = bench.log.lines.map { "\($0.message)" }
            #expect(lines.contains("the secret server does not answer; the last good values stay"))
            #expect(lines.last == "the secret server answers again")
            // A refusal is an answer: what was taken away is not given any more.
            bench.double.change { $0.secrets = [:] }
            #expect(await value(server) == "missing")
        }
    }

    @Test("nobody there is an outage, and a start that waits gets through it")
    func patience() async throws {
        try await withBench { bench in
            bench.double.change { $0.isSealed = true }
            let server = bench.server()
            async let values = server.values(of: [Self.key], patience: .seconds(60))
            while bench.double.calls.count < 2 { await Task.yield() }
            bench.double.change { $0.isSealed = false }
            let found = await values
            #expect(found[Self.key] == .success(Secret("one")))
            let nobody = SecretServer(
                .init(address: "http://127.0.0.1:1", login: .token(Secret("t"))),
                loop: bench.loop,
                client: bench.client,
                time: SystemTime(),
                log: Log(level: .debug, sink: bench.log)
            )
            #expect(await value(nobody).hasPrefix("unreachable"))
        }
    }

    @Test("a token is renewed before its end, and replaced by a login when it cannot be renewed any more")
    func renewal() async throws {
        try await withBench { bench in
            bench.double.change {
                $0.lease = 5
                $0.renewals = 1
            }
            let time = NotedTime()
            let server = bench.server(Self.role, time: time)
            #expect(await value(server) == "one")
            let keeping = Task { await server.keepFresh {} }
            while bench.paths().count(where: { $0 == "auth/approle/login" }) < 2 {
                try await Task.sleep(for: .milliseconds(10))
            }
            keeping.cancel()
            await keeping.value
            #expect(bench.paths().contains("auth/token/renew-self"))
            // By what it set out to do: a busy machine may still miss the end of a token.
            let naps = time.spans.withLock(\.self)
            #expect(!naps.isEmpty && naps.allSatisfy { $0 < .seconds(5) })
        }
    }

    @Test("a token that was revoked is replaced by a login")
    func revoked() async throws {
        try await withBench { bench in
            let server = bench.server(Self.role)
            #expect(await value(server) == "one")
            bench.double.change { $0.revokeAll() }
            #expect(await value(server) == "one")
            #expect(await server.counts.logins == 2)
        }
    }

    @Test("a value that is changed there is told of, one that is the same is not")
    func refresh() async throws {
        try await withBench { bench in
            let server = bench.server(refresh: .milliseconds(20))
            #expect(await value(server) == "one")
            let (news, sender) = AsyncStream.makeStream(of: Void.self)
            let keeping = Task { await server.keepFresh { sender.yield() } }
            while bench.double.calls.count < 6 { try await Task.sleep(for: .milliseconds(5)) }
            bench.double.change { $0.secrets["secret/soundgate/suno"]?["key"] = "four" }
            var iterator = news.makeAsyncIterator()
            await iterator.next()
            #expect(await value(server) == "four")
            keeping.cancel()
            await keeping.value
            sender.finish()
            let more: Void? = await iterator.next()
            #expect(more == nil, "once")
        }
    }

    @Test("no line of the log holds a value, a token or an id")
    func silence() async throws {
        try await withBench { bench in
            bench.double.change {
                $0.roles = ["role-known": "id-known"]
                $0.secrets["secret/soundgate/suno"] = ["key": "value-known"]
            }
            let login = SecretServer.Login.role(
                mount: "approle",
                id: Secret("role-known"),
                secret: Secret("id-known")
            )
            let server = bench.server(login)
            #expect(await value(server) == "value-known")
            _ = await value(server, Self.other)
            bench.double.change { $0.isSealed = true }
            _ = await value(server)
            let text = bench.log.lines.map { "\($0)" }.joined()
            #expect(!bench.log.lines.isEmpty)
            for secret in ["role-known", "id-known", "value-known", "hvs.double"] {
                #expect(!text.contains(secret))
            }
        }
    }
}
