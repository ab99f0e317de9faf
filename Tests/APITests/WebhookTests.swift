import Configuration
import Crypto
import HTTP
import JSON
import Testing
import Webhooks

@Suite("Webhook messages")
struct WebhookTests {
    private static let clients = ClientAccess.listed(
        ["one", "two", "boss"].map {
            Client(name: $0, keySHA256: SHA256.hash("key-\($0)").hex, isAdmin: $0 == "boss")
        }
    )

    private static func fields(_ name: String) -> Fields { ["Authorization": "Bearer key-\(name)"] }

    /// A sound whose address is a port of loopback at which nobody listens.
    private static func sound(_ house: House, fields: Fields = [:]) async throws -> String {
        let body =
            #"{"prompt": "click", "provider": "builtin", "webhook_url": "http://127.0.0.1:1/hook?key=a"}"#
        return try await house.sound(body, fields: fields).id
    }

    private static func ids(_ answer: Answer) -> [String] {
        (answer.json["data"]?.array ?? []).compactMap { $0["id"]?.string }
    }

    @Test("A list shows each message, newest first, page by page")
    func list() async throws {
        try await withHouse { house in
            let task = try await Self.sound(house)
            let whole = try await house.send(.get, "/v1/webhooks")
            let messages = whole.json["data"]?.array ?? []
            #expect(
                messages.map { $0["type"]?.string } == [
                    "sound.succeeded", "sound.output_ready", "sound.running", "sound.queued",
                ]
            )
            #expect(whole.json["next_cursor"] == .null)
            let first = try #require(messages.first)
            #expect(first["task"]?.string == task)
            #expect(first["state"] == "pending")
            #expect(first["url"] == "http://127.0.0.1:1/hook?key=a")
            #expect(first["tries"] == 0)

            var seen: [String] = []
            var target = "/v1/webhooks?limit=3"
            for _ in 0..<2 {
                let page = try await house.send(.get, target)
                seen += Self.ids(page)
                target = "/v1/webhooks?limit=3&cursor=\(page.json["next_cursor"]?.string ?? "evt_")"
            }
            #expect(seen == Self.ids(whole))
        }
    }

    @Test("It is filtered by state and task")
    func filters() async throws {
        try await withHouse { house in
            let (first, second) = (try await Self.sound(house), try await Self.sound(house))
            for (query, count) in [
                ("state=pending", 8), ("state=dead", 0), ("state=delivered", 0), ("task=\(first)", 4),
                ("task=\(second)&state=pending", 4), ("task=snd_nobody", 0),
            ] {
                let answer = try await house.send(.get, "/v1/webhooks?\(query)")
                #expect(Self.ids(answer).count == count, "\(query)")
            }
        }
    }

    @Test(
        "What is no filter is refused",
        arguments: [
            ("state=lost", "state unknown_value"), ("task=x", "task invalid"),
            ("limit=0", "limit out_of_range"),
            ("limit=101", "limit out_of_range"), ("cursor=snd_1", "cursor invalid"),
            ("cursor=evt_", "cursor invalid"), ("task=snd_%20", "task invalid"),
            ("stat=dead", "stat unknown_field"),
        ]
    )
    func badFilters(_ query: String, _ problem: String) async throws {
        try await withHouse { house in
            let answer = try await house.send(.get, "/v1/webhooks?\(query)")
            #expect(answer.status == 422)
            #expect(answer.errors == [problem])
        }
    }

    @Test("A client sees and sends its own alone, an admin everybody's")
    func owners() async throws {
        try await withHouse(clients: Self.clients) { house in
            _ = try await Self.sound(house, fields: Self.fields("one"))
            let shown = try await house.send(.get, "/v1/webhooks", fields: Self.fields("one"))
            let id = try #require(Self.ids(shown).first)
            let others = try await house.send(.get, "/v1/webhooks", fields: Self.fields("two"))
            #expect(Self.ids(others).isEmpty)
            let everybodys = try await house.send(.get, "/v1/webhooks", fields: Self.fields("boss"))
            #expect(Self.ids(everybodys).count == 4)
            let target = "/v1/webhooks/\(id)/resend"
            for (name, status) in [("one", 202), ("two", 404), ("boss", 202)] {
                let answer = try await house.send(.post, target, fields: Self.fields(name))
                #expect(answer.status == status, "\(name)")
            }
            let stranger = try await house.send(.get, "/v1/webhooks")
            #expect(stranger.status == 401)
        }
    }

    @Test("A message that failed shows why, and is tried anew when it is sent again")
    func resend() async throws {
        try await withHouse { house in
            let task = try await Self.sound(house)
            house.courier.nudge()
            var failed: JSONValue?
            for _ in 0..<5_000 where failed == nil {
                let shown = try await house.send(.get, "/v1/webhooks?task=\(task)")
                failed = shown.json["data"]?.array?.first { $0["tries"] == 1 }
                try await Task.sleep(for: .milliseconds(2))
            }
            let message = try #require(failed)
            #expect(message["state"] == "pending")
            #expect(message["type"] == "sound.queued")
            #expect(message["last_error"] == "the host takes no connection")
            #expect(message["last_status"] == .null)
            let again = try await house.send(.post, "/v1/webhooks/\(message["id"]?.string ?? "")/resend")
            #expect(again.status == 202)
            #expect(again.json["id"] == message["id"])
        }
    }

    @Test("There is no message by another id", arguments: ["evt_nothing", "x", "snd_1"])
    func missing(_ id: String) async throws {
        try await withHouse { house in
            let answer = try await house.send(.post, "/v1/webhooks/\(id)/resend")
            #expect(answer.status == 404)
        }
    }

    @Test(
        "An address that is not public is refused where others can call the gateway, however it is written",
        arguments: [
            "127.0.0.1:1", "[::1]", "2130706433", "0x7f.1", "0177.0.0.1", "10.0.0.1",
            "[::ffff:169.254.169.254]",
        ]
    )
    func destinations(_ host: String) async throws {
        let body = #"{"prompt": "click", "webhook_url": "http://\#(host)/hook"}"#
        try await withHouse(
            clients: .open,
            configure: { $0.server.listen = [.tcp(address: "0.0.0.0", port: 80)] }
        ) {
            house in
            for path in ["/v1/sounds", "/v1/plans"] {
                let answer = try await house.send(.post, path, body)
                #expect(answer.status == 422)
                #expect(answer.errors == ["webhook_url invalid"])
                let message = answer.json["errors"]?.array?.first?["message"]?.string
                #expect(message?.contains("webhooks.allow") == true)
            }
        }
    }

    @Test("Loopback may be called while nobody else can call the gateway, and nothing more")
    func loopback() async throws {
        try await withHouse { house in
            for (host, status) in [
                ("127.0.0.1:1", 200), ("[::1]:1", 200), ("10.0.0.1", 422), ("0.0.0.0", 422),
            ] {
                let body = #"{"prompt": "click", "webhook_url": "http://\#(host)/"}"#
                let answer = try await house.send(.post, "/v1/plans", body)
                #expect(answer.status == status, "\(host)")
            }
        }
    }
}
