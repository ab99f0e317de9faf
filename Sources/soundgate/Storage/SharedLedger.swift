import EventLoop
import Glibc
import Tasks
import Telemetry

/// A ledger on PostgreSQL in the hands of a command, which looks at it or fills it while no gateway does.
enum SharedLedger {
    /// Lends the ledger, open, on a loop of its own.
    static func with<Result: Sendable>(
        _ url: String,
        _ body: (PostgresLedger) async throws -> Result
    ) async throws -> Result {
        try await withPool(url) { ledger in
            try await ledger.open()
            return try await body(ledger)
        }
    }

    /// As `with`, but does not open it.
    static func withPool<Result: Sendable>(
        _ url: String,
        _ body: (PostgresLedger) async throws -> Result
    ) async throws -> Result {
        let loop = try EventLoop(name: "ledger")
        try loop.start()
        defer {
            loop.stop()
            loop.join()
        }
        var options = PostgresLedger.Options(url: url)
        options.connections = 4
        let ledger: PostgresLedger
        do {
            // What there is to say comes as the command's own error.
            ledger = try PostgresLedger(options, loops: [loop], log: .current)
        } catch {
            throw CommandFailure(.dataError, "\(error)")
        }
        do {
            let result = try await body(ledger)
            await ledger.close()
            return result
        } catch {
            await ledger.close()
            guard let error = error as? LedgerError else { throw error }
            throw CommandFailure(.unavailable, "\(error)")
        }
    }
}
