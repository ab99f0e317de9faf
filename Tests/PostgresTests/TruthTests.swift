import Postgres
import PostgresTestSupport
import Synchronization
import Testing

@Suite struct TruthTests {
    private enum Told { case done, undone, open }

    private final class Progress: Sendable {
        let isOver = Atomic(false)
        let calls = Atomic(0)
    }

    /// Calls without end while connections are cut, and holds what was told against what is there.
    @Test(arguments: [false, true])
    func whatIsToldIsTrueWhileConnectionsAreCut(_ inTransactions: Bool) async throws {
        try await withNotes(
            loops: 2,
            { options in
                options.connectionsPerLoop = 2
                options.batchesPerConnection = 8
                options.firstRetry = .milliseconds(1)
                options.slowestRetry = .milliseconds(20)
            }
        ) { fixture in
            let progress = Progress()
            var told: [String: Told] = [:]
            try await withThrowingTaskGroup(of: [String: Told].self) { group in
                for worker in 0..<16 {
                    group.addTask {
                        var told: [String: Told] = [:]
                        while !progress.isOver.load(ordering: .relaxed) {
                            let name = "\(worker)-\(told.count)"
                            told[name] = try await Self.call(fixture.pool, name, inTransactions)
                            progress.calls.add(1, ordering: .relaxed)
                            await Task.yield()
                        }
                        return told
                    }
                }
                try await PostgresServer.withPool(fixture.url, loops: 1) { other in
                    for _ in 0..<20 {
                        let before = progress.calls.load(ordering: .relaxed)
                        try await until("there are more calls") {
                            progress.calls.load(ordering: .relaxed) > before + 50
                        }
                        _ = try await other.query(
                            """
                            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                            WHERE datname = current_database() AND pid <> pg_backend_pid()
                            """
                        )
                    }
                }
                progress.isOver.store(true, ordering: .relaxed)
                for try await part in group { told.merge(part) { $1 } }
            }
            // The last cut may be news to it.
            try await until("it has recovered") { (try? await fixture.pool.query("SELECT 1")) != nil }
            let there = Set(try await fixture.bodies())
            var wrong: [String] = []
            for (name, told) in told {
                let count = ["a", "b"].count { there.contains("\(name) \($0)") }
                switch told {
                case .done where count == 2, .undone where count == 0: break
                case .open where count == 0 || count == 2: break
                default: wrong.append("\(name): told \(told), \(count) are there")
                }
            }
            #expect(wrong.isEmpty)
            let done = told.values.count { $0 == .done }
            #expect(done > 0)
            #expect(done < told.count, "nothing was ever cut off")
        }
    }

    private static func call(_ pool: PostgresPool, _ name: String, _ inTransactions: Bool) async throws
        -> Told
    {
        do {
            if inTransactions {
                try await pool.transaction { transaction in
                    try await transaction.run([Statements.note("\(name) a")])
                    try await transaction.run([Statements.note("\(name) b")])
                }
            } else {
                try await pool.run([Statements.note("\(name) a"), Statements.note("\(name) b")])
            }
            return .done
        } catch let error as PostgresError {
            #expect(error.isUnavailable, "\(error)")
            return error.mayHaveCommitted ? .open : .undone
        }
    }
}
