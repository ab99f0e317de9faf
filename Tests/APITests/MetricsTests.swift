import Configuration
import Crypto
import HTTP
import Telemetry
import Testing

@Suite("Metrics")
struct MetricsTests {
    private static let clients = ClientAccess.listed(
        ["bob", "boss"].map {
            Client(name: $0, keySHA256: SHA256.hash("key-\($0)").hex, isAdmin: $0 == "boss")
        }
    )

    /// Who asks, where the gateway listens, what `server.metrics` says, and what comes of it.
    private struct Case: Sendable, CustomTestStringConvertible {
        let access: ServerConfiguration.MetricsAccess
        let listen: [ListenAddress]
        let key: String?
        let status: Int

        var testDescription: String { "\(access) \(listen) \(key ?? "nobody"): \(status)" }
    }

    private static let inside: [ListenAddress] = [.tcp(address: "127.0.0.1", port: 80), .unix(path: "/s")]
    private static let outside: [ListenAddress] = [
        .tcp(address: "127.0.0.1", port: 80), .tcp(address: "0.0.0.0", port: 80),
    ]

    @Test(
        "They need no key on loopback or where they are open, and an admin's elsewhere",
        arguments: [
            Case(access: .loopback, listen: inside, key: nil, status: 200),
            Case(access: .loopback, listen: inside, key: "key-bob", status: 200),
            Case(access: .loopback, listen: outside, key: nil, status: 401),
            Case(access: .loopback, listen: outside, key: "guess", status: 401),
            Case(access: .loopback, listen: outside, key: "key-bob", status: 403),
            Case(access: .loopback, listen: outside, key: "key-boss", status: 200),
            Case(access: .open, listen: outside, key: nil, status: 200),
            Case(access: .open, listen: outside, key: "guess", status: 200),
            Case(access: .admin, listen: inside, key: nil, status: 401),
            Case(access: .admin, listen: inside, key: "key-bob", status: 403),
            Case(access: .admin, listen: inside, key: "key-boss", status: 200),
        ]
    )
    private func access(_ one: Case) async throws {
        let change: @Sendable (inout GatewayConfiguration) -> Void = { configuration in
            configuration.server.listen = one.listen
            configuration.server.metrics = one.access
        }
        try await withHouse(clients: Self.clients, configure: change) { house in
            let fields: Fields = one.key.map { ["Authorization": "Bearer \($0)"] } ?? [:]
            let answer = try await house.send(.get, "/metrics", fields: fields)
            #expect(answer.status == one.status)
            let isShown = String(decoding: answer.body, as: UTF8.self).contains("# TYPE soundgate_http_")
            #expect(isShown == (one.status == 200))
            if one.status == 200 { #expect(answer.fields["Content-Type"] == MetricText.contentType) }
            if one.status == 403 { #expect(answer.code == "admins_only") }
        }
    }

    @Test("Problems are counted by their code, and a changed configuration keeps the counts")
    func problems() async throws {
        try await withHouse { house in
            for _ in 0..<2 { _ = try await house.send(.get, "/v1/sounds/snd_nobody") }
            var next = house.configuration
            next.server.limits.tasks = 7
            await house.adopt(next)
            _ = try await house.send(.get, "/v1/sounds?limit=0")
            let text = String(decoding: try await house.send(.get, "/metrics").body, as: UTF8.self)
            #expect(text.contains(#"soundgate_http_problems_total{code="not_found"} 2"#))
            #expect(text.contains(#"soundgate_http_problems_total{code="invalid_request"} 1"#))
            // The one that asks.
            #expect(text.contains("\nsoundgate_http_requests_in_flight 1\n"))
        }
    }
}
