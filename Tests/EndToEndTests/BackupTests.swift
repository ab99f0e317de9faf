import Glibc
import JSON
import Testing

/// docs/operating.md: a copy that is taken while the gateway works, and a gateway that goes on from it.
@Suite(.enabled(if: access("/usr/bin/sqlite3", X_OK) == 0, "sqlite3 is not installed"))
struct BackupTests {
    /// The page's own commands: first the ledger, then the audio, which never has less than the ledger knows of.
    static let commands = """
        mkdir -p backup
        sqlite3 data/soundgate.db "VACUUM INTO 'backup/soundgate.db'"
        cp -a data/audio backup/
        """

    @Test func aCopyTakenUnderLoadIsWholeAndGoesOn() async throws {
        try await Folder.with { folder in
            let program = try Program.gateway(in: folder)
            defer { program.send(SIGKILL) }
            var before: [String] = []
            try await withClient { client in
                let gateway = try await program.peer(client, ready: "/readyz")
                for seed in 0..<6 {
                    let task = try await gateway.sound([
                        "prompt": "click", "duration": 1, "seed": .integer(Int64(seed)),
                    ])
                    before.append(try #require(task["id"]?.string))
                }
                let copied = try await withThrowingTaskGroup(of: Void.self) { group in
                    for caller in 0..<4 {
                        group.addTask {
                            while !Task.isCancelled {
                                let body: JSONValue = [
                                    "prompt": "click", "duration": 1,
                                    "metadata": ["caller": .string("\(caller)")],
                                ]
                                _ = try await gateway.post("/v1/sounds", body, wait: 10)
                            }
                        }
                    }
                    let run = try await Program.run([], in: folder, under: ["sh", "-ec", Self.commands])
                    group.cancelAll()
                    // A call that was cut off by the end of the load says so.
                    while let result = await group.nextResult() { _ = result }
                    return run
                }
                #expect(copied.status == 0, "\(copied.errors)")
            }
            #expect(await program.stop() == 0)
            try await goOn(from: folder, knowing: before)
        }
    }

    private func goOn(from folder: Folder, knowing before: [String]) async throws {
        // As the page says: the copy takes the place of the data, and nothing else is needed.
        let restore = "mv data old; mkdir data; cp -a backup/soundgate.db backup/audio data/"
        #expect(try await Program.run([], in: folder, under: ["sh", "-ec", restore]).status == 0)
        let doctor = try await Program.run(["doctor", "--deep", "--json"], in: folder)
        let findings = try JSONValue(parsing: doctor.output)["findings"]?.array ?? []
        #expect(findings.allSatisfy { $0["kind"] == "orphan" }, "\(findings)")

        let program = try Program.gateway(in: folder)
        defer { program.send(SIGKILL) }
        try await withClient { client in
            let gateway = try await program.peer(client, ready: "/readyz")
            for id in before {
                let task = try await gateway.get("/v1/sounds/\(id)").json
                #expect(task["status"] == "succeeded", "\(task)")
                #expect(try await gateway.get("/v1/sounds/\(id)/audio/0").status == 200)
            }
            // What had not ended when the copy was taken ends now.
            let open = try await eventually("the end of all tasks") { () -> JSONValue? in
                let page = try await gateway.get("/v1/sounds?status=running&limit=100").json
                let queue = try await gateway.get("/v1/sounds?status=queued&limit=100").json
                let count = (page["data"]?.array?.count ?? 0) + (queue["data"]?.array?.count ?? 0)
                return count == 0 ? page : nil
            }
            #expect(open["data"]?.array?.isEmpty == true)
            _ = try await gateway.sound(["prompt": "bell", "duration": 1])
        }
        #expect(await program.stop() == 0)
    }

    @Test func aLedgerOfANewerVersionIsRefusedAndLeftAsItIs() async throws {
        try await Folder.with { folder in
            let first = try Program.gateway(in: folder)
            defer { first.send(SIGKILL) }
            try await withClient { client in _ = try await first.peer(client, ready: "/readyz") }
            #expect(await first.stop() == 0)
            let later = """
                sqlite3 data/soundgate.db "INSERT INTO schema_migrations (name, applied_at) VALUES ('later', 1)"
                """
            #expect(try await Program.run([], in: folder, under: ["sh", "-ec", later]).status == 0)
            let bytes = folder.bytes(of: "data/soundgate.db")
            let refused = try await Program.run(["serve", "--listen", "127.0.0.1:0"], in: folder)
            #expect(refused.status == 69)
            #expect(refused.errors.contains("written by a newer version"), "\(refused.errors)")
            #expect(folder.bytes(of: "data/soundgate.db") == bytes)
        }
    }

    @Test func thePageHasTheseCommands() throws {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let stream = try #require(fopen("/\(root)/docs/operating.md", "r"))
        defer { fclose(stream) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = fread(&bytes, 1, bytes.count, stream)
        let page = String(decoding: bytes[..<count], as: UTF8.self)
        for line in Self.commands.split(separator: "\n") {
            #expect(page.contains(line), "\(line)")
        }
    }
}
