import Glibc
import Postgres
import PostgresTestSupport
import Telemetry
import Testing

@Suite struct OutageTests {
    /// A server of the test's own, and a pool on it.
    private func withServer<Result: Sendable>(
        _ change: (inout PostgresPool.Options) -> Void = { _ in },
        _ body: (PostgresServer, Fixture) async throws -> Result
    ) async throws -> Result {
        let server = try PostgresServer()
        let url = server.url(try await server.database())
        let memory = LogMemory()
        return try await PostgresServer.withPool(url, loops: 1, log: Log(level: .trace, sink: memory), change)
        { pool in
            let fixture = Fixture(url: url, pool: pool, log: memory)
            _ = try await fixture.look(Statements.notes.sql)
            return try await body(server, fixture)
        }
    }

    @Test(arguments: [PostgresServer.Stop.fast, .immediate])
    func callsFailAtOnceWithoutAServerAndGoOnWhenItIsBack(_ stop: PostgresServer.Stop) async throws {
        try await withServer({ $0.firstRetry = .milliseconds(5) }) { server, fixture in
            try await fixture.pool.run([Statements.note("before")])
            server.stop(stop)
            try await until("the loss is noticed") { await !fixture.pool.state.isAvailable }
            for _ in 1...3 {
                let error = try await failing { try await fixture.pool.run([Statements.note("during")]) }
                #expect(error.isUnavailable)
                #expect(error.kind == .noConnection)
                #expect(!error.mayHaveCommitted)
                #expect("\(error)".hasPrefix("no connection to PostgreSQL: "))
            }
            try server.start()
            // By itself: nobody has to call for it.
            try await until("it is there again") { await fixture.pool.state.isAvailable }
            try await fixture.pool.run([Statements.note("after")])
            let bodies = try await fixture.bodies()
            #expect(bodies == ["after", "before"])
            #expect(fixture.log.messages.contains("PostgreSQL is not to be had"))
            #expect(fixture.log.messages.contains("PostgreSQL is there again"))
        }
    }

    @Test func whatTheServerEndsInMidFlightHasNotHappened() async throws {
        try await withNotes({ options in
            options.connectionsPerLoop = 1
            options.batchesPerConnection = 8
        }) { fixture in
            let process = try await fixture.pool.query("SELECT pg_backend_pid()").first?.int(0)
            try await fixture.hold(1) {
                let first = Task {
                    try await failing {
                        try await fixture.pool.run([Statements.note("a"), Statements.lock(1)])
                    }
                }
                try await fixture.untilWaiting(1)
                let behind = Task { try await failing { try await fixture.pool.run([Statements.note("b")]) } }
                try await until("both are under way") { await fixture.pool.state.batches == 2 }
                _ = try await fixture.look("SELECT pg_terminate_backend($1)", [PostgresValue(process)])
                let (one, two) = (try await first.value, try await behind.value)
                #expect(one.sqlState == "57P01")
                #expect(two.sqlState == "57P01")
                #expect(two.kind == .connectionLost)
                for error in [one, two] {
                    #expect(error.isUnavailable)
                    // The server said farewell before either was at its end.
                    #expect(!error.mayHaveCommitted)
                }
                try await fixture.pool.run([Statements.note("c")])
            }
            let bodies = try await fixture.bodies()
            #expect(bodies == ["c"])
        }
    }

    /// Over a wire of its own, to a database with notes.
    private func overWire(
        _ change: (inout PostgresPool.Options) -> Void = { _ in },
        _ body: (PostgresWire, Fixture) async throws -> Void
    ) async throws {
        let server = try PostgresServer.shared.server()
        let database = try await server.database()
        let wire = try PostgresWire(to: server)
        let memory = LogMemory()
        let log = Log(level: .trace, sink: memory)
        try await PostgresServer.withPool(wire.url(database), loops: 1, log: log, change) { pool in
            let fixture = Fixture(url: server.url(database), pool: pool, log: memory)
            _ = try await fixture.look(Statements.notes.sql)
            try await body(wire, fixture)
        }
    }

    @Test func aCommitWhoseAnswerIsLostIsToldAsSuch() async throws {
        try await overWire({ $0.connectionsPerLoop = 1 }) { wire, fixture in
            _ = try await fixture.pool.query("SELECT 1")
            wire.swallowAnswers()
            let call = Task { try await failing { try await fixture.pool.run([Statements.note("a")]) } }
            try await until("it is committed") { try await fixture.bodies() == ["a"] }
            wire.cut()
            let error = try await call.value
            #expect(error.kind == .connectionLost)
            #expect(error.isUnavailable)
            #expect(error.mayHaveCommitted)
            try await until("another connection is there") {
                (try? await fixture.pool.run([Statements.note("b")])) != nil
            }
        }
    }

    @Test func aTransactionsCommitWhoseAnswerIsLostIsToldAsSuchAndOnlyThat() async throws {
        try await overWire { wire, fixture in
            let call = Task {
                try await failing {
                    try await fixture.pool.transaction { transaction in
                        try await transaction.run([Statements.note("a")])
                        wire.swallowAnswers()
                    }
                }
            }
            try await until("it is committed") { try await fixture.bodies() == ["a"] }
            wire.cut()
            let error = try await call.value
            #expect(error.mayHaveCommitted)

            let early = try await failing {
                try await fixture.pool.transaction { transaction in
                    try await transaction.run([Statements.note("b")])
                    wire.swallowAnswers()
                    let call = Task { try await transaction.query("SELECT 4711") }
                    try await until("the server has done it") {
                        try await fixture.look(
                            """
                            SELECT 1 FROM pg_stat_activity
                            WHERE datname = current_database() AND state LIKE 'idle%' AND query = 'SELECT 4711'
                            """
                        ).count == 1
                    }
                    wire.cut()
                    _ = try await call.value
                }
            }
            #expect(early.isUnavailable)
            #expect(!early.mayHaveCommitted)
            let bodies = try await fixture.bodies()
            #expect(bodies == ["a"])
        }
    }

    @Test func whatIsLostWithoutAWordMayHaveHappened() async throws {
        try await withServer({ $0.connectionsPerLoop = 1 }) { server, fixture in
            let process = try await fixture.pool.query("SELECT pg_backend_pid()").first?.int(0)
            let errors = try await withThrowingTaskGroup { group in
                // The crash of one process takes the holder's connection with it.
                group.addTask {
                    try await failing {
                        try await PostgresServer.withPool(fixture.url, loops: 1) { other in
                            try await other.transaction { transaction in
                                try await transaction.run([Statements.lock(1)])
                                try await fixture.untilWaiting(1)
                                try #require(kill(pid_t(try #require(process)), SIGKILL) == 0)
                                try await until("it is gone") {
                                    _ = try await transaction.query("SELECT 1")
                                    return false
                                }
                            }
                        }
                    }
                }
                try await until("it is held") {
                    try await fixture.look("SELECT 1 FROM pg_locks WHERE locktype = 'advisory'").count == 1
                }
                let lost = try await failing {
                    try await fixture.pool.run([Statements.note("a"), Statements.lock(1)])
                }
                return [lost] + (try await group.reduce(into: []) { $0.append($1) })
            }
            #expect(errors.first?.kind == .connectionLost)
            #expect(errors.first?.mayHaveCommitted == true)
            #expect("\(try #require(errors.first))".hasSuffix("it may have been committed"))
            #expect(errors.last?.isUnavailable == true)
            try await until("it is there again") {
                (try? await fixture.pool.run([Statements.note("b")])) != nil
            }
            let bodies = try await fixture.bodies()
            #expect(bodies == ["b"])
        }
    }

    @Test func aConnectionThatIsCutWhileItRestsIsNobodysLoss() async throws {
        try await withNotes { fixture in
            for round in 0..<5 {
                let process = try await fixture.pool.query("SELECT pg_backend_pid()").first?.int(0)
                _ = try await fixture.look("SELECT pg_terminate_backend($1, 10000)", [PostgresValue(process)])
                try await until("the loss is noticed") {
                    fixture.log.messages.count { $0 == "a connection to PostgreSQL was lost" } == round + 1
                }
                try await fixture.pool.run([Statements.note("\(round)")])
            }
            let bodies = try await fixture.bodies()
            #expect(bodies.count == 5)
        }
    }

    @Test func aTransactionWhoseConnectionIsCutIsUndone() async throws {
        try await withNotes({ $0.connectionsPerLoop = 1 }) { fixture in
            let error = try await failing {
                try await fixture.pool.transaction { transaction in
                    try await transaction.run([Statements.note("a")])
                    let process = try await transaction.query("SELECT pg_backend_pid()").first?.int(0)
                    _ = try await fixture.look(
                        "SELECT pg_terminate_backend($1, 10000)",
                        [PostgresValue(process)]
                    )
                    try await transaction.run([Statements.note("b")])
                }
            }
            #expect(error.isUnavailable)
            #expect(!error.mayHaveCommitted)
            try await fixture.pool.run([Statements.note("c")])
            let bodies = try await fixture.bodies()
            #expect(bodies == ["c"])
        }
    }

    @Test func aTransactionThatRestsTooLongLosesItsConnectionAndItsLocks() async throws {
        try await withNotes({ $0.statementTimeout = .seconds(1) }) { fixture in
            let error = try await failing {
                try await fixture.pool.transaction { transaction in
                    try await transaction.run([Statements.lock(1), Statements.note("a")])
                    // As after a pause of the whole process: others do not wait for it to come back.
                    _ = try await fixture.look(Statements.lock(1).sql, Statements.lock(1).values)
                    try await transaction.run([Statements.note("b")])
                }
            }
            #expect(error.isUnavailable)
            let bodies = try await fixture.bodies()
            #expect(bodies == [])
        }
    }

    @Test func aServerThatOnlyReadsFromNowOnIsLeft() async throws {
        let first = try PostgresServer()
        let second = try PostgresServer()
        let url =
            "postgresql:///postgres?host=\(first.folder),\(second.folder)&user=postgres"
            + "&target_session_attrs=read-write"
        for server in [first, second] {
            _ = try await server.administer { try await $0.query(Statements.notes.sql) }
        }
        try await PostgresServer.withPool(url, loops: 1) { pool in
            try await pool.run([Statements.note("first")])
            _ = try await first.administer { pool in
                _ = try await pool.query("ALTER SYSTEM SET default_transaction_read_only = on")
                return try await pool.query("SELECT pg_reload_conf()")
            }
            var number = 0
            try await until("it finds the other one") {
                number += 1
                do throws(PostgresError) {
                    try await pool.run([Statements.note("\(number)")])
                } catch {
                    #expect(error.isUnavailable)
                }
                return try await second.administer { try await $0.query("SELECT body FROM note").count } > 0
            }
        }
    }

    @Test func aServerThatStopsWithoutAWordIsFoundOut() async throws {
        try await withServer({ options in
            options.connectionsPerLoop = 1
            options.statementTimeout = .seconds(1)
            options.connectTimeout = .seconds(1)
        }) { server, fixture in
            let process = try #require(try await fixture.pool.query("SELECT pg_backend_pid()").first?.int(0))
            kill(pid_t(process), SIGSTOP)
            let error = try await failing { try await fixture.pool.run([Statements.note("a")]) }
            kill(pid_t(process), SIGCONT)
            #expect(error.kind == .connectionLost)
            #expect(error.mayHaveCommitted)
            try await until("another connection is there") {
                (try? await fixture.pool.run([Statements.note("b")])) != nil
            }
        }
    }

    @Test func tooManyConnectionsAreNoReasonToFailWhereOneIsThere() async throws {
        let server = try PostgresServer(settings: [
            "max_connections = 6", "superuser_reserved_connections = 0",
        ])
        try await PostgresServer.withPool(
            server.url(),
            loops: 1,
            { options in
                options.connectionsPerLoop = 50
                options.batchesPerConnection = 1
            }
        ) { pool in
            try await withThrowingTaskGroup { group in
                for _ in 0..<40 { group.addTask { _ = try await pool.query("SELECT pg_sleep(0.01)") } }
                try await group.waitForAll()
            }
            let state = await pool.state
            #expect((1...6).contains(state.connections))
        }
    }
}
