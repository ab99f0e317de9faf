import Foundation
import Sound
import Tasks
import Webhooks

/// A kind of store that has to keep the ledger's contract; a new one joins `all` and is tested like the others.
struct LedgerStore: Sendable, CustomStringConvertible {
    let name: String
    let open: @Sendable (_ path: String) async throws -> any Ledger & Outbox

    var description: String { name }

    static let all = [LedgerStore(name: "SQLite") { try await SQLiteLedger(path: $0) }]

    /// Lends a fresh store and clears up after it.
    func run<Result>(_ body: (any Ledger & Outbox) async throws -> Result) async throws -> Result {
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
