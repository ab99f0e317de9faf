import Glibc
import JSON
import SQLite
import Tasks
import Telemetry

/// Moves what is stored from one place to another.
enum StorageCommand {
    private static let from = Option("--from", value: "PLACE", summary: "the ledger's file: sqlite:PATH")
    private static let to = Option("--to", value: "PLACE", summary: "the database: postgres:URL")

    static let copy = Command(
        name: "storage copy",
        summary: "copy the ledger of a stopped gateway into a PostgreSQL database",
        details: """
            Copies tasks with their attempts, outputs and webhooks, first answers to idempotency keys, what clients have
            taken of their quotas, and usage; then compares both by counts and hashes. The source is only read, and must
            be open in no gateway; the database must be empty. What is broken off goes on when the same command is given
            again, and no gateway works with the database before it is finished. Audio is not copied.

            URL is libpq's. A password on the command line is seen by others on this machine: leave it out, and let libpq
            take it from PGPASSFILE or PGPASSWORD.

              soundgate storage copy --from sqlite:data/soundgate.db --to postgres:postgresql://gate@db/soundgate

            Ends with 0 when everything is there and the same, with 65 when it is not or the database is not empty, with
            69 when either is in use or away.
            """,
        options: [from, to, .json],
        document: .like([
            "from": "data/soundgate.db",
            "parts": [
                [
                    "name": "tasks", "rows": 20000,
                    "sha256": "855e13ebb40eab1ea4dc1e0e7b8e15f5b1d0a6a3a1d1f0c9f3a9f8f0e5d3c2b1",
                ]
            ],
        ]),
        run: run
    )

    private static func run(_ invocation: Invocation) async throws -> ExitStatus {
        let path = try place(invocation, from, "sqlite", "sqlite:PATH")
        let url = try place(invocation, to, "postgres", "postgres:URL")
        // Opening would make one.
        guard access(path, F_OK) == 0 else { throw CommandFailure(.noInput, "there is no ledger at \(path)") }
        let source: SQLiteLedger
        do {
            source = try await SQLiteLedger(path: path)
        } catch let error as DatabaseOpeningError where error.isDamage {
            throw CommandFailure(.damagedData, "\(error)")
        } catch {
            throw CommandFailure(.unavailable, "\(error)")
        }
        do {
            let parts = try await SharedLedger.withPool(url) { target in
                try await copy(source, called: path, to: target, isSilent: invocation.has(.json))
            }
            await source.close()
            show(parts, from: path, invocation)
            return .success
        } catch {
            await source.close()
            throw failure(error)
        }
    }

    /// What stands behind the word of a place.
    private static func place(_ invocation: Invocation, _ option: Option, _ word: String, _ form: String)
        throws -> String
    {
        guard let text = invocation.text(option) else {
            throw UsageError("\(option.name) \(form) is missing", command: invocation.command)
        }
        guard text.hasPrefix("\(word):"), text.count > word.count + 1 else {
            // Not repeated: it may hold a password.
            throw UsageError("\(option.name) takes \(form)", command: invocation.command)
        }
        return String(text.dropFirst(word.count + 1))
    }

    private static func copy(
        _ source: SQLiteLedger,
        called path: String,
        to target: PostgresLedger,
        isSilent: Bool
    ) async throws -> [LedgerCopy.Part] {
        // A file is the same one wherever the command is given.
        let name = realpath(path, nil).map { pointer in
            defer { free(pointer) }
            return String(cString: pointer)
        }
        let copy = LedgerCopy(from: source, called: name ?? path, to: target)
        var lastTold = ContinuousClock.now
        return try await copy.run { progress in
            let isEnd = progress.done >= progress.total
            guard !isSilent, isEnd || ContinuousClock.now - lastTold > .seconds(2) else { return }
            lastTold = .now
            Console.note("\(progress.part): \(progress.done) of \(progress.total)")
        }
    }

    private static func show(_ parts: [LedgerCopy.Part], from path: String, _ invocation: Invocation) {
        guard invocation.has(.json) else {
            var table = Table()
            for part in parts { table.add([part.name, "\(part.rows)", "\(part.sha256.prefix(16))…"]) }
            for line in table.lines { Console.output(line) }
            return Console.note("everything is there, and the same; audio is not copied")
        }
        let rows = parts.map { part -> JSONValue in
            [
                "name": .string(part.name), "rows": .integer(Int64(part.rows)),
                "sha256": .string(part.sha256),
            ]
        }
        let document: JSONValue = ["from": .string(path), "parts": .array(rows)]
        Console.output(document.prettyPrinted())
    }

    private static func failure(_ error: any Error) -> any Error {
        switch error {
        case LedgerCopy.Obstacle.inUse: CommandFailure(.unavailable, "\(error)")
        case is LedgerCopy.Obstacle: CommandFailure(.dataError, "\(error)")
        default: error
        }
    }
}
