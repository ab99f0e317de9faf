import Postgres
import PostgresTestSupport
import Telemetry
import Testing

@Suite struct TransactionTests {
    private struct Refused: Error {}

    @Test func allOfABatchTakesEffectOrNothing() async throws {
        try await withNotes { fixture in
            let error = try await failing {
                try await fixture.pool.run([Statements.note("a"), Statements.note("b"), Statements.note("a")])
            }
            #expect(error.isUniqueViolation)
            let bodies = try await fixture.bodies()
            #expect(bodies == [])
        }
    }

    @Test func aTransactionSeesItselfAndOthersSeeItWhenItIsOver() async throws {
        try await withNotes { fixture in
            let count = try await fixture.pool.transaction { transaction in
                try await transaction.run([Statements.note("a")])
                let before = try await fixture.bodies()
                #expect(before == [])
                try await transaction.run([Statements.note("b"), Statements.note("c")])
                return try await transaction.query("SELECT count(*) FROM note").first?.int(0)
            }
            #expect(count == 3)
            let bodies = try await fixture.bodies()
            #expect(bodies == ["a", "b", "c"])
        }
    }

    @Test func whatTheBodyThrowsUndoesAndComesBack() async throws {
        try await withNotes({ $0.connectionsPerLoop = 1 }) { fixture in
            await #expect(throws: Refused.self) {
                try await fixture.pool.transaction { transaction in
                    try await transaction.run([Statements.note("a")])
                    throw Refused()
                }
            }
            try await fixture.pool.run([Statements.note("b")])
            let bodies = try await fixture.bodies()
            #expect(bodies == ["b"])
        }
    }

    @Test func aFailureThatTheBodySwallowsIsNotCommitted() async throws {
        try await withNotes { fixture in
            let error = try await failing {
                try await fixture.pool.transaction { transaction in
                    try await transaction.run([Statements.note("a")])
                    _ = try? await transaction.run([Statements.note("a")])
                }
            }
            #expect(error.sqlState == "25P02")
            let bodies = try await fixture.bodies()
            #expect(bodies == [])
        }
    }

    @Test func aTransactionOfNothingIsNone() async throws {
        try await withNotes { fixture in
            let seven = try await fixture.pool.transaction { _ in 7 }
            #expect(seven == 7)
            #expect(fixture.log.lines.filter { $0.fields["sqlstate"] != nil }.isEmpty)
        }
    }

    @Test func aTransactionThatIsOverTakesNothingMore() async throws {
        try await withNotes { fixture in
            let kept = try await fixture.pool.transaction { transaction in
                try await transaction.run([Statements.note("a")])
                return transaction
            }
            let error = try await failing { try await kept.run([Statements.note("b")]) }
            #expect(error.kind == .refused)
            let bodies = try await fixture.bodies()
            #expect(bodies == ["a"])
        }
    }

    @Test func manyTransactionsAndBatchesShareFewConnections() async throws {
        try await withDatabase({ $0.connectionsPerLoop = 2 }) { fixture in
            try await fixture.pool.run([
                PostgresStatement("CREATE TABLE counter (n bigint)"),
                PostgresStatement("INSERT INTO counter VALUES (0)"),
            ])
            try await withThrowingTaskGroup { group in
                for number in 0..<60 {
                    group.addTask {
                        guard number % 3 == 0 else {
                            try await fixture.pool.run([PostgresStatement("UPDATE counter SET n = n + 1")])
                            return
                        }
                        try await fixture.pool.transaction { transaction in
                            let rows = try await transaction.query("SELECT n FROM counter FOR UPDATE")
                            let next = try #require(rows.first).int64(0) + 1
                            try await transaction.run([
                                PostgresStatement("UPDATE counter SET n = $1", [.integer(next)])
                            ])
                        }
                    }
                }
                try await group.waitForAll()
            }
            let rows = try await fixture.pool.query("SELECT n FROM counter")
            #expect(rows.first?.int(0) == 60)
        }
    }

    @Test func whoLosesAgainstAnotherTransactionMayTryAgain() async throws {
        try await withNotes { fixture in
            try await fixture.pool.run([Statements.note("a")])
            let error = try await failing {
                try await fixture.pool.transaction { transaction in
                    try await transaction.run([
                        PostgresStatement("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                    ])
                    _ = try await transaction.query("SELECT count(*) FROM note")
                    _ = try await fixture.look("UPDATE note SET body = 'b'")
                    try await transaction.run([PostgresStatement("UPDATE note SET body = 'c'")])
                }
            }
            #expect(error.isRetryable)
            #expect(!error.isUnavailable)
        }
    }
}
