import Configuration
import Testing

@Suite("Taking up a changed configuration")
struct ReloadTests {
    private static let text = """
        server: { listen: "0.0.0.0:8080", limits: { tasks: 10 } }
        clients:
          - { name: one, key_sha256: "\(String(repeating: "1", count: 64))" }
          - { name: two, key_sha256: "\(String(repeating: "2", count: 64))" }
        providers:
          suno:
            adapter: sunoapi
            credentials:
              - { name: a, key: "${env:A}" }
              - { name: b, key: "${env:B}" }
        """

    private static let environment = ["A": "secret-a", "B": "secret-b", "C": "secret-c"]

    private func decision(
        _ old: String = ReloadTests.text,
        _ new: String,
        environment: [String: String] = ReloadTests.environment
    ) throws -> ReloadDecision {
        ReloadDecision(
            running: try load(old, environment: Self.environment),
            read: try load(new, environment: environment),
            adapters: adapters
        )
    }

    /// What was taken up and what waits.
    private func changes(_ decision: ReloadDecision) -> (taken: [String], waiting: [String]) {
        switch decision {
        case .unchanged(let waiting): ([], waiting.map(\.description))
        case .refused: (["refused"], [])
        case .take(_, let taken, let waiting): (taken.map(\.description), waiting.map(\.description))
        }
    }

    @Test(
        "each thing that differs is named, and its value is not",
        arguments: [
            ("tasks: 10", "tasks: 11", ["server.limits.tasks changed"]),
            ("name: two", "name: three", ["clients[three] added", "clients[two] removed"]),
            ("name: one", "admin: true, name: one", ["clients[one].admin changed"]),
            ("${env:B}", "${env:C}", ["providers.suno.credentials[b].key changed"]),
            (
                "name: b,", "name: b, rate_limit: 5/s,",
                ["providers.suno.credentials[b].rate_limit added"]
            ),
            (
                "- { name: b, key: \"${env:B}\" }", "- { name: c, key: \"${env:C}\" }",
                ["providers.suno.credentials[c] added", "providers.suno.credentials[b] removed"]
            ),
            ("  suno:", "  musicgpt: { enabled: false }\n  suno:", ["providers.musicgpt added"]),
            ("  suno:", "  other:", ["providers.other added", "providers.suno removed"]),
            (
                "adapter: sunoapi", "adapter: sunoapi\n    base_url: https://x.example",
                ["providers.suno.base_url added"]
            ),
            ("server:", "routing: { preference: [suno] }\nserver:", ["routing.preference changed"]),
            ("server:", "webhooks: { allow: [10.0.0.0/8] }\nserver:", ["webhooks.allow changed"]),
            ("server:", "assets: { retention: 1d }\nserver:", ["assets.retention changed"]),
            ("server:", "log: { level: debug }\nserver:", ["log.level changed"]),
            ("server:", "log: { modules: { Tasks: debug } }\nserver:", ["log.modules.Tasks added"]),
            ("server:", "log: { repeats: 1 }\nserver:", ["log.repeats changed"]),
            (
                "server:", "tracing: { otlp: { endpoint: \"http://c.example/v1/traces\" } }\nserver:",
                ["tracing added"]
            ),
        ]
    )
    func live(old: String, new: String, expected: [String]) throws {
        let changed = changes(try decision(Self.text.replacing(old, with: new)))
        #expect(changed.taken == expected)
        #expect(changed.waiting == [])
    }

    private func decision(_ new: String) throws -> ReloadDecision { try decision(Self.text, new) }

    @Test(
        "what needs a restart is named, and stays as it is beside what is taken up",
        arguments: [
            ("8080", "8081", "server.listen changed"),
            ("limits: {", "threads: 2, limits: {", "server.threads added"),
            ("limits: {", "limits: { connections: 7,", "server.limits.connections changed"),
            ("limits: {", "timeouts: { idle: 5s }, limits: {", "server.timeouts.idle changed"),
            ("server:", "storage: { sqlite: { path: x.db } }\nserver:", "storage.sqlite.path changed"),
            ("server:", "assets: { directory: x }\nserver:", "assets.directory changed"),
        ]
    )
    func restart(old: String, new: String, expected: String) throws {
        let text = Self.text.replacing(old, with: new)
        guard case .unchanged(let waiting) = try decision(text) else {
            Issue.record("it is taken up")
            return
        }
        #expect(waiting.map(\.description) == [expected])
        #expect(waiting.map(\.needsRestart) == [true])
        let both = try decision(text.replacing("tasks: 10", with: "tasks: 11"))
        guard case .take(let next, let taken, _) = both else {
            Issue.record("nothing is taken up")
            return
        }
        #expect(taken.map(\.path) == ["server.limits.tasks"])
        var expected = try load(Self.text, environment: Self.environment)
        expected.server.limits.tasks = 11
        #expect(next == expected)
    }

    @Test("another value behind a reference that reads the same is a change, and an equal one is none")
    func values() throws {
        #expect(changes(try decision(Self.text)) == ([], []))
        var environment = Self.environment
        environment["A"] = "another"
        let changed = changes(try decision(Self.text, Self.text, environment: environment))
        #expect(changed.taken == ["providers.suno.credentials[a].key changed"])
    }

    @Test("who may call is held against the address that is listened on, not the one in the file")
    func exposure() throws {
        let text = "providers: {}"
        guard case .refused(let problem) = try decision(text) else {
            Issue.record("anybody could call a gateway that had clients")
            return
        }
        #expect(problem.path == "server.listen")
    }

    // MARK: Files

    private func stamp(_ size: Int64) -> FileWatch.Stamp {
        FileWatch.Stamp(device: 1, inode: 1, size: size, modified: size, changed: size)
    }

    @Test("a file is read when it has changed and looks the same twice")
    func settling() {
        var watch = FileWatch(["a": stamp(1)])
        let looks = [1, 1, 2, 3, 3, 3].map { size in watch.isSettledChange(["a": stamp(size)]) }
        #expect(looks == [false, false, false, false, true, true])
        watch.wasRead(["a": stamp(3)])
        let again = watch.isSettledChange(["a": stamp(3)])
        #expect(!again)
    }

    @Test("a file that is gone or back, and one that comes to the others, are changes")
    func coming() {
        for now: FileWatch.Looks in [[:], ["a": stamp(1), "b": stamp(1)]] {
            var watch = FileWatch(["a": stamp(1)])
            let looks = [watch.isSettledChange(now), watch.isSettledChange(now)]
            #expect(looks == [false, true])
        }
    }
}
