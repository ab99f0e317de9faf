import Glibc
import HTTP
import HTTPClient
import JSON
import Testing

/// A team's key, limits and quota, with the program as it is built.
@Suite("What a client may have, end to end")
struct ClientLimitsTests {
    /// The key and the entry for the configuration that the program prints for a client.
    private static func entry(_ name: String, _ options: [String] = [], in folder: Folder) async throws
        -> (key: String, line: String)
    {
        let made = try await Program.run(["client", "new", name] + options, in: folder)
        try #require(made.status == 0, "\(made.errors)")
        let lines = made.output.split(separator: "\n").map(String.init)
        try #require(lines.count == 2)
        return (lines[0], lines[1])
    }

    @Test("A quota and what was taken of it survive a restart and a kill")
    func restart() async throws {
        try await Folder.with { folder in
            let (key, line) = try await Self.entry("team", in: folder)
            let entry = line.replacing(" }", with: ", quota: { day: { tasks: 3 } }, rate_limit: 1000/h }")
            let config = try folder.write("clients:\n\(entry)\n", to: "gateway.yaml")
            try await withClient { client in
                var left = [2, 1, 0]
                for signal in [SIGTERM, SIGKILL, SIGTERM] {
                    let program = try Program.gateway(["--config", config], in: folder)
                    defer { program.send(SIGKILL) }
                    let gateway = try await program.peer(client, ready: "/readyz")
                    let fields: Fields = ["Authorization": "Bearer \(key)"]
                    let stranger = try await gateway.get("/v1/sounds")
                    #expect(stranger.status == 401)
                    let made = try await gateway.post("/v1/sounds", ["prompt": "click"], fields: fields)
                    #expect(made.status == 202)
                    let expected = #""default";r=999;t=4, "day.tasks";r=\#(left.removeFirst());t="#
                    #expect(made.fields["RateLimit"]?.hasPrefix(expected) == true, "\(made.fields)")
                    if left.isEmpty {
                        let refused = try await gateway.post(
                            "/v1/sounds",
                            ["prompt": "click"],
                            fields: fields
                        )
                        #expect(refused.status == 429)
                        #expect(refused.json["code"] == "quota_exceeded")
                        #expect((1...86_400).contains(Int(refused.fields["Retry-After"] ?? "") ?? 0))
                    }
                    program.send(signal)
                    _ = await program.end(within: .seconds(60))
                }
            }
        }
    }

    @Test("A key that is made to end stands with its end in a line that the configuration takes")
    func expiring() async throws {
        try await Folder.with { folder in
            let (_, line) = try await Self.entry("team", ["--expires", "90d"], in: folder)
            #expect(line.contains("expires: \"20"))
            let config = try folder.write("clients:\n\(line)\n", to: "gateway.yaml")
            #expect(try await Program.run(["config", "check", config], in: folder).status == 0)
            for wrong in ["yesterday", "2001-01-01T00:00:00Z", "0s"] {
                let refused = try await Program.run(["client", "new", "x", "--expires", wrong], in: folder)
                #expect(refused.status == 64, "\(wrong)")
            }
        }
    }
}
