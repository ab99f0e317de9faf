import Configuration
import HTTP
import JSON
import Testing

@Suite("Client keys")
struct AccessTests {
    /// The digests are those of `alice-key`, `bob-key` and `admin-key`, as sha256sum tells them.
    static let clients = ClientAccess.listed([
        Client(name: "alice", keySHA256: "72ee9d4355ccb9d3a4c9dbf37382e38e75c1b1a225b5bd1f729ee91bbda30c20"),
        Client(name: "bob", keySHA256: "9b94dc1a51a38769f135edf04033ad7f2f487b6c25929be7a861cfc1ab10cf98"),
        Client(
            name: "operator",
            keySHA256: "69a5265506c94c77b787a7d7377b7685a0eff82e33920a71e7ee22cd6154953e",
            isAdmin: true
        ),
    ])

    private static func key(_ key: String) -> Fields { ["Authorization": "Bearer \(key)"] }

    @Test(
        "No key, an unknown key and another scheme are 401 with a challenge",
        arguments: [nil, "Bearer nobody", "Bearer", "Basic YWxpY2U6eA==", "alice-key", "Bearer Alice-key"]
    )
    func unauthorized(field: String?) async throws {
        try await withHouse(clients: Self.clients) { house in
            let fields: Fields = field.map { ["Authorization": $0] } ?? [:]
            for target in ["/v1/sounds", "/v1/sounds/snd_1", "/v1/providers", "/v1/sounds/snd_1/audio/0"] {
                let answer = try await house.send(.get, target, fields: fields)
                #expect(answer.status == 401)
                #expect(answer.code == "unauthorized")
                #expect(answer.fields["WWW-Authenticate"] == "Bearer")
            }
            let create = try await house.send(.post, "/v1/sounds", #"{"prompt": "x"}"#, fields: fields)
            #expect(create.status == 401)
        }
    }

    @Test(
        "The pages about the gateway need no key",
        arguments: ["/healthz", "/readyz", "/openapi.yaml", "/openapi.json", "/"]
    )
    func open(target: String) async throws {
        try await withHouse(clients: Self.clients) { house in
            let answer = try await house.send(.get, target)
            #expect(answer.status == 200)
        }
    }

    @Test("The scheme's name may be written in any case", arguments: ["bearer", "BEARER", "Bearer"])
    func schemes(scheme: String) async throws {
        try await withHouse(clients: Self.clients) { house in
            let fields: Fields = ["Authorization": "\(scheme) alice-key"]
            let answer = try await house.send(.get, "/v1/providers", fields: fields)
            #expect(answer.status == 200)
        }
    }

    @Test("A client never sees another's task, on any route; an admin sees all")
    func walls() async throws {
        try await withHouse(clients: Self.clients) { house in
            let (alice, bob, admin) = (Self.key("alice-key"), Self.key("bob-key"), Self.key("admin-key"))
            let task = try await house.sound(fields: alice)
            let running = try await house.endlessSound(fields: alice)
            #expect(task.json["client"] == "alice")
            let path = "/v1/sounds/\(task.id)"
            for (method, target) in [
                (HTTP.Method.get, path), (.get, path + "/audio/0"),
                (.post, "/v1/sounds/\(running.id)/cancel"),
                (.delete, path),
            ] {
                let answer = try await house.send(method, target, fields: bob)
                #expect(answer.status == 404, "\(method) \(target)")
                let nothing = try await house.send(
                    method,
                    target.replacing(task.id, with: "snd_x"),
                    fields: bob
                )
                #expect(answer.json["detail"] == nothing.json["detail"])
            }
            for (fields, count) in [(alice, 2), (bob, 0), (admin, 2)] {
                let list = try await house.send(.get, "/v1/sounds", fields: fields)
                #expect(list.json["data"]?.array?.count == count)
            }
            #expect(try await house.send(.get, path + "/audio/0", fields: admin).status == 200)
            #expect(try await house.send(.get, path, fields: alice).json["status"] == "succeeded")
            #expect(
                try await house.send(.get, "/v1/sounds/\(running.id)", fields: alice).json["ended_at"]
                    == .null
            )
        }
    }
}
