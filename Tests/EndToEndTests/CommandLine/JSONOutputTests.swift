import Glibc
import JSON
import PostgresTestSupport
import S3TestSupport
import Testing

/// `--json`: every command that shows something to a person has it, and prints what `soundgate help json` says.
@Suite struct JSONOutputTests {
    /// Commands that show nothing that a program would want to read, or whose result is a document already.
    private static let without = [
        "serve", "emulate", "config schema", "completions", "man",
    ]

    @Test func everyCommandThatReportsHasTheOptionAndADescription() async throws {
        try await Folder.with { folder in
            let topic = try await Program.run(["help", "json"], in: folder).output
            #expect(!topic.contains("not described"), "\(topic)")
            for command in try await Surface.read(in: folder).commands where !Self.without.contains(command) {
                let words = command.split(separator: " ").map { String($0) }
                let page = try await Program.run(["help"] + words, in: folder).output
                #expect(page.contains("\n  --json"), "\(command)")
                #expect(topic.contains("soundgate \(command):"), "\(command)")
            }
        }
    }

    /// What a command prints by `help json`; nothing for one that prints a document of the gateway.
    private func described(_ command: String, _ topic: String) throws -> JSONValue? {
        let start = try #require(topic.firstRange(of: "soundgate \(command):")?.upperBound, "\(command)")
        let rest = topic[start...]
        guard rest.hasPrefix("\n\n  {") else { return nil }
        let end = try #require(rest.firstRange(of: "\n  }")?.upperBound)
        return try JSONValue(parsing: String(rest[..<end]))
    }

    /// Holds a document against an example: the same members, of the same kind where neither is null.
    private func expect(_ found: JSONValue, like example: JSONValue, at path: String) {
        if let members = example.object {
            guard let object = found.object else {
                if !found.isNull { Issue.record("\(path) is no object: \(found)") }
                return
            }
            #expect(Set(object.keys) == Set(members.keys), "\(path)")
            for member in members {
                if let value = object[member.key] {
                    expect(value, like: member.value, at: "\(path).\(member.key)")
                }
            }
        } else if let first = example.array?.first {
            #expect(found.array != nil, "\(path) is no list: \(found)")
            for value in found.array ?? [] { expect(value, like: first, at: "\(path)[]") }
        } else if !example.isNull, !found.isNull {
            #expect(kind(found) == kind(example), "\(path): \(found)")
        }
    }

    private func kind(_ value: JSONValue) -> String {
        value.string != nil ? "text" : value.double != nil ? "number" : value.bool != nil ? "truth" : "list"
    }

    /// One line of the walk: what is run, and with which status it ends.
    private struct Step {
        let command: String
        let arguments: [String]
        let status: Int32
        var input: String?

        init(_ command: String, _ arguments: [String] = [], ends status: Int32 = 0, input: String? = nil) {
            self.command = command
            self.arguments = arguments
            self.status = status
            self.input = input
        }
    }

    private func take(_ steps: [Step], in folder: Folder, seen: inout Set<String>) async throws {
        let topic = try await Program.run(["help", "json"], in: folder).output
        for step in steps {
            seen.insert(step.command)
            let words = step.command.split(separator: " ").map { String($0) }
            let run = try await Program.run(
                words + step.arguments + ["--json"],
                in: folder,
                input: step.input
            )
            #expect(run.status == step.status, "\(step.command) \(step.arguments): \(run)")
            #expect(Self.known.contains(run.status), "\(step.command)")
            let document: JSONValue
            do throws(JSONError) {
                document = try JSONValue(parsing: run.output)
            } catch {
                Issue.record("\(step.command) \(step.arguments) prints no JSON: \(run)")
                continue
            }
            guard let example = try described(step.command, topic), document["request_id"] == nil else {
                continue
            }
            expect(document, like: example, at: step.command)
        }
    }

    /// The numbers of sysexits.h that the help has.
    private static let known: Set<Int32> = [0, 1, 64, 65, 66, 69, 70, 73, 75, 76, 77, 78, 130]

    @Test func whatIsPrintedIsWhatIsDescribed() async throws {
        var seen: Set<String> = []
        try await withDoubles(speed: 50) { doubles, folder in
            try folder.write("server: { lisen: 1 }\n", to: "wrong.yaml")
            try folder.write(
                """
                server: { public_url: "https://sounds.example.com" }
                vault: { key: "${file:vault.key}" }
                providers:
                  videogen: { base_url: "\(doubles.address)/videogen", credentials: [ { name: main, key: k } ] }

                """,
                to: "good.yaml"
            )
            let vault = ["--config", "good.yaml"]
            try await take(
                [
                    Step("vault init", vault + ["--key-file", "vault.key"]),
                    Step("vault set", ["suno/main"] + vault, input: "secret"),
                    Step("vault list", vault), Step("vault remove", ["suno/main"] + vault),
                    Step("vault rekey", vault + ["--new-key-file", "vault-2.key"]),
                    Step("config check", ["wrong.yaml"], ends: 78),
                    Step("version"),
                    Step("client new", ["game-team"]),
                    Step("client new", ["game-team", "--expires", "90d"]),
                    Step("init", ["--yes", "--config", "new.yaml"]),
                    Step(
                        "init",
                        [
                            "--yes", "--config", "more.yaml", "--vendors", "suno,kie", "--client", "a",
                            "--keys", "file",
                        ]
                    ),
                ],
                in: folder,
                seen: &seen
            )
            // The vault's key is another one by now.
            _ = try await Program.run(
                ["vault", "rekey"] + vault + ["--key-file", "vault-2.key", "--new-key-file", "vault.key"],
                in: folder
            )
            try await take(
                [
                    Step("config check", ["good.yaml"]),
                    Step("webhooks register", ["videogen", "--config", "good.yaml"]),
                ],
                in: folder,
                seen: &seen
            )
        }
        try await withGateway { gateway, folder in
            let server = ["--server", gateway.address]
            try await take(
                [
                    Step("health", server), Step("health", ["--live"] + server),
                    Step("health", ["--server", "http://127.0.0.1:1"], ends: 1),
                    Step("providers", server), Step("plan", ["rain"] + server),
                    Step("plan", ["rain", "--bpm", "900"] + server, ends: 64),
                    Step("sound", ["click", "--duration", "1", "-o", "click.wav"] + server),
                    Step("sound", ["rain", "--style", "techno"] + server, ends: 69),
                    Step("webhooks list", server), Step("webhooks resend", ["--all-dead"] + server),
                ],
                in: folder,
                seen: &seen
            )
            // What asks a gateway and needs no word is walked without being named here.
            for command in try await Surface.read(in: folder).commands where !seen.contains(command) {
                let words = command.split(separator: " ").map { String($0) }
                let page = try await Program.run(["help"] + words, in: folder).output
                guard page.contains("  --server URL"), page.contains("soundgate \(command) [OPTIONS]") else {
                    continue
                }
                try await take([Step(command, server)], in: folder, seen: &seen)
            }
        }
        try await Folder.with { folder in
            let program = try Program.gateway(in: folder)
            defer { program.send(SIGKILL) }
            try await withClient { client in
                let gateway = try await program.peer(client, ready: "/readyz")
                _ = try await gateway.sound(["prompt": "click", "duration": 1])
            }
            #expect(await program.stop() == 0)
            _ = try await Program.run(
                [],
                in: folder,
                under: [
                    "sh", "-c",
                    "mkdir -p data/audio/00; cp data/audio/*/*.wav data/audio/00/$(printf %064d 0).wav",
                ]
            )
            try await take(
                [Step("doctor", ends: 1), Step("doctor", ["--deep", "--repair"]), Step("doctor")],
                in: folder,
                seen: &seen
            )
            let database = try await PostgresServer.shared.freshURL()
            let places = ["--from", "sqlite:data/soundgate.db", "--to", "postgres:\(database)"]
            try await take([Step("storage copy", places)], in: folder, seen: &seen)
            try await StoreDouble.with { store in
                let config = try folder.write(ObjectStoreTests.config(store), to: "store.yaml")
                store.play(.error(403, "AccessDenied"), on: "PUT")
                let words = ["--config", config, "--from", "data/audio"]
                try await take(
                    [
                        Step("storage copy-assets", words, ends: 1),
                        Step("storage copy-assets", words + ["--deep"]),
                    ],
                    in: folder,
                    seen: &seen
                )
            }
            let commands = try await Surface.read(in: folder).commands
            for command in commands where !Self.without.contains(command) {
                #expect(seen.contains(command), "\(command) is not in this walk")
            }
        }
    }
}
