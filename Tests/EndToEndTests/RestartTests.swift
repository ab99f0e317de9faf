import Glibc
import HTTPClient
import JSON
import Testing
import Threads

/// What a gateway owes its callers after it was killed.
@Suite struct RestartTests {
    /// How many tasks are created: `SOUNDGATE_RESTART_TASKS`, else 2,000; a slower build wants fewer.
    private static let count = getenv("SOUNDGATE_RESTART_TASKS").flatMap { Int(String(cString: $0)) } ?? 2000

    @Test func everyAcceptedTaskEndsAlthoughTheGatewayWasKilled() async throws {
        try await Folder.with { folder in
            try await withClient { client in
                let accepted = try await createAndKill(in: folder, client)
                #expect(!accepted.isEmpty)

                let program = try Program.gateway(in: folder)
                defer { program.send(SIGKILL) }
                let gateway = try await program.peer(client, ready: "/readyz")
                for id in accepted {
                    let task = try await gateway.ended(id)
                    #expect(task["status"] == "succeeded", "\(task)")
                }
                #expect(await program.stop() == 0)
            }
        }
    }

    /// Creates tasks from several callers at once, and kills the gateway when half of them have been accepted.
    ///
    /// - Returns: the ids that got a 202.
    private func createAndKill(in folder: Folder, _ client: HTTPClient) async throws -> [String] {
        let program = try Program.gateway(in: folder)
        defer { program.send(SIGKILL) }
        let gateway = try await program.peer(client, ready: "/readyz")
        let accepted = Guarded<[String]>([])
        let callers = 8
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<callers {
                group.addTask {
                    for _ in 0..<(Self.count / callers) {
                        do {
                            let request: JSONValue = ["prompt": "click", "duration": 0.5]
                            let answer = try await gateway.post("/v1/sounds", request)
                            try #require(answer.status == 202)
                            let id = try #require(answer.json["id"]?.string)
                            let count = accepted.withLock { ids in
                                ids.append(id)
                                return ids.count
                            }
                            if count == Self.count / 2 { program.send(SIGKILL) }
                        } catch is TransportFailure {
                            return
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(await program.end(within: .seconds(60)) == 128 + SIGKILL)
        return accepted.withLock { $0 }
    }
}
