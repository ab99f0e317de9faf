import SQLite
import Sound
import Tasks
import Testing
import Threads
import Webhooks

@Suite("Changes and their messages")
struct OutboxAtomicityTests {
    @Test("are stored together or not at all")
    func atomic() async throws {
        try await withFolder { folder in
            let isFull = Guarded(false)
            var options = Database.Options()
            options.beforeCommit = { if isFull.withLock({ $0 }) { throw NoRoom() } }
            let path = "\(folder)/ledger.db"
            let ledger = try await SQLiteLedger(path: path, options: options)
            try await ledger.admit(admitted("snd_1"), holder: one, messages: [message(1)])
            isFull.withLock { $0 = true }
            let change = try ended("snd_1", telling: [message(2)])
            await #expect(throws: LedgerError.self) { try await ledger.commit(change) }
            await #expect(throws: LedgerError.self) {
                try await ledger.admit(admitted("snd_2"), holder: one, messages: [message(1, of: "snd_2")])
            }
            #expect(try await ledger.task(change.record.id) == admitted("snd_1"))
            #expect(try await ledger.task(TaskID(rawValue: "snd_2")) == nil)
            #expect(try await ids(ledger.messages(OutboxQuery())) == ["snd_1.1"])
            isFull.withLock { $0 = false }
            try await ledger.commit(change)
            #expect(try await ledger.task(change.record.id) == change.record)
            #expect(try await ids(ledger.messages(OutboxQuery())) == ["snd_1.2", "snd_1.1"])
            await ledger.close()
        }
    }

    @Test("a message of a task that is not there is refused, and nothing of the change is left")
    func unknownTask() async throws {
        try await withFolder { folder in
            let ledger = try await SQLiteLedger(path: "\(folder)/ledger.db")
            await #expect(throws: LedgerError.self) {
                try await ledger.commit(try ended("snd_1", telling: [message(1)]))
            }
            #expect(try await ledger.messages(OutboxQuery()).isEmpty)
            await ledger.close()
        }
    }

    private struct NoRoom: Error {}
}
