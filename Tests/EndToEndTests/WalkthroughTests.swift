import Glibc
import HTTP
import JSON
import Testing

/// docs/keys.md, "Keep vendors' keys in the vault", its blocks run as they are written there.
@Suite struct WalkthroughTests {
    private static let secret = "sk-walkthrough-4f9a8e1c7b2d6053"

    /// A block between fences, with the language behind the first.
    private struct Block {
        let language: String
        let lines: [String]
        var text: String { lines.map { $0 + "\n" }.joined() }
    }

    /// The blocks of a section of docs/keys.md.
    private static func blocks(of heading: String) throws -> [Block] {
        let root = Folder(path: "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/"))
        let lines = root.text(of: "docs/keys.md").split(separator: "\n", omittingEmptySubsequences: false)
        let start = try #require(lines.firstIndex { $0 == "## \(heading)" })
        var blocks: [Block] = []
        var open: (language: String, lines: [String])?
        for line in lines[(start + 1)...] {
            if line.hasPrefix("## "), open == nil { break }
            guard line.hasPrefix("```") else {
                open?.lines.append(String(line))
                continue
            }
            if let block = open {
                blocks.append(Block(language: block.language, lines: block.lines))
                open = nil
            } else {
                open = (String(line.dropFirst(3)), [])
            }
        }
        return blocks
    }

    /// Runs lines as a person would type them, with the secret to be pasted where one is asked for.
    private func run(_ lines: [String], in folder: Folder) async throws {
        try folder.write("set -eu\n" + lines.map { $0 + "\n" }.joined(), to: "steps.sh")
        let outcome = try await Program.run(
            [],
            in: folder,
            environment: ["PATH": "\(folder.path)/bin:/usr/bin:/bin"],
            input: Self.secret + "\n",
            under: ["sh", "-c", "exec sh steps.sh", "sh"]
        )
        #expect(outcome.status == 0, "\(lines): \(outcome.errors)")
    }

    private func expectTheConfigurationReads(_ folder: Folder) async throws {
        let check = try await Program.run(["config", "check", "soundgate.yaml"], in: folder)
        #expect(check.status == 0, "\(check.output)")
    }

    @Test func theVaultsStepsWorkAsTheyAreWritten() async throws {
        let blocks = try Self.blocks(of: "Keep vendors' keys in the vault")
        try #require(blocks.map(\.language) == ["yaml", "sh", "sh"])
        try await Folder.with { folder in
            try #require(mkdir(folder.file("bin"), 0o700) == 0)
            try #require(symlink(Program.path, folder.file("bin/soundgate")) == 0)
            // The one thing that is not the page's: a port that nobody else has.
            var config = blocks[0].text + "server: { listen: \"127.0.0.1:0\" }\n"
            try folder.write(config, to: "soundgate.yaml")

            let serve = "soundgate serve --config soundgate.yaml"
            try #require(blocks[1].lines.last == serve)
            try await run(blocks[1].lines.dropLast(), in: folder)
            try await expectTheGatewayStarts(serve, in: folder)

            // Before, between and after the steps a gateway that starts can read the vault.
            for line in blocks[2].lines {
                if let change = line.wholeMatch(of: /# in (\S+), under vault: +(key: .+)/) {
                    let edited = config.replacing(/(?m)^  key: .+$/, with: "  " + change.2)
                    try #require(edited != config && change.1 == "soundgate.yaml")
                    config = edited
                    try folder.write(config, to: "soundgate.yaml")
                } else {
                    try await run([line], in: folder)
                }
                try await expectTheConfigurationReads(folder)
            }
            let old = try await Program.run(
                ["vault", "list", "--config", "soundgate.yaml", "--key-file", "secrets/vault.key"],
                in: folder
            )
            #expect(old.status == 77, "the old key still opens it")
            try await expectTheGatewayStarts(serve, in: folder)
        }
    }

    private func expectTheGatewayStarts(_ line: String, in folder: Folder) async throws {
        let program = try Program(line.split(separator: " ").dropFirst().map(String.init), in: folder)
        defer { program.send(SIGKILL) }
        try await withClient { client in _ = try await program.peer(client, ready: "/readyz") }
        #expect(await program.stop() == 0, "\(program.errors)")
    }

    @Test func anyByteThatIsFlippedIsRefusedInPlainWords() async throws {
        try await Folder.with { folder in
            let place = ["--file", "v", "--key-file", "k"]
            for words in [["init"], ["set", "suno/main"]] {
                let run = try await Program.run(["vault"] + words + place, in: folder, input: Self.secret)
                try #require(run.status == 0, "\(run.errors)")
            }
            let sealed = folder.bytes(of: "v")
            // A flip in each ninth byte, by the program; VaultTests flips every one without it.
            for index in stride(from: 0, to: sealed.count, by: 9) {
                var flipped = sealed
                flipped[index] ^= 0x10
                try folder.write(flipped, to: "v")
                let run = try await Program.run(["vault", "list"] + place, in: folder)
                #expect(run.status == 65, "byte \(index)")
                #expect(run.output.isEmpty)
                let lines = run.errors.split(separator: "\n")
                #expect(lines.count == 1, "\(run.errors)")
                let isTold = run.errors.contains("is damaged") || run.errors.contains("is not a vault")
                #expect(isTold, "byte \(index): \(run.errors)")
            }
        }
    }
}
