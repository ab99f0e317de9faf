import Postgres
import PostgresTestSupport
import Testing

@Suite struct QueueTests {
    /// One connection with one batch at a time.
    private func narrow(_ options: inout PostgresPool.Options) {
        options.connectionsPerLoop = 1
        options.batchesPerConnection = 1
    }

    @Test func aFullQueueRefusesAndSaysSo() async throws {
        try await withNotes({
            narrow(&$0); $0.longestQueue = 2
        }) { fixture in
            _ = try await fixture.pool.query("SELECT 1")
            try await withThrowingTaskGroup { group in
                try await fixture.hold(1) {
                    group.addTask { _ = try await fixture.pool.run([Statements.lock(1)]) }
                    try await fixture.untilWaiting(1)
                    for number in 1...2 {
                        group.addTask { _ = try await fixture.pool.run([Statements.note("\(number)")]) }
                    }
                    try await until("two wait") { await fixture.pool.state.waiting == 2 }
                    let error = try await failing { try await fixture.pool.run([Statements.note("3")]) }
                    #expect(error.isQueueFull)
                    #expect(error.isUnavailable)
                    #expect("\(error)" == "too many calls wait for PostgreSQL: 2")
                }
                try await group.waitForAll()
            }
            let bodies = try await fixture.bodies()
            #expect(bodies == ["1", "2"])
        }
    }

    @Test func nobodyWaitsForAConnectionForever() async throws {
        try await withNotes({
            narrow(&$0); $0.longestWait = .milliseconds(200)
        }) { fixture in
            try await until("it is connected") { (try? await fixture.pool.query("SELECT 1")) != nil }
            try await withThrowingTaskGroup { group in
                try await fixture.hold(1) {
                    group.addTask { _ = try await fixture.pool.run([Statements.lock(1)]) }
                    try await fixture.untilWaiting(1)
                    let error = try await failing { try await fixture.pool.run([Statements.note("1")]) }
                    #expect(error.kind == .noConnection)
                    let second = try await failing { try await fixture.pool.transaction { _ in 1 } }
                    #expect(second.isUnavailable)
                }
                try await group.waitForAll()
            }
            let bodies = try await fixture.bodies()
            #expect(bodies == [])
        }
    }

    @Test func neitherBatchesNorTransactionsOvertakeEachOtherForEver() async throws {
        try await withNotes({ options in
            narrow(&options)
            options.longestQueue = 100
        }) { fixture in
            _ = try await fixture.pool.query("SELECT 1")
            try await withThrowingTaskGroup { group in
                try await fixture.hold(1) {
                    group.addTask { _ = try await fixture.pool.run([Statements.lock(1)]) }
                    try await fixture.untilWaiting(1)
                    for number in 0..<12 {
                        let name = String(UnicodeScalar(UInt8(ascii: "a") + UInt8(number)))
                        group.addTask {
                            guard number % 3 == 0 else {
                                try await fixture.pool.run([Statements.note(name)])
                                return
                            }
                            try await fixture.pool.transaction { transaction in
                                _ = try await transaction.query("SELECT 1")
                                try await transaction.run([Statements.note(name)])
                            }
                        }
                        try await until("\(name) waits") { await fixture.pool.state.waiting == number + 1 }
                    }
                }
                try await group.waitForAll()
            }
            // On one connection, everything happens in the order in which it came.
            let rows = try await fixture.look("SELECT string_agg(body, '' ORDER BY id) FROM note")
            #expect(rows.first?.text(0) == "abcdefghijkl")
        }
    }

    @Test func aCallThatIsCancelledWhileItWaitsIsNotSent() async throws {
        try await withNotes(narrow) { fixture in
            _ = try await fixture.pool.query("SELECT 1")
            try await withThrowingTaskGroup { group in
                try await fixture.hold(1) {
                    group.addTask { _ = try await fixture.pool.run([Statements.lock(1)]) }
                    try await fixture.untilWaiting(1)
                    let note = Task {
                        try await failing { try await fixture.pool.run([Statements.note("1")]) }
                    }
                    let loan = Task { try await failing { try await fixture.pool.transaction { _ in 1 } } }
                    try await until("both wait") { await fixture.pool.state.waiting == 2 }
                    note.cancel()
                    loan.cancel()
                    for error in [try await note.value, try await loan.value] {
                        #expect(error.isCancelled)
                        #expect(!error.isUnavailable)
                    }
                }
                try await group.waitForAll()
            }
            let bodies = try await fixture.bodies()
            #expect(bodies == [])
        }
    }

    @Test func aCallThatIsCancelledOnTheServerHasNoEffectAndHitsNoOther() async throws {
        try await withNotes({
            narrow(&$0); $0.batchesPerConnection = 8
        }) { fixture in
            _ = try await fixture.pool.query("SELECT 1")
            try await fixture.hold(1) {
                for round in 0..<10 {
                    let call = Task {
                        try await failing {
                            try await fixture.pool.run([Statements.note("lost"), Statements.lock(1)])
                        }
                    }
                    try await fixture.untilWaiting(1)
                    call.cancel()
                    // Handed over while the request to cancel is on its way.
                    try await fixture.pool.run([Statements.note("\(round)")])
                    let error = try await call.value
                    #expect(error.isCancelled)
                    #expect(!error.mayHaveCommitted)
                }
            }
            let bodies = try await fixture.bodies()
            #expect(bodies == (0..<10).map { "\($0)" })
        }
    }

    @Test func aCancelledCallWithOthersBehindItIsLeftToEnd() async throws {
        try await withNotes({
            narrow(&$0); $0.batchesPerConnection = 8
        }) { fixture in
            _ = try await fixture.pool.query("SELECT 1")
            try await withThrowingTaskGroup { group in
                let call = try await fixture.hold(1) {
                    let call = Task {
                        try await fixture.pool.run([Statements.lock(1), Statements.note("kept")])
                    }
                    try await fixture.untilWaiting(1)
                    group.addTask { _ = try await fixture.pool.run([Statements.note("behind")]) }
                    try await until("both are under way") { await fixture.pool.state.batches == 2 }
                    call.cancel()
                    return call
                }
                _ = try await call.value
                try await group.waitForAll()
            }
            let bodies = try await fixture.bodies()
            #expect(bodies == ["behind", "kept"])
        }
    }

    @Test func aTransactionIsRolledBackWhenItsTaskIsCancelled() async throws {
        try await withNotes(narrow) { fixture in
            try await fixture.hold(1) {
                let call = Task {
                    try await failing {
                        try await fixture.pool.transaction { transaction in
                            try await transaction.run([Statements.note("lost")])
                            try await transaction.run([Statements.lock(1)])
                        }
                    }
                }
                try await fixture.untilWaiting(1)
                call.cancel()
                let error = try await call.value
                #expect(error.isCancelled)
                try await fixture.pool.run([Statements.note("next")])
            }
            let bodies = try await fixture.bodies()
            #expect(bodies == ["next"])
        }
    }

    @Test func aStatementThatTakesTooLongIsEndedByTheServer() async throws {
        try await withNotes({ $0.statementTimeout = .milliseconds(500) }) { fixture in
            let error = try await failing {
                try await fixture.pool.run([
                    Statements.note("lost"), PostgresStatement("SELECT pg_sleep(60)"),
                ])
            }
            #expect(error.isTimeout)
            let bodies = try await fixture.bodies()
            #expect(bodies == [])
        }
    }

    @Test func closingLetsWhatIsUnderWayEndAndRefusesTheRest() async throws {
        try await withNotes(narrow) { fixture in
            _ = try await fixture.pool.query("SELECT 1")
            try await withThrowingTaskGroup { group in
                try await fixture.hold(1) {
                    group.addTask {
                        _ = try await fixture.pool.run([Statements.lock(1), Statements.note("kept")])
                    }
                    try await fixture.untilWaiting(1)
                    let waiting = Task {
                        try await failing { try await fixture.pool.run([Statements.note("lost")]) }
                    }
                    try await until("one waits") { await fixture.pool.state.waiting == 1 }
                    group.addTask { await fixture.pool.close() }
                    let error = try await waiting.value
                    #expect(error.kind == .closed)
                }
                try await group.waitForAll()
            }
            let error = try await failing { try await fixture.pool.run([Statements.note("late")]) }
            #expect(error.kind == .closed)
            let bodies = try await fixture.bodies()
            #expect(bodies == ["kept"])
        }
    }
}
