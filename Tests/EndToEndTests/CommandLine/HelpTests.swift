import Testing

/// `soundgate help`, its topics and pages.
@Suite struct HelpTests {
    @Test func everyCommandHasAPageThatNamesItsOptionsOnce() async throws {
        try await Folder.with { folder in
            for command in try await Surface.read(in: folder).commands {
                let words = command.split(separator: " ").map { String($0) }
                let page = try await Program.run(words + ["--help"], in: folder)
                #expect(page.status == 0, "\(command)")
                #expect(page.errors.isEmpty)
                #expect(page.output.contains("Usage: soundgate \(command)"), "\(page.output)")
                let options = page.output.matches(of: /(?m)^  (?:-[a-z], )?(--[a-z\-]+)/).map { String($0.1) }
                #expect(options.contains("--help"))
                #expect(Set(options).count == options.count, "\(command): \(options)")
            }
        }
    }

    @Test func everyTopicHasAPage() async throws {
        try await Folder.with { folder in
            let topics = try await Surface.read(in: folder).topics
            for topic in [
                "config", "keys", "routing", "tasks", "webhooks", "exit-codes", "environment", "json",
            ] {
                #expect(topics.contains(topic))
            }
            for topic in topics {
                let page = try await Program.run(["help", topic], in: folder)
                #expect(page.status == 0)
                #expect(page.output.hasPrefix("\(topic): "), "\(page.output)")
                #expect(page.output.split(separator: "\n").allSatisfy { $0.count <= 100 }, "\(topic)")
            }
        }
    }

    @Test func aTopicOfAGroupsNameHasTheGroupsCommandsToo() async throws {
        try await Folder.with { folder in
            let page = try await Program.run(["help", "webhooks"], in: folder)
            #expect(page.output.contains("Standard Webhooks"))
            for command in ["list", "resend", "register"] {
                #expect(page.output.contains("Usage: soundgate webhooks \(command)"))
            }
        }
    }

    @Test(
        arguments: [
            (["help", "exit-code"], "did you mean \"exit-codes\"?"),
            (["help", "enviroment"], "did you mean \"environment\"?"),
            (["help", "provider"], "did you mean \"providers\"?"),
            (["help", "qqqqqq"], "no command and no topic \"qqqqqq\"\n"),
            (["help", "config", "chek"], "did you mean \"check\"?"),
        ] as [([String], String)]
    )
    func anUnknownTopicGetsTheNearest(_ words: [String], _ hint: String) async throws {
        try await Folder.with { folder in
            let run = try await Program.run(words, in: folder)
            #expect(run.status == 64)
            #expect(run.errors.contains(hint), "\(run.errors)")
            #expect(run.output.isEmpty)
        }
    }

    @Test func anOptionThatNoCommandHasIsStatus64() async throws {
        try await Folder.with { folder in
            for command in try await Surface.read(in: folder).commands {
                let words = command.split(separator: " ").map { String($0) }
                let run = try await Program.run(words + ["--no-such-option"], in: folder)
                #expect(run.status == 64, "\(command): \(run.errors)")
                #expect(run.errors.contains("\(command) has no option --no-such-option"), "\(run.errors)")
            }
            #expect(folder.names.allSatisfy { $0.hasPrefix("output") || $0.hasPrefix("errors") })
        }
    }

    @Test(arguments: [UInt16(60), 80, 132])
    func helpFitsTheTerminal(_ columns: UInt16) async throws {
        try await Folder.with { folder in
            let terminal = try Terminal(["help", "sound"], in: folder, columns: columns)
            #expect(try await terminal.end() == 0)
            let lines = terminal.text.split(whereSeparator: \.isNewline)
            #expect(lines.count > 20)
            // Examples stay as they are.
            let long = lines.filter { $0.count > Int(columns) && !$0.hasPrefix("  soundgate ") }
            #expect(long.isEmpty, "\(long)")
        }
    }

    @Test func coloursAreForTerminalsThatWantThem() async throws {
        try await withGateway { gateway, folder in
            func providers(_ environment: [String: String]) async throws -> String {
                let terminal = try Terminal(
                    ["providers", "--server", gateway.address],
                    in: folder,
                    environment: environment
                )
                #expect(try await terminal.end() == 0, "\(terminal.text)")
                return terminal.text
            }
            #expect(try await providers([:]).contains("\u{1B}[1m"))
            for refusal in [["NO_COLOR": "1"], ["TERM": "dumb"]] {
                let text = try await providers(refusal)
                #expect(text.contains("builtin"))
                #expect(!text.contains("\u{1B}"), "\(refusal)")
            }
            let piped = try await Program.run(["providers", "--server", gateway.address], in: folder)
            #expect(!piped.output.contains("\u{1B}"))
        }
    }
}
