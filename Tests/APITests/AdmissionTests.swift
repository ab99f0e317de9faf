import Configuration
import HTTP
import JSON
import Testing

@Suite("Room for tasks")
struct AdmissionTests {
    private let endless = #"{"prompt": "rain", "provider": "suno"}"#

    @Test("Beyond the limit nothing is accepted, and it says when to come back; an end makes room")
    func all() async throws {
        try await withHouse(configure: { $0.server.limits.tasks = 2 }) { house in
            let first = try await house.send(.post, "/v1/sounds", endless)
            _ = try await house.send(.post, "/v1/sounds", endless)
            let refused = try await house.send(.post, "/v1/sounds", endless)
            #expect(refused.status == 429)
            #expect(refused.code == "too_many_tasks")
            #expect((1...60).contains(Int(refused.fields["Retry-After"] ?? "") ?? 0))
            #expect(try await house.send(.get, "/v1/sounds").json["data"]?.array?.count == 2)
            _ = try await house.send(.post, "/v1/sounds/\(first.id)/cancel")
            #expect(try await house.send(.post, "/v1/sounds", endless).status == 202)
        }
    }

    @Test("One client's limit is not another's")
    func perClient() async throws {
        let alice: Fields = ["Authorization": "Bearer alice-key"]
        let bob: Fields = ["Authorization": "Bearer bob-key"]
        try await withHouse(
            clients: AccessTests.clients,
            configure: { $0.server.limits.tasksPerClient = 1 }
        ) { house in
            let first = try await house.send(.post, "/v1/sounds", endless, fields: alice)
            #expect(first.status == 202)
            #expect(try await house.send(.post, "/v1/sounds", endless, fields: alice).status == 429)
            #expect(try await house.send(.post, "/v1/sounds", endless, fields: bob).status == 202)
            _ = try await house.send(.post, "/v1/sounds/\(first.id)/cancel", fields: alice)
            #expect(try await house.send(.post, "/v1/sounds", endless, fields: alice).status == 202)
        }
    }
}
