import Postgres
import PostgresTestSupport
import Testing

@Suite struct PipelineTests {
    /// One connection, on which so many batches may be under way.
    private func single(_ batches: Int) -> (inout PostgresPool.Options) -> Void {
        { options in
            options.connectionsPerLoop = 1
            options.batchesPerConnection = batches
        }
    }

    @Test func aBatchThatFailsTakesNoOtherWithIt() async throws {
        try await withNotes(single(64)) { fixture in
            _ = try await fixture.pool.query("SELECT 1")
            try await withThrowingTaskGroup { group in
                try await fixture.hold(1) {
                    // All the others are sent behind this one, before it has its lock.
                    group.addTask {
                        _ = try await fixture.pool.run([Statements.lock(1), Statements.note("first")])
                    }
                    try await fixture.untilWaiting(1)
                    for number in 0..<30 {
                        group.addTask {
                            do throws(PostgresError) {
                                let second = number % 3 == 0 ? "first" : "\(number) too"
                                try await fixture.pool.run([
                                    Statements.note("\(number)"), Statements.note(second),
                                    Statements.note("\(number) last"),
                                ])
                                #expect(number % 3 != 0)
                            } catch {
                                #expect(number % 3 == 0, "\(error)")
                                #expect(error.isUniqueViolation("note_body_key"))
                                #expect(!error.mayHaveCommitted)
                            }
                        }
                    }
                    try await until("all are under way") {
                        let state = await fixture.pool.state
                        return state.connections == 1 && state.batches == 31 && state.waiting == 0
                    }
                }
                try await group.waitForAll()
            }
            let expected =
                ["first"] + (0..<30).filter { $0 % 3 != 0 }.flatMap { ["\($0)", "\($0) too", "\($0) last"] }
            let bodies = try await fixture.bodies()
            #expect(bodies == expected.sorted())
        }
    }

    @Test func aTextIsPreparedOncePerConnection() async throws {
        try await withNotes(single(4)) { fixture in
            for number in 0..<10 { try await fixture.pool.run([Statements.note("\(number)")]) }
            try await fixture.pool.run((10..<20).map { Statements.note("\($0)") })
            let rows = try await fixture.pool.query(
                "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'INSERT INTO note%'"
            )
            #expect(rows.first?.int(0) == 1)
        }
    }

    @Test func noMoreTextsAreKeptThanAllowed() async throws {
        try await withDatabase({ options in
            options.connectionsPerLoop = 1
            options.keptStatements = 3
        }) { fixture in
            for number in 0..<10 {
                let rows = try await fixture.pool.query("SELECT \(number)")
                #expect(rows.first?.int(0) == number)
            }
            let rows = try await fixture.pool.query("SELECT count(*) FROM pg_prepared_statements")
            #expect(rows.first?.int(0) == 3)
        }
    }

    @Test func aTextWhosePreparationWasSkippedIsPreparedAgain() async throws {
        try await withNotes(single(4)) { fixture in
            for _ in 1...2 {
                let error = try await failing {
                    try await fixture.pool.run([
                        PostgresStatement("SELECT 1 / 0"),
                        PostgresStatement("SELECT body FROM note WHERE id = $1", [1]),
                    ])
                }
                #expect(error.sqlState == "22012")
            }
            let rows = try await fixture.pool.query("SELECT body FROM note WHERE id = $1", [1])
            #expect(rows.isEmpty)
        }
    }

    @Test func aChangedTableIsNoReasonToFail() async throws {
        try await withNotes(single(4)) { fixture in
            try await fixture.pool.run([Statements.note("a")])
            #expect(try await fixture.pool.query("SELECT * FROM note").first?.count == 2)
            _ = try await fixture.look("ALTER TABLE note ADD COLUMN colour text")
            #expect(try await fixture.pool.query("SELECT * FROM note").first?.count == 3)
            // Another program may throw the names away, as a proxy's reset does.
            try await fixture.pool.run([PostgresStatement("DEALLOCATE ALL")])
            #expect(try await fixture.pool.query("SELECT * FROM note").first?.count == 3)
        }
    }

    @Test func aTableMayBeMadeAndUsedInOneBatch() async throws {
        try await withDatabase { fixture in
            let results = try await fixture.pool.run([
                Statements.notes, Statements.note("a"), PostgresStatement("SELECT body FROM note"),
            ])
            #expect(results.last?.rows.first?.text(0) == "a")
        }
    }

    @Test func whatFailsWithTheCommitIsTold() async throws {
        try await withNotes(single(4)) { fixture in
            _ = try await fixture.look(
                "CREATE TABLE tag (note bigint REFERENCES note DEFERRABLE INITIALLY DEFERRED)"
            )
            let error = try await failing {
                try await fixture.pool.run([
                    Statements.note("a"), PostgresStatement("INSERT INTO tag VALUES ($1)", [4711]),
                ])
            }
            #expect(error.sqlState == "23503")
            #expect(error.constraint == "tag_note_fkey")
            #expect(!error.mayHaveCommitted)
            try await fixture.pool.run([Statements.note("b")])
            let bodies = try await fixture.bodies()
            #expect(bodies == ["b"])
        }
    }

    @Test(arguments: [
        "BEGIN", "START TRANSACTION READ ONLY", "COPY (SELECT 1) TO STDOUT", "COPY note (body) FROM STDIN",
    ])
    func whatWouldSpoilTheConnectionEndsIt(_ sql: String) async throws {
        try await withNotes(single(4)) { fixture in
            let before = try await fixture.pool.query("SELECT pg_backend_pid()").first?.int(0)
            do throws(PostgresError) {
                try await fixture.pool.run([PostgresStatement(sql)])
            } catch {
                #expect(error.kind == .connectionLost)
            }
            try await fixture.pool.run([Statements.note("a")])
            let after = try await fixture.pool.query("SELECT pg_backend_pid()").first?.int(0)
            #expect(before != after)
            let bodies = try await fixture.bodies()
            #expect(bodies == ["a"])
        }
    }

    @Test func manyCallsFromManyTasksAllComeBackRight() async throws {
        try await withNotes(loops: 2) { fixture in
            try await withThrowingTaskGroup { group in
                for number in 0..<400 {
                    group.addTask {
                        let results = try await fixture.pool.run([
                            Statements.note("\(number)"),
                            PostgresStatement("SELECT $1::bigint", [.integer(Int64(number))]),
                        ])
                        #expect(results.last?.rows.first?.int(0) == number)
                    }
                }
                try await group.waitForAll()
            }
            let bodies = try await fixture.bodies()
            #expect(bodies.count == 400)
            let state = await fixture.pool.state
            #expect(state.connections <= 8)
            #expect(state.waiting == 0)
        }
    }
}
