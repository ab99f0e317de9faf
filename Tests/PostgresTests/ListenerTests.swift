import Glibc
import EventLoop
import Postgres
import PostgresTestSupport
import Support
import Telemetry
import Testing

@Suite struct ListenerTests {
    private typealias Heard = Observed<[PostgresListener.Event]>

    /// Lends a listener and what it hears.
    private func listening(
        _ fixture: Fixture,
        _ channels: [String],
        _ change: (inout PostgresPool.Options) -> Void = { _ in },
        _ body: (PostgresListener, Heard) async throws -> Void
    ) async throws {
        let heard = Heard([])
        let loop = try EventLoop(name: "ear")
        try loop.start()
        defer { loop.stop() }
        var options = PostgresPool.Options(url: fixture.url)
        options.firstRetry = .milliseconds(5)
        change(&options)
        let listener = PostgresListener(options, loop: loop, log: Log(level: .trace, sink: fixture.log)) {
            event in
            heard.change { $0.append(event) }
        }
        listener.listen(to: channels)
        do {
            try await body(listener, heard)
            await listener.close()
        } catch {
            await listener.close()
            throw error
        }
    }

    private func tell(_ fixture: Fixture, _ channel: String, _ payload: String) async throws {
        _ = try await fixture.pool.query("SELECT pg_notify($1, $2)", [.text(channel), .text(payload)])
    }

    @Test func hearsItsChannelsInOrderAndNoOthers() async throws {
        try await withDatabase { fixture in
            try await listening(fixture, ["news", "Holder \"7\""]) { _, heard in
                await heard.until { $0 == [.connected] }
                for number in 0..<20 {
                    try await tell(fixture, "other", "\(number)")
                    try await tell(fixture, number % 2 == 0 ? "news" : "Holder \"7\"", "\(number)")
                }
                await heard.until { $0.count == 21 }
                let expected = (0..<20).map { number in
                    PostgresListener.Event.notification(
                        channel: number % 2 == 0 ? "news" : "Holder \"7\"",
                        payload: "\(number)"
                    )
                }
                #expect(Array(heard.value.dropFirst()) == expected)
            }
        }
    }

    @Test func anotherChannelIsHeardFromTheNextConnectedOn() async throws {
        try await withDatabase { fixture in
            try await listening(fixture, ["a"]) { listener, heard in
                await heard.until { $0 == [.connected] }
                listener.listen(to: ["a", "b"])
                await heard.until { $0 == [.connected, .connected] }
                try await tell(fixture, "b", "x")
                await heard.until { $0.last == .notification(channel: "b", payload: "x") }
            }
        }
    }

    @Test func comesBackByItselfAndSaysThatItWasAway() async throws {
        try await withDatabase { fixture in
            try await listening(fixture, ["a"]) { _, heard in
                await heard.until { $0 == [.connected] }
                _ = try await fixture.look(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"
                )
                await heard.until { $0 == [.connected, .lost, .connected] }
                try await tell(fixture, "a", "x")
                await heard.until { $0.last == .notification(channel: "a", payload: "x") }
            }
        }
    }

    @Test func nothingIsHeardAfterItWasClosed() async throws {
        try await withDatabase { fixture in
            try await listening(fixture, ["a"]) { listener, heard in
                await heard.until { $0 == [.connected] }
                await listener.close()
                try await tell(fixture, "a", "x")
                try await until("its connection is gone") {
                    try await fixture.look(
                        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"
                    )
                    .isEmpty
                }
                #expect(heard.value == [.connected])
            }
        }
    }

    @Test func aServerThatOnlySeemsToBeThereIsFoundOut() async throws {
        let server = try PostgresServer()
        let url = server.url(try await server.database())
        try await PostgresServer.withPool(url, loops: 1) { pool in
            let fixture = Fixture(url: url, pool: pool, log: LogMemory())
            try await listening(
                fixture,
                ["a"],
                { options in
                    options.heartbeat = .milliseconds(20)
                    options.statementTimeout = .seconds(1)
                    options.connectTimeout = .seconds(1)
                }
            ) { _, heard in
                await heard.until { $0.last == .connected }
                let rows = try await fixture.look(
                    """
                    SELECT pid FROM pg_stat_activity WHERE datname = current_database()
                        AND pid <> pg_backend_pid() AND query ~ 'LISTEN|SELECT 1$'
                    """
                )
                let process = try #require(rows.first).int(0)
                kill(pid_t(process), SIGSTOP)
                await heard.until { $0.contains(.lost) }
                kill(pid_t(process), SIGCONT)
                await heard.until { $0.last == .connected && $0.count > 2 }
            }
        }
    }
}
