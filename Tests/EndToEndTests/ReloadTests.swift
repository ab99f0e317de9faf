import Crypto
import Emulators
import Glibc
import HTTP
import JSON
import Testing
import Threads

/// Another configuration under a gateway that serves, by the built program.
@Suite struct ReloadTests {
    /// A gateway on a file that the test changes.
    private struct Bench {
        let program: Program
        let gateway: Peer
        let folder: Folder

        func count(_ line: String) -> Int { program.errors.ranges(of: line).count }

        /// Has the file read again, and waits for what comes of it.
        func hangUp(_ line: String) async throws {
            let before = count(line)
            program.send(SIGHUP)
            _ = try await program.wait(for: line) { count(line) > before ? true : nil }
        }

        func comes(_ line: String, times: Int = 1) async throws {
            _ = try await program.wait(for: line) { count(line) >= times ? true : nil }
        }
    }

    private static let atWork = "the changed configuration is at work"
    private static let refused = "was refused as a whole"
    private static let nothingNew = "there is nothing new to take up"

    private func withBench(
        _ config: String,
        in folder: Folder,
        _ body: (Bench) async throws -> Void
    ) async throws {
        try folder.write(config, to: "soundgate.yaml")
        let program = try Program.gateway(["--config", "soundgate.yaml"], in: folder)
        defer { program.send(SIGKILL) }
        try await withClient { client in
            let gateway = try await program.peer(client, ready: "/readyz")
            try await body(Bench(program: program, gateway: gateway, folder: folder))
        }
        #expect(await program.stop() == 0, "\(program.errors)")
    }

    private static func bearer(_ name: String) -> Fields { ["Authorization": "Bearer \(name)-key"] }

    private static func config(clients: [String], _ more: String = "") -> String {
        let list = clients.map { "  - { name: \($0), key_sha256: \(SHA256.hash("\($0)-key").hex) }" }
        return (["clients:"] + list + [more]).joined(separator: "\n") + "\n"
    }

    // MARK: Under load

    @Test func noRequestFailsWhileTheConfigurationChanges() async throws {
        try await Folder.with { folder in
            try await withBench(Self.config(clients: ["stays", "old"]), in: folder) { bench in
                let isOver = Guarded(false)
                let answered = Guarded(0)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for worker in 0..<6 {
                        group.addTask {
                            while !isOver.withLock({ $0 }) {
                                let body: JSONValue = ["prompt": "click", "duration": 1, "seed": .number(1)]
                                let answer =
                                    worker % 2 == 0
                                    ? try await bench.gateway.get("/v1/sounds", fields: Self.bearer("stays"))
                                    : try await bench.gateway.post(
                                        "/v1/sounds",
                                        body,
                                        wait: 30,
                                        fields: Self.bearer("stays")
                                    )
                                #expect(answer.status == 200, "\(answer.json)")
                                answered.withLock { $0 += 1 }
                            }
                        }
                    }
                    for round in 0..<8 {
                        let before = answered.withLock { $0 }
                        let clients = round % 2 == 0 ? ["stays", "new"] : ["stays", "old"]
                        let limits = "server: { limits: { tasks: \(1000 + round) } }"
                        try folder.write(Self.config(clients: clients, limits), to: "soundgate.yaml")
                        try await bench.hangUp(Self.atWork)
                        for client in ["stays", "new", "old"] {
                            let answer = try await bench.gateway.get(
                                "/v1/sounds",
                                fields: Self.bearer(client)
                            )
                            #expect(answer.status == (clients.contains(client) ? 200 : 401), "\(client)")
                        }
                        _ = try await eventually("an answer") {
                            answered.withLock { $0 } > before + 4 ? true : nil
                        }
                    }
                    isOver.withLock { $0 = true }
                    try await group.waitForAll()
                }
                #expect(bench.program.errors.contains("server.limits.tasks"))
                #expect(bench.program.errors.contains("clients[new]"))
            }
        }
    }

    @Test func aBrokenFileChangesNothingAndItsProblemsAreTold() async throws {
        try await Folder.with { folder in
            try await withBench(Self.config(clients: ["stays"]), in: folder) { bench in
                func works(_ client: String) async throws -> Bool {
                    try await bench.gateway.get("/v1/sounds", fields: Self.bearer(client)).status == 200
                }
                let broken = Self.config(clients: ["new"], "routing: { max_attempts: many }")
                try folder.write(broken, to: "soundgate.yaml")
                try await bench.hangUp(Self.refused)
                #expect(bench.program.errors.contains("soundgate.yaml:3:26: routing.max_attempts: "))
                #expect(try await works("stays"))
                #expect(try await !works("new"))
                // Without clients it would be open to whoever listens at an address that is open already.
                for text in ["clients: [", "providers: { nobody: {} }\n"] {
                    try folder.write(text, to: "soundgate.yaml")
                    try await bench.hangUp(Self.refused)
                    #expect(try await works("stays"))
                }
                try folder.write(
                    Self.config(clients: ["new"], "storage: { sqlite: { path: other.db } }"),
                    to: "soundgate.yaml"
                )
                try await bench.hangUp(Self.atWork)
                #expect(try await works("new"))
                #expect(bench.program.errors.contains("a setting needs a restart to be taken up"))
                #expect(bench.program.errors.contains("storage.sqlite.path"))
                #expect(!folder.names.contains("other.db"))
            }
        }
    }

    @Test func aChangedFileIsTakenUpByItself() async throws {
        try await Folder.with { folder in
            try await withBench(Self.config(clients: ["old"]), in: folder) { bench in
                // Written in two steps, as an editor may: the half of it is no configuration to go by.
                let text = Self.config(clients: ["new", "other"])
                try folder.write(Self.config(clients: ["new", "other"]), to: "next.yaml")
                try folder.write(String(text.prefix(40)), to: "soundgate.yaml")
                try folder.write(text, to: "soundgate.yaml")
                try await bench.comes(Self.atWork)
                #expect(bench.count(Self.refused) == 0)
                let new = try await bench.gateway.get("/v1/sounds", fields: Self.bearer("other"))
                #expect(new.status == 200)
                // Another file in its place.
                try folder.write(Self.config(clients: ["third"]), to: "next.yaml")
                #expect(rename(folder.file("next.yaml"), folder.file("soundgate.yaml")) == 0)
                try await bench.comes(Self.atWork, times: 2)
                let third = try await bench.gateway.get("/v1/sounds", fields: Self.bearer("third"))
                #expect(third.status == 200)
            }
        }
    }

    // MARK: Keys

    private func config(_ doubles: Peer, key: String, vault: String = "") -> String {
        """
        \(vault)
        providers:
          sunoapi:
            base_url: \(doubles.address)/sunoapi
            credentials: [ { name: main, key: "\(key)" } ]
            polling: { first: 100ms, ceiling: 200ms }

        """
    }

    private func begin(_ bench: Bench) async throws -> (id: String, job: String) {
        let body: JSONValue = ["prompt": "rain", "provider": "sunoapi"]
        let created = try await bench.gateway.post("/v1/sounds", body)
        let id = try #require(created.json["id"]?.string, "\(created.json)")
        let job = try await eventually("a job") {
            try await bench.gateway.get("/v1/sounds/\(id)").json["attempts"]?[0]?["provider_task_id"]?.string
        }
        return (id, job)
    }

    /// Whether the vendor knows the job under a key: it shows jobs to the key that began them alone.
    private func isKnown(_ job: String, to key: String, _ doubles: Peer) async throws -> Bool {
        let path = "/sunoapi/api/v1/generate/record-info?taskId=\(job)"
        let answer = try await doubles.get(path, fields: ["Authorization": "Bearer \(key)"])
        return answer.json["code"]?.integer == 200
    }

    @Test func aTaskEndsOnTheKeyThatTookItAndTheNextOneBeginsWithTheNewOne() async throws {
        try await withDoubles(speed: 4) { doubles, _ in
            try await Folder.with { folder in
                try folder.write("key-one\n", to: "key")
                try await withBench(config(doubles, key: "${file:key}"), in: folder) { bench in
                    let first = try await begin(bench)
                    try folder.write("key-two\n", to: "key")
                    // Nobody tells it: a file that the configuration names is looked at too.
                    try await bench.comes(Self.atWork)
                    #expect(bench.program.errors.contains("providers.sunoapi.credentials[main].key"))
                    let shown = try await bench.gateway.get("/v1/providers/sunoapi").json["credentials"]?[0]
                    #expect(shown?["tasks_on_old_key"] == 1, "\(shown ?? .null)")
                    let second = try await begin(bench)
                    #expect(try await isKnown(first.job, to: "key-one", doubles))
                    #expect(try await !isKnown(first.job, to: "key-two", doubles))
                    #expect(try await isKnown(second.job, to: "key-two", doubles))
                    for task in [first, second] {
                        let ended = try await bench.gateway.ended(task.id)
                        #expect(ended["status"] == "succeeded", "\(ended)")
                    }
                    let after = try await bench.gateway.get("/v1/providers/sunoapi").json["credentials"]?[0]
                    #expect(after?["tasks_on_old_key"] == 0)
                    for key in ["key-one", "key-two"] { #expect(!bench.program.errors.contains(key)) }
                }
            }
        }
    }

    @Test func whatIsPutIntoTheVaultIsTakenUpAndAnotherVaultKeyIsNoInterruption() async throws {
        try await withDoubles(speed: 50) { doubles, _ in
            try await Folder.with { folder in
                func vault(_ words: [String], input: String? = nil) async throws {
                    let run = try await Program.run(
                        ["vault"] + words + ["--config", "soundgate.yaml"],
                        in: folder,
                        input: input
                    )
                    try #require(run.status == 0, "\(run.errors)")
                }
                let both = "vault: { key: [ \"${file:one.key}\", \"${file:two.key}\" ] }"
                try folder.write(String(repeating: "5a", count: 32) + "\n", to: "two.key")
                chmod(folder.file("two.key"), 0o600)
                let text = config(doubles, key: "${vault:suno}", vault: both)
                let single = text.replacing(both, with: "vault: { key: \"${file:one.key}\" }")
                try folder.write(single, to: "soundgate.yaml")
                try await vault(["init", "--key-file", "one.key"])
                try await vault(["set", "suno"], input: "key-one\n")
                try await withBench(single, in: folder) { bench in
                    _ = try await begin(bench)
                    try await vault(["set", "suno"], input: "key-two\n")
                    try await bench.comes(Self.atWork)
                    #expect(try await isKnown(try await begin(bench).job, to: "key-two", doubles))
                    // Rekeyed: first both keys, then the vault, and the gateway follows without a word.
                    try folder.write(text, to: "soundgate.yaml")
                    try await bench.comes(Self.atWork, times: 2)
                    try await vault(["rekey", "--new-key-file", "two.key"])
                    try await bench.comes(Self.nothingNew)
                    try await vault(["set", "suno"], input: "key-three\n")
                    try await bench.comes(Self.atWork, times: 3)
                    #expect(try await isKnown(try await begin(bench).job, to: "key-three", doubles))
                    #expect(bench.count(Self.refused) == 0, "\(bench.program.errors)")
                }
            }
        }
    }

    // MARK: HashiCorp Vault

    /// Lends a double of HashiCorp Vault, and its address.
    private func withVaultServer(_ body: (HashiCorpDouble, String) async throws -> Void) async throws {
        let double = HashiCorpDouble()
        double.change {
            $0.roles = ["role": "secret-id"]
            $0.secrets["secret/soundgate/suno"] = ["key": "key-one"]
        }
        try await withServer("hcv", { await double.respond(to: $0) }) { address in
            try await body(double, address)
        }
    }

    @Test func aKeyInHashiCorpVaultIsReadKeptThroughAnOutageAndRotated() async throws {
        try await withDoubles(speed: 50) { doubles, _ in
            try await withVaultServer { server, address in
                try await Folder.with { folder in
                    let section = """
                        vault:
                          hashicorp:
                            address: \(address)
                            role_id: role
                            secret_id: ${file:secret-id}
                            refresh: 1s
                            wait: 0s
                        """
                    try folder.write("secret-id\n", to: "secret-id")
                    let text = config(doubles, key: "${hcv:secret/soundgate/suno#key}", vault: section)
                    // A start without the server says what is missing, and why.
                    server.change { $0.isSealed = true }
                    try folder.write(text, to: "soundgate.yaml")
                    let run = try await Program.run(["serve", "--config", "soundgate.yaml"], in: folder)
                    #expect(run.status == 69, "it may be tried again")
                    #expect(run.errors.contains("secret/soundgate/suno#key cannot be read"), "\(run.errors)")
                    #expect(run.errors.contains("sealed (503)"))
                    server.change { $0.isSealed = false }
                    try await withBench(text, in: folder) { bench in
                        #expect(try await isKnown(try await begin(bench).job, to: "key-one", doubles))
                        server.change { $0.secrets["secret/soundgate/suno"] = ["key": "key-two"] }
                        try await bench.comes(Self.atWork)
                        #expect(try await isKnown(try await begin(bench).job, to: "key-two", doubles))
                        // Down: what is read again meanwhile goes by the last good value.
                        server.change { $0.isBroken = true }
                        try folder.write(text + "routing: { max_attempts: 2 }\n", to: "soundgate.yaml")
                        try await bench.hangUp(Self.atWork)
                        #expect(bench.program.errors.contains("the last good values stay"))
                        #expect(try await isKnown(try await begin(bench).job, to: "key-two", doubles))
                        server.change {
                            $0.isBroken = false
                            $0.secrets["secret/soundgate/suno"] = ["key": "key-three"]
                        }
                        try await bench.comes(Self.atWork, times: 3)
                        #expect(try await isKnown(try await begin(bench).job, to: "key-three", doubles))
                        // Taken away is an answer: the reading is refused, and the gateway goes on as it was.
                        server.change { $0.secrets = [:] }
                        try await bench.hangUp(Self.refused)
                        #expect(bench.program.errors.contains("has no such secret (404)"))
                        #expect(try await isKnown(try await begin(bench).job, to: "key-three", doubles))
                        for secret in ["key-one", "key-two", "key-three", "secret-id=", "hvs."] {
                            #expect(!bench.program.errors.contains(secret), "\(secret)")
                        }
                    }
                }
            }
        }
    }
}
