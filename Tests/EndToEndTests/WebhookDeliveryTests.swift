import Crypto
import Glibc
import HTTP
import HTTPClient
import JSON
import Testing

/// What those who gave an address are told, whatever happens on the way.
@Suite struct WebhookDeliveryTests {
    private static let secrets = [
        "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
        "whsec_bmV3LW5ldy1uZXctbmV3LW5ldy1uZXctbmV3LW5ldy0=",
    ]
    private static let key = "sgk_test"
    private static let config = """
        clients:
          - name: game
            key_sha256: "\(SHA256.hash(key).hex)"
            webhook_secret: [ "\(secrets[0])", "\(secrets[1])" ]
        """
    private static let types = ["sound.queued", "sound.running", "sound.output_ready", "sound.succeeded"]
    private static let fields: Fields = ["Authorization": "Bearer \(key)"]

    /// Creates a sound whose events the sink is told.
    private func create(at gateway: Peer, telling sink: Sink) async throws -> String {
        let request: JSONValue = ["prompt": "click", "duration": 0.5, "webhook_url": .string(sink.url)]
        let answer = try await gateway.post("/v1/sounds", request, fields: Self.fields)
        try #require(answer.status == 202, "\(answer.json)")
        return try #require(answer.json["id"]?.string)
    }

    private func webhooks(at gateway: Peer, _ query: String = "") async throws -> [JSONValue] {
        let answer = try await gateway.get("/v1/webhooks?limit=100\(query)", fields: Self.fields)
        return try #require(answer.json["data"]?.array)
    }

    private func start(in folder: Folder, _ client: HTTPClient) async throws -> (Program, Peer) {
        let program = try Program.gateway(["--config", folder.file("soundgate.yaml")], in: folder)
        return (program, try await program.peer(client, ready: "/readyz"))
    }

    @Test func everyEventArrivesInOrderSignedWithEverySecret() async throws {
        try await Sink.with { sink in
            try await sink.open()
            try await withGateway(config: Self.config) { gateway, _ in
                let id = try await create(at: gateway, telling: sink)
                _ = try await eventually("the end is told") {
                    sink.letters.count >= 4 ? true : nil
                }
                #expect(sink.letters.map(\.type) == Self.types)
                #expect(sink.letters.allSatisfy { $0.task == id })
                #expect(Set(sink.letters.map(\.id)).count == 4)
                let shown = try await gateway.get("/v1/sounds/\(id)", fields: Self.fields).json
                #expect(sink.letters.last?.json["data"]?["outputs"]?.array?.first?["sha256"] != nil)
                #expect(sink.letters.last?.json["timestamp"] == shown["ended_at"])
                for letter in sink.letters {
                    #expect(letter.fields["Content-Type"] == "application/json")
                    #expect(letter.fields["User-Agent"]?.hasPrefix("soundgate/") == true)
                    let timestamp = try #require(letter.fields["webhook-timestamp"])
                    let age = time(nil) - (Int(timestamp) ?? 0)
                    #expect((0...60).contains(age))
                    let signatures = try #require(letter.fields["webhook-signature"])
                    for secret in Self.secrets {
                        let key = try #require(WebhookKey(Secret(secret)))
                        #expect(key.hasSigned(letter.id, at: timestamp, letter.body, in: signatures))
                    }
                }
                _ = try await eventually("all are shown as delivered") {
                    let states = try await webhooks(at: gateway).map { $0["state"]?.string }
                    return states == ["delivered", "delivered", "delivered", "delivered"] ? true : nil
                }
            }
        }
    }

    @Test func aReceiverThatWasDownForAWhileIsToldOfEveryEnd() async throws {
        try await Sink.with { sink in
            try await withGateway(config: Self.config) { gateway, _ in
                var ids: Set<String> = []
                for _ in 0..<8 { ids.insert(try await create(at: gateway, telling: sink)) }
                _ = try await eventually("the first message of each has failed") {
                    let failed = try await webhooks(at: gateway).filter { $0["last_error"]?.string != nil }
                    return failed.count >= 5 ? true : nil
                }
                try await sink.open()
                _ = try await eventually("every end is told") {
                    let ended = sink.letters.filter { $0.type == "sound.succeeded" }.map(\.task)
                    return Set(ended) == ids ? true : nil
                }
                for id in ids {
                    #expect(sink.letters.filter { $0.task == id }.map(\.type) == Self.types)
                }
            }
        }
    }

    @Test func aMessageThatWasOnItsWayWhenTheGatewayWasKilledIsSentAgainUnderItsId() async throws {
        try await Sink.with { sink in
            sink.answer(nil)
            try await sink.open()
            try await Folder.with { folder in
                try folder.write(Self.config, to: "soundgate.yaml")
                try await withClient { client in
                    let (first, gateway) = try await start(in: folder, client)
                    defer { first.send(SIGKILL) }
                    let id = try await create(at: gateway, telling: sink)
                    _ = try await eventually("a message is on its way") {
                        sink.letters.first
                    }
                    _ = try await gateway.get("/v1/sounds/\(id)", wait: 30, fields: Self.fields)
                    first.send(SIGKILL)
                    _ = await first.end(within: .seconds(60))
                    sink.answer(200)

                    let (second, _) = try await start(in: folder, client)
                    defer { second.send(SIGKILL) }
                    _ = try await eventually("the end is told") {
                        sink.letters.first { $0.type == "sound.succeeded" }
                    }
                    #expect(sink.letters.map(\.type) == [Self.types[0]] + Self.types)
                    #expect(sink.letters[0].id == sink.letters[1].id)
                    #expect(sink.letters[0].body == sink.letters[1].body)
                    #expect(await second.stop() == 0)
                }
            }
        }
    }

    @Test func whatIsGivenUpIsListedAndSentAgainByTheCommandLine() async throws {
        try await Sink.with { sink in
            sink.answer(410)
            try await sink.open()
            try await withGateway(config: Self.config) { gateway, folder in
                let id = try await create(at: gateway, telling: sink)
                _ = try await eventually("all are dead") {
                    try await webhooks(at: gateway, "&state=dead").count == 4 ? true : nil
                }
                #expect(sink.letters.count == 1, "410 is the end of all messages of the task")

                let access = ["--server", gateway.address, "--client-key", Self.key]
                let list = try await Program.run(
                    ["webhooks", "list", "--state", "dead"] + access,
                    in: folder
                )
                #expect(list.status == 0)
                #expect(list.output.split(separator: "\n").count == 5)
                #expect(list.output.contains("answered 410"))
                #expect(!list.output.contains("hunter2"))
                let json = try await Program.run(
                    ["webhooks", "list", "--task", id, "--limit", "2", "--json"] + access,
                    in: folder
                )
                #expect(try JSONValue(parsing: Array(json.output.utf8))["data"]?.array?.count == 2)

                sink.answer(204)
                let gone = try await Program.run(["webhooks", "resend", "evt_none"] + access, in: folder)
                #expect(gone.status == 1)
                let resend = try await Program.run(["webhooks", "resend", "--all-dead"] + access, in: folder)
                #expect(resend.status == 0, "\(resend.errors)")
                _ = try await eventually("all are delivered") {
                    try await webhooks(at: gateway, "&state=delivered").count == 4 ? true : nil
                }
                #expect(sink.letters.dropFirst().map(\.type) == Self.types)
                #expect(sink.letters[0].id == sink.letters[1].id)
                let none = try await Program.run(
                    ["webhooks", "list", "--state", "dead"] + access,
                    in: folder
                )
                #expect(none.output.isEmpty)
            }
        }
    }

    @Test func whereOthersCanCallTheGatewayLoopbackIsToldOnlyWhenItIsAllowed() async throws {
        try await Sink.with { sink in
            try await sink.open()
            try await Folder.with { folder in
                try await withClient { client in
                    let listen = "server: { listen: [ 127.0.0.1:0, 0.0.0.0:0 ] }"
                    for allow in [
                        "webhooks: { allow: [ 10.0.0.0/8 ] }", "webhooks: { allow: [ 127.0.0.1 ] }",
                    ] {
                        try folder.write(
                            [Self.config, listen, allow].joined(separator: "\n"),
                            to: "soundgate.yaml"
                        )
                        let program = try Program(
                            ["serve", "--config", folder.file("soundgate.yaml")],
                            in: folder
                        )
                        defer { program.send(SIGKILL) }
                        let gateway = try await program.peer(client, ready: "/readyz")
                        let request: JSONValue = [
                            "prompt": "click", "duration": 0.5, "webhook_url": .string(sink.url),
                        ]
                        let answer = try await gateway.post("/v1/sounds", request, fields: Self.fields)
                        if allow.contains("10.0.0.0") {
                            #expect(answer.status == 422)
                            #expect(answer.json["errors"]?.array?.first?["field"] == "webhook_url")
                        } else {
                            #expect(answer.status == 202)
                            _ = try await eventually("the end is told") {
                                sink.letters.count == 4 ? true : nil
                            }
                        }
                        #expect(await program.stop() == 0)
                    }
                }
            }
        }
    }

    @Test func theLogNamesNeitherSecretsNorPathsOfAddresses() async throws {
        try await Sink.with { sink in
            sink.answer(500)
            try await sink.open()
            try await Folder.with { folder in
                try folder.write(Self.config, to: "soundgate.yaml")
                try await withClient { client in
                    let (program, gateway) = try await start(in: folder, client)
                    defer { program.send(SIGKILL) }
                    _ = try await create(at: gateway, telling: sink)
                    _ = try await program.wait(for: "the failure in the log") {
                        program.errors.contains("webhook not taken") ? true : nil
                    }
                    #expect(await program.stop() == 0)
                    for secret in ["hunter2", "/hook", "whsec_", "click"] {
                        #expect(!program.errors.contains(secret), "\(secret)")
                    }
                }
            }
        }
    }
}
