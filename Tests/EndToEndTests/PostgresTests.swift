import Glibc
import HTTP
import JSON
import PostgresTestSupport
import Testing

/// A gateway whose ledger is a PostgreSQL database.
@Suite struct PostgresTests {
    private func config(_ url: String) -> String {
        "server: { listen: [ 127.0.0.1:0 ] }\nstorage: { postgres: { url: \"\(url)\", connections: 4 } }\n"
    }

    @Test func itServesStopsAndGoesOnWhereItWas() async throws {
        let url = try await PostgresServer.shared.freshURL()
        try await Folder.with { folder in
            try await withClient { client in
                let file = try folder.write(config(url), to: "gate.yaml")
                var id = ""
                do {
                    let program = try Program(["serve", "--config", file], in: folder)
                    defer { program.send(SIGKILL) }
                    let gateway = try await program.peer(client, ready: "/readyz")
                    let task = try await gateway.sound(["prompt": "click", "duration": 1])
                    id = try #require(task["id"]?.string)
                    #expect(await program.stop() == 0, "\(program.errors)")
                    #expect(!program.errors.contains(url))
                }
                let program = try Program(["serve", "--config", file], in: folder)
                defer { program.send(SIGKILL) }
                let gateway = try await program.peer(client, ready: "/readyz")
                #expect(try await gateway.get("/v1/sounds/\(id)").json["status"] == "succeeded")
                let doctor = try await Program.run(["doctor", "--config", file], in: folder)
                #expect(doctor.status == 69, "a gateway works with it: \(doctor.errors)")
                #expect(await program.stop() == 0)
            }
        }
    }

    @Test func twoGatewaysDoNotKeepAudioInOneFolder() async throws {
        let url = try await PostgresServer.shared.freshURL()
        try await Folder.with { folder in
            try await withClient { client in
                let file = try folder.write(config(url), to: "gate.yaml")
                let first = try Program(["serve", "--config", file], in: folder)
                defer { first.send(SIGKILL) }
                _ = try await first.peer(client, ready: "/readyz")
                #expect(first.errors.contains("cannot serve it without assets.s3"))
                let second = try await Program.run(["serve", "--config", file], in: folder)
                #expect(second.status != 0)
                #expect(
                    second.errors.contains("assets.directory: another gateway has its audio in data/audio")
                )
                // Held by the process, not by a file that is left behind.
                first.send(SIGKILL)
                _ = await first.end(within: .seconds(60))
                let third = try Program(["serve", "--config", file], in: folder)
                defer { third.send(SIGKILL) }
                _ = try await third.peer(client, ready: "/readyz")
                #expect(await third.stop() == 0, "\(third.errors)")
            }
        }
    }

    @Test func itWaitsForADatabaseThatIsAwayAndRefusesSoundsMeanwhile() async throws {
        let server = try PostgresServer()
        server.stop()
        try await Folder.with { folder in
            try await withClient { client in
                let file = try folder.write(config(server.url()), to: "gate.yaml")
                let program = try Program(["serve", "--config", file], in: folder)
                defer { program.send(SIGKILL) }
                let gateway = try await program.peer(client, ready: "/healthz")
                #expect(program.errors.contains("the database cannot be used yet; trying again"))
                let ready = try await gateway.get("/readyz")
                #expect(ready.status == 503)
                #expect(ready.json["code"] == "storage_unavailable")
                let refused = try await gateway.post("/v1/sounds", ["prompt": "click", "duration": 1])
                #expect(refused.status == 503)
                #expect(refused.fields["Retry-After"] != nil)
                try server.start()
                _ = try await program.wait(for: "the database", within: .seconds(60)) {
                    try await gateway.get("/readyz").status == 200 ? true : nil
                }
                let task = try await gateway.sound(["prompt": "click", "duration": 1])
                #expect(task["status"] == "succeeded")
                // And again while it is at work.
                server.stop()
                let later = try await gateway.post("/v1/sounds", ["prompt": "click", "duration": 1])
                #expect(later.status == 503)
                try server.start()
                _ = try await program.wait(for: "the database", within: .seconds(60)) {
                    try await gateway.post("/v1/sounds", ["prompt": "click", "duration": 1]).status == 202
                        ? true : nil
                }
                #expect(await program.stop() == 0, "\(program.errors)")
            }
        }
    }

    @Test func aLedgerIsCopiedAndTheGatewayGoesOnWithIt() async throws {
        let url = try await PostgresServer.shared.freshURL()
        try await Folder.with { folder in
            try await withClient { client in
                var id = ""
                do {
                    let program = try Program.gateway(in: folder)
                    defer { program.send(SIGKILL) }
                    let gateway = try await program.peer(client, ready: "/readyz")
                    let task = try await gateway.sound(["prompt": "click", "duration": 1])
                    id = try #require(task["id"]?.string)
                    let busy = try await copy(to: url, in: folder)
                    #expect(busy.status == 69, "a gateway has the source open: \(busy.errors)")
                    #expect(await program.stop() == 0)
                }
                let run = try await copy(to: url, in: folder, "--json")
                #expect(run.status == 0, "\(run.errors)")
                #expect(!run.errors.contains(url))
                let document = try JSONValue(parsing: run.output)
                #expect(document["parts"]?[0]?["name"] == "tasks")
                #expect(document["parts"]?[0]?["rows"] == 1)
                #expect(try await copy(to: url, in: folder).status == 65, "it was copied already")

                let file = try folder.write(config(url), to: "gate.yaml")
                let doctor = try await Program.run(["doctor", "--config", file, "--deep"], in: folder)
                #expect(doctor.status == 0, "\(doctor.errors)")
                #expect(doctor.errors.contains("1 tasks"))
                let program = try Program(["serve", "--config", file], in: folder)
                defer { program.send(SIGKILL) }
                let gateway = try await program.peer(client, ready: "/readyz")
                #expect(try await gateway.get("/v1/sounds/\(id)").json["status"] == "succeeded")
                #expect(try await gateway.get("/v1/sounds/\(id)/audio/0").status == 200)
                #expect(await program.stop() == 0)
            }
        }
    }

    private func copy(to url: String, in folder: Folder, _ more: String...) async throws -> Program.Outcome {
        let places = ["--from", "sqlite:data/soundgate.db", "--to", "postgres:\(url)"]
        return try await Program.run(["storage", "copy"] + places + more, in: folder)
    }
}
