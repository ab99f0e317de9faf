import Glibc
import JSON
import Testing

/// The end of the process.
@Suite struct StopTests {
    @Test("A stop beside threads that render and hash is an orderly end")
    func renderingGoesOn() async throws {
        try await Folder.with { folder in
            try folder.write("server: { listen: \"127.0.0.1:0\", drain: 10ms }\n", to: "soundgate.yaml")
            for turn in 0..<8 {
                let program = try Program(["serve", "--config", "soundgate.yaml"], in: folder)
                defer { program.send(SIGKILL) }
                try await withClient { client in
                    let gateway = try await program.peer(client, ready: "/readyz")
                    for _ in 0..<turn {
                        let click: JSONValue = ["prompt": "click", "duration": 0.5]
                        let answer = try await gateway.post("/v1/sounds", click)
                        #expect(answer.status == 202)
                    }
                }
                #expect(await program.stop() == 0, "\(program.errors)")
            }
        }
    }
}
