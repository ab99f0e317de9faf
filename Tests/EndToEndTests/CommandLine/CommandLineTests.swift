import JSON
import Testing

/// What the program says without a gateway: help, complaints, configurations.
@Suite struct CommandLineTests {
    private static let commands = [
        "serve", "emulate", "sound", "plan", "providers", "usage", "top", "health", "config check",
        "config schema",
        "client new",
        "webhooks list", "webhooks resend", "webhooks register", "vault init", "vault set", "vault list",
        "vault remove", "vault rekey", "doctor", "storage copy", "version",
    ]

    @Test func theOverviewNamesEveryCommand() async throws {
        try await Folder.with { folder in
            let run = try await Program.run(["help"], in: folder)
            #expect(run.status == 0)
            for command in Self.commands { #expect(run.output.contains("  \(command)  "), "\(command)") }
        }
    }

    @Test(arguments: commands)
    func everyCommandHasItsHelp(_ command: String) async throws {
        try await Folder.with { folder in
            let words = command.split(separator: " ").map { String($0) }
            let byWord = try await Program.run(["help"] + words, in: folder)
            let byOption = try await Program.run(words + ["--help"], in: folder)
            #expect(byWord.status == 0)
            #expect(byWord.output.contains("Usage: soundgate \(command)"))
            #expect(byOption.status == 0)
            #expect(byOption.output == byWord.output)
        }
    }

    @Test(
        arguments: [
            ([], "say what to do"),
            (["srve"], "did you mean \"serve\"?"),
            (["config"], "check | schema"),
            (["config", "chek", "a.yaml"], "did you mean \"check\"?"),
            (["config", "check"], "needs FILE"),
            (["config", "check", "a", "b"], "does not take \"b\""),
            (["serve", "--confg", "a.yaml"], "did you mean \"--config\"?"),
            (["serve", "--config"], "--config needs a value"),
            (["serve", "--listen", "--config"], "--listen needs a value"),
            (["serve", "--listen=1", "--listen=2"], "--listen is given twice"),
            (["serve", "--listen", "here"], "\"here\" is not an address"),
            (["sound", "x", "--loop=yes"], "--loop takes no value"),
            (["sound", "x", "--bpm", "fast"], "--bpm takes a whole number, not \"fast\""),
            (["sound", "x", "--duration", "nan"], "--duration takes a number"),
            (["sound", "x", "--server", "localhost"], "--server takes a URL"),
            (["emulate", "--speed", "0"], "--speed takes a number above 0"),
            (["client", "new", "no good"], "is not a name"),
            (["vault"], "say which: vault init | set | list | remove | rekey"),
            (["vault", "set", "--file", "v"], "needs NAME"),
            (["vault", "set", "no good", "--file", "v"], "that is not a name"),
            (["vault", "list"], "needs --file PATH or --config FILE"),
            (["webhooks"], "say which: webhooks list | resend | register"),
            (["webhooks", "register"], "needs PROVIDER"),
        ] as [([String], String)]
    )
    func aWrongCommandLineGetsAHintAndStatus64(_ words: [String], _ hint: String) async throws {
        try await Folder.with { folder in
            let run = try await Program.run(words, in: folder)
            #expect(run.status == 64)
            #expect(run.errors.contains(hint), "\(run.errors)")
            #expect(run.output.isEmpty)
        }
    }

    @Test func theVersionIsPrinted() async throws {
        try await Folder.with { folder in
            let run = try await Program.run(["version"], in: folder)
            #expect(run.status == 0)
            #expect(run.output.wholeMatch(of: /soundgate \d+\.\d+\.\d+\n/) != nil)
        }
    }

    @Test func wordsAfterTwoDashesAreNoOptions() async throws {
        try await Folder.with { folder in
            let run = try await Program.run(["config", "check", "--", "--help"], in: folder)
            #expect(run.status == 66)
            #expect(run.errors.contains("cannot read --help"))
        }
    }

    @Test func aGatewayThatIsNotThereIsNamed() async throws {
        try await Folder.with { folder in
            // Port 1 of loopback is nobody's.
            let run = try await Program.run(["sound", "rain", "--server", "http://127.0.0.1:1"], in: folder)
            #expect(run.status == 69)
            #expect(run.errors.contains("http://127.0.0.1:1"))
            #expect(run.errors.contains("soundgate serve"))
        }
    }

    // MARK: Configurations

    private static let fiveMistakes = """
        server:
          lisen: 127.0.0.1:8080
          drain: 20 parsecs
        providers:
          builtin: { enabled: perhaps }
        routing:
          policy: prefrence
          max_attempts: many

        """

    @Test func fiveMistakesAreFiveLinesWithPositionsAndHints() async throws {
        try await Folder.with { folder in
            try folder.write(Self.fiveMistakes, to: "wrong.yaml")
            let run = try await Program.run(["config", "check", "wrong.yaml"], in: folder)
            #expect(run.status == 78)
            let lines = run.output.split(separator: "\n")
            #expect(lines.count == 5, "\(run.output)")
            for (line, row) in zip(lines, [2, 3, 5, 7, 8]) {
                #expect(line.hasPrefix("wrong.yaml:\(row):"), "\(line)")
                #expect(line.contains("; "), "no remedy: \(line)")
            }
            #expect(lines.first?.contains("listen") == true)
            #expect(run.output.contains("\"preference\""))
        }
    }

    @Test func aGatewayDoesNotStartWithMistakes() async throws {
        try await Folder.with { folder in
            try folder.write(Self.fiveMistakes, to: "wrong.yaml")
            let run = try await Program.run(["serve", "--config", "wrong.yaml"], in: folder)
            #expect(run.status == 78)
            #expect(run.errors.split(separator: "\n").count == 5)
            #expect(!folder.names.contains("data"))
        }
    }

    @Test func aGatewayForEverybodyNeedsClients() async throws {
        try await Folder.with { folder in
            let run = try await Program.run(["serve", "--listen", "0.0.0.0:0"], in: folder)
            #expect(run.status == 78)
            #expect(run.errors.contains("clients"))
        }
    }

    @Test func aGoodFileIsFine() async throws {
        try await Folder.with { folder in
            try folder.write("server: { listen: 127.0.0.1:8080 }\n", to: "good.yaml")
            let run = try await Program.run(["config", "check", "good.yaml"], in: folder)
            #expect(run.status == 0)
            #expect(run.output == "good.yaml is fine\n")
        }
    }

    @Test func theSchemaIsJSON() async throws {
        try await Folder.with { folder in
            let run = try await Program.run(["config", "schema"], in: folder)
            #expect(run.status == 0)
            let schema = try JSONValue(parsing: run.output)
            #expect(schema["$schema"]?.string?.contains("json-schema.org") == true)
            #expect(schema["properties"]?["server"] != nil)
        }
    }
}
