import Foundation
import SQLite
import Sound
import Tasks
import Timing
import Webhooks

/// A kind of store that has to keep the ledger's contract; a new one joins `all` and is tested like the others.
struct LedgerStore: Sendable, CustomStringConvertible {
    typealias Store = any Ledger & Outbox & Retaining

    let name: String
    /// Opens the store of a path; the same path is the same store.
    let open: @Sendable (_ path: String) async throws -> Store
    /// Runs SQL on the store of a path, which nobody has open.
    let execute: @Sendable (_ path: String, _ sql: String) async throws -> Void

    var description: String { name }

    static let all = [sqlite, postgres]

    static let sqlite = LedgerStore(name: "SQLite") { path in
        try await SQLiteLedger(path: path)
    } execute: { path, sql in
        let database = try Database(path: path, migrations: ledgerMigrations)
        try await database.write { try $0.execute(sql) }
        await database.close()
    }

    /// Lends a fresh store and clears up after it.
    func run<Result>(_ body: (Store) async throws -> Result) async throws -> Result {
        try await withFolder { folder in
            let ledger = try await open("\(folder)/ledger.db")
            do {
                let result = try await body(ledger)
                await ledger.close()
                return result
            } catch {
                await ledger.close()
                throw error
            }
        }
    }
}

extension Ledger {
    /// Claims until a moment, as seen at another one.
    func claim(_ limit: Int, for holder: LeaseHolder, until: Moment, now: Moment) async throws -> [TaskRecord]
    {
        try await claim(
            limit,
            for: holder,
            term: .milliseconds(until.milliseconds - now.milliseconds),
            now: now
        )
    }

    /// Prolongs a lease until a moment.
    func renew(_ holder: LeaseHolder, until: Moment) async throws(LedgerError) {
        let term = Duration.milliseconds(until.milliseconds - start.milliseconds)
        try await renew(holder, term: term, now: start)
    }
}

/// Lends a fresh folder and removes it afterwards.
func withFolder<Result>(_ body: (String) async throws -> Result) async throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tasks-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try await body(folder.path)
}

let one = LeaseHolder(name: "one")
let two = LeaseHolder(name: "two")

extension TaskRecord {
    /// The change that stores an ended task.
    func ended(_ status: TaskStatus = .canceled) throws -> (TaskChange, TaskRecord) {
        var machine = TaskMachine(self)
        switch status {
        case .succeeded:
            _ = machine.apply(.slotGranted(request: 1, credential: nil, token: nil), at: start)
            _ = machine.apply(.renderingBegan(attempt: 1, takes: 1), at: start)
            _ = machine.apply(.outputKept(attempt: 1, index: 0, asset("c-\(id)"), title: nil), at: start)
        default: _ = machine.apply(.cancelRequested, at: start)
        }
        guard let change = machine.takeChange() else { throw NothingChanged() }
        return (change, machine.record)
    }
}

struct NothingChanged: Error {}
