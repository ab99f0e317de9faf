import Glibc
import JSON
import Testing

/// `soundgate init`.
@Suite struct InitTests {
    private static let key = "sk-known-to-the-test-4f9a8e1c7b2d6053"

    private func isFine(
        _ file: String = "soundgate.yaml",
        in folder: Folder,
        environment: [String: String] = [:]
    ) async throws {
        let check = try await Program.run(["config", "check", file], in: folder, environment: environment)
        #expect(check.status == 0, "\(check.output)\(folder.text(of: file))")
    }

    private func outcome(
        _ options: [String],
        in folder: Folder,
        environment: [String: String] = [:]
    ) async throws -> JSONValue {
        let run = try await Program.run(
            ["init", "--yes", "--json"] + options,
            in: folder,
            environment: environment
        )
        #expect(run.status == 0, "\(run.errors)")
        return try JSONValue(parsing: run.output)
    }

    private func mode(_ name: String, in folder: Folder) -> mode_t {
        var status = stat()
        return stat(folder.file(name), &status) == 0 ? status.st_mode & 0o777 : 0
    }

    // MARK: By options

    @Test(
        arguments: [
            ([], [], ["builtin"]),
            (["--vendors", "none"], [], ["builtin"]),
            (["--vendors", "suno,musicgpt"], [], ["builtin"]),
            (
                ["--vendors", "suno,musicgpt"], ["SUNO_KEY", "MUSICGPT_KEY"], ["suno", "musicgpt", "builtin"]
            ),
            (["--vendors", "suno,musicgpt", "--keys", "env"], ["SUNO_KEY"], ["suno", "builtin"]),
            (["--vendors", "elevenlabs,kie", "--keys", "file"], ["KIE_KEY"], ["kie", "builtin"]),
            (["--vendors", "apibox", "--keys", "env", "--listen", "[::1]:9000"], [], ["builtin"]),
            (["--listen", "0.0.0.0:8090"], [], ["builtin"]),
            (["--listen", "unix:/tmp/x.sock", "--client", "game-team"], [], ["builtin"]),
        ] as [([String], [String], [String])]
    )
    func theResultPassesTheCheck(_ options: [String], _ variables: [String], _ providers: [String])
        async throws
    {
        try await Folder.with { folder in
            let environment = variables.reduce(into: [:]) { $0[$1] = Self.key }
            let done = try await outcome(options, in: folder, environment: environment)
            #expect(done["providers"]?.array?.compactMap(\.string) == providers, "\(done)")
            #expect(done["next"]?.array?.count == 3)
            try await isFine(in: folder, environment: environment)
            let text = folder.text(of: "soundgate.yaml")
            #expect(!text.contains(Self.key))
            #expect(text.split(separator: "\n").count { $0.contains("# ") } >= 8)
            for name in ["secrets", "data"] where folder.names.contains(name) {
                #expect(self.mode(name, in: folder) == 0o700)
            }
        }
    }

    @Test func aKeyFromTheEnvironmentGoesIntoTheVault() async throws {
        try await Folder.with { folder in
            let done = try await outcome(
                ["--vendors", "suno"],
                in: folder,
                environment: ["SUNO_KEY": Self.key]
            )
            #expect(
                done["files"]?.array?.compactMap(\.string) == [
                    "data/vault.sealed", "secrets/vault.key", "soundgate.yaml",
                ]
            )
            #expect(mode("secrets/vault.key", in: folder) == 0o600)
            let list = try await Program.run(["vault", "list", "--config", "soundgate.yaml"], in: folder)
            #expect(list.output.hasPrefix("suno/main  "))
            // Without the variable it is still there.
            try await isFine(in: folder)
        }
    }

    @Test func aVendorThatWaitsIsLiveWhenItsLinesAreTakenUp() async throws {
        try await Folder.with { folder in
            let done = try await outcome(["--vendors", "suno"], in: folder)
            let waiting = try #require(done["waiting"]?[0])
            #expect(waiting["name"] == "suno")
            let command = try #require(waiting["key"]?.string).split(separator: " ").dropFirst().map {
                String($0)
            }
            let set = try await Program.run(command, in: folder, input: Self.key)
            #expect(set.status == 0, "\(set.errors)")
            let text = folder.text(of: "soundgate.yaml")
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            let start = try #require(lines.firstIndex { $0.contains("Then take \"# \" off") })
            let live = lines.enumerated().map { index, line in
                (start + 1...start + 3).contains(index)
                    ? String(line.replacing("# ", with: "", maxReplacements: 1)) : String(line)
            }
            try folder.write(live.joined(separator: "\n"), to: "soundgate.yaml")
            try await isFine(in: folder)
            #expect(folder.text(of: "soundgate.yaml").contains("\n  suno:\n    adapter: sunoapi\n"))
        }
    }

    @Test func aVaultThatIsThereIsAddedTo() async throws {
        try await Folder.with { folder in
            _ = try await outcome(["--vendors", "suno"], in: folder, environment: ["SUNO_KEY": Self.key])
            let again = try await outcome(
                ["--vendors", "suno,kie", "--force"],
                in: folder,
                environment: ["KIE_KEY": Self.key]
            )
            #expect(again["providers"]?.array?.compactMap(\.string) == ["suno", "kie", "builtin"])
            try await isFine(in: folder)
        }
    }

    @Test func aConfigurationElsewhereHasItsFilesBesideIt() async throws {
        try await Folder.with { folder in
            _ = try await outcome(
                ["--vendors", "suno", "--config", "etc/gate/soundgate.yaml"],
                in: folder,
                environment: ["SUNO_KEY": Self.key]
            )
            #expect(
                Set(Folder.names(in: folder.file("etc/gate"))).isSuperset(of: [
                    "vault.sealed", "secrets", "soundgate.yaml",
                ])
            )
            try await isFine("etc/gate/soundgate.yaml", in: folder)
        }
    }

    @Test func whatIsThereIsNotReplaced() async throws {
        try await Folder.with { folder in
            try folder.write("# mine\n", to: "soundgate.yaml")
            let refused = try await Program.run(["init", "--yes"], in: folder)
            #expect(refused.status == 73)
            #expect(refused.errors.contains("soundgate.yaml exists; --force replaces it"))
            #expect(folder.text(of: "soundgate.yaml") == "# mine\n")
            let forced = try await Program.run(["init", "--yes", "--force"], in: folder)
            #expect(forced.status == 0)
            try await isFine(in: folder)
        }
    }

    @Test(
        arguments: [
            (["--vendors", "sonu"], "there is no vendor \"sonu\""),
            (["--vendors", "e,m"], ""),
            (["--keys", "cloud"], "keys come from vault, env or file"),
            (["--listen", "here"], "\"here\" is not an address"),
            (["--client", "no good"], "is not a name"),
        ] as [([String], String)]
    )
    func aWrongAnswerIsStatus64AndWritesNothing(_ options: [String], _ words: String) async throws {
        try await Folder.with { folder in
            let run = try await Program.run(["init", "--yes"] + options, in: folder)
            if words.isEmpty {
                #expect(run.status == 0, "unmistakable beginnings: \(run.errors)")
            } else {
                #expect(run.status == 64)
                #expect(run.errors.contains(words), "\(run.errors)")
                #expect(!folder.names.contains { !$0.hasPrefix("output") && !$0.hasPrefix("errors") })
            }
        }
    }

    @Test func beyondLoopbackAClientIsMade() async throws {
        try await Folder.with { folder in
            let done = try await outcome(["--listen", "0.0.0.0:8080"], in: folder)
            #expect(done["client"]?["name"] == "first")
            #expect(done["client"]?["key"]?.string?.hasPrefix("sgk_") == true)
            let none = try await Program.run(
                ["init", "--yes", "--listen", "0.0.0.0:8080", "--client", "none", "--config", "b.yaml"],
                in: folder
            )
            #expect(none.status == 78)
            #expect(none.errors.contains("nothing was written"))
            #expect(!folder.names.contains("b.yaml"))
        }
    }

    @Test func withoutATerminalItAsksNothing() async throws {
        try await Folder.with { folder in
            let run = try await Program.run(["init"], in: folder)
            #expect(run.status == 64)
            #expect(run.errors.contains("--yes"))
        }
    }

    // MARK: By asking

    @Test func aPersonIsAskedAndCanStartAtOnce() async throws {
        try await Folder.with { folder in
            let terminal = try Terminal(["init"], in: folder)
            try await terminal.answer("Names or numbers", with: "sono\r")
            try await terminal.answer("there is no vendor \"sono\"", with: "suno, 1\r")
            try await terminal.answer("vault, env or file", with: "\r")
            try await terminal.answer("Where do callers connect?", with: "127.0.0.1:0\r")
            try await terminal.answer("The client's name", with: "game-team\r")
            try await terminal.answer("(not shown; Enter: later)", with: "\(Self.key)\r")
            try await terminal.answer("(not shown; Enter: later)", with: "\r")
            try await terminal.answer("Write soundgate.yaml?", with: "y\r")
            #expect(try await terminal.end() == 0, "\(terminal.text)")
            #expect(!terminal.text.contains(Self.key))
            #expect(terminal.text.contains("musicgpt waits for its key"))
            let key = try #require(terminal.text.firstMatch(of: /sgk_[a-z0-9]+/)).output
            try await isFine(in: folder)

            let program = try Program(["serve", "--config", "soundgate.yaml"], in: folder)
            defer { program.send(SIGKILL) }
            try await withClient { client in
                let gateway = try await program.peer(client, ready: "/readyz")
                let run = try await Program.run(
                    ["sound", "click", "--duration", "1", "-o", "click.wav", "--server", gateway.address],
                    in: folder,
                    environment: ["SOUNDGATE_KEY": String(key)]
                )
                #expect(run.status == 0, "\(run.errors)")
            }
            #expect(await program.stop() == 0)
        }
    }

    @Test func interruptedAnywhereItWritesNothing() async throws {
        let questions = [
            ("Names or numbers", "suno\r"), ("vault, env or file", "vault\r"),
            ("Where do callers connect?", "\r"), ("The client's name", "a\r"),
            ("(not shown; Enter: later)", "\(Self.key)\r"), ("Write soundgate.yaml?", "n\r"),
        ]
        for stop in 0...questions.count {
            try await Folder.with { folder in
                let terminal = try Terminal(["init"], in: folder)
                for (words, keys) in questions.prefix(stop) { try await terminal.answer(words, with: keys) }
                if stop < questions.count { try await terminal.answer(questions[stop].0, with: "\u{3}") }
                #expect(try await terminal.end() == (stop < questions.count ? 130 : 1), "\(terminal.text)")
                #expect(folder.names.isEmpty, "\(folder.names)")
            }
        }
    }

    @Test func aKeyIsHiddenFromTheMomentItIsAskedFor() async throws {
        try await Folder.with { folder in
            let options = [
                "--vendors", "suno", "--keys", "vault", "--listen", "127.0.0.1:8080", "--client", "none",
            ]
            let terminal = try Terminal(["init"] + options, in: folder)
            _ = try await eventually("the question") { terminal.text.contains("(not shown") ? true : nil }
            #expect(!terminal.echoes)
            try terminal.type("\u{3}")
            #expect(try await terminal.end() == 130, "\(terminal.text)")
        }
    }

    @Test func whatOptionsSayIsNotAsked() async throws {
        try await Folder.with { folder in
            let options = ["--vendors", "none", "--listen", "127.0.0.1:8080", "--client", "none"]
            let terminal = try Terminal(["init"] + options, in: folder)
            try await terminal.answer("Write soundgate.yaml?", with: "\r")
            #expect(try await terminal.end() == 0, "\(terminal.text)")
            #expect(!terminal.text.contains("Which vendors"))
            try await isFine(in: folder)
        }
    }
}
