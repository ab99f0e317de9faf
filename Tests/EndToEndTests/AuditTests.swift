import Glibc
import HTTP
import JSON
import Testing

/// The audit log of the built program, from its start to its orderly end.
@Suite struct AuditTests {
    private static let config = """
        audit: { file: records/audit.jsonl, prompts: full }

        """

    private func events(_ folder: Folder, _ name: String) -> [String] {
        folder.text(of: name).split(separator: "\n").map { line in
            do throws(JSONError) {
                return try JSONValue(parsing: String(line))["event"]?.string ?? "?"
            } catch {
                return "no JSON: \(line)"
            }
        }
    }

    @Test func itIsRotatedBySignalAndFlushedAtTheEnd() async throws {
        try await Folder.with { folder in
            try folder.write(Self.config, to: "soundgate.yaml")
            let program = try Program.gateway(["--config", "soundgate.yaml"], in: folder)
            defer { program.send(SIGKILL) }
            let (live, moved) = ("records/audit.jsonl", "records/audit.jsonl.1")
            try await withClient { client in
                let gateway = try await program.peer(client, ready: "/readyz")
                let task = try await gateway.sound(["prompt": "click", "duration": 1])
                #expect(task["status"] == "succeeded")
                // Records are written in their order: behind the last one's nothing is to come any more.
                let last = try await gateway.get("/v1/sounds")
                let number = try #require(last.fields["x-request-id"])
                _ = try await eventually("the last record") {
                    let text = folder.text(of: live)
                    return text.contains(number) && text.contains(#""prompt":"click""#) ? true : nil
                }
                #expect(rename(folder.file(live), folder.file(moved)) == 0)
                program.send(SIGUSR1)
                _ = try await eventually("a new file") {
                    access(folder.file(live), F_OK) == 0 ? true : nil
                }
                #expect(folder.bytes(of: live).isEmpty)
                let list = try await gateway.get("/v1/sounds")
                #expect(list.status == 200)
            }
            // What was answered just before the end is in the file.
            #expect(await program.stop() == 0, "\(program.errors)")
            #expect(events(folder, live) == ["request", "stopped"])
            #expect(events(folder, moved).prefix(2) == ["started", "request"])
            var status = stat()
            #expect(stat(folder.file(live), &status) == 0)
            #expect(status.st_mode & 0o777 == 0o600)
        }
    }

    @Test func withoutTheSectionThereIsNoFile() async throws {
        try await withGateway { gateway, folder in
            let list = try await gateway.get("/v1/sounds")
            #expect(list.status == 200)
            #expect(!Folder(path: folder.file("data")).names.contains { $0.contains("audit") })
        }
    }

    @Test func aFileThatCannotBeMadeRefusesTheStart() async throws {
        try await Folder.with { folder in
            try folder.write("audit: { file: /proc/nowhere/audit.jsonl }\n", to: "soundgate.yaml")
            let run = try await Program.run(
                ["serve", "--listen", "127.0.0.1:0", "--config", "soundgate.yaml"],
                in: folder
            )
            #expect(run.status == 69)
            #expect(run.errors.contains("/proc/nowhere"), "\(run.errors)")
        }
    }
}
