import Glibc
import Testing

/// The manual page.
@Suite struct ManualTests {
    /// The page that is kept in the repository.
    private static let kept: String = {
        let here = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
        return "/\(here)/docs/soundgate.1"
    }()

    @Test func thePageInDocsIsWhatTheProgramPrints() async throws {
        try await Folder.with { folder in
            let page = try await Program.run(["man"], in: folder)
            #expect(page.status == 0)
            let kept = try await Program.run([Self.kept], in: folder, under: ["sh", "-c", "cat \"$1\""])
            #expect(page.output == kept.output, "write it anew with: make man")
        }
    }

    @Test func everyCommandOptionAndTopicIsInIt() async throws {
        try await Folder.with { folder in
            let page = try await Program.run(["man"], in: folder).output
            let surface = try await Surface.read(in: folder)
            for command in surface.commands { #expect(page.contains("\n.Ss \(command)\n"), "\(command)") }
            for topic in surface.topics where topic != "exit-codes" {
                #expect(page.contains("\n.Ss \(topic.replacing("-", with: "\\-")): "), "\(topic)")
            }
        }
    }

    @Test(.enabled(if: access("/usr/bin/mandoc", X_OK) == 0, "mandoc is not installed"))
    func mandocHasNothingToSay() async throws {
        try await Folder.with { folder in
            let script = #""$0" man | mandoc -T lint -W warning"#
            let run = try await Program.run([], in: folder, under: ["sh", "-c", script])
            #expect(run.status == 0 && run.output.isEmpty, "\(run.output)\(run.errors)")
        }
    }

    @Test(.enabled(if: access("/usr/bin/groff", X_OK) == 0, "groff is not installed"))
    func groffHasNothingToSay() async throws {
        try await Folder.with { folder in
            let script = #""$0" man | groff -mandoc -ww -Tutf8 -Kutf8 -rLL=78n > page"#
            let run = try await Program.run([], in: folder, under: ["sh", "-c", script])
            #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
            #expect(folder.text(of: "page").contains("exit"))
        }
    }
}
