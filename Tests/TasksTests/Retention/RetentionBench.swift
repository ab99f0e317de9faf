import Assets
import EventLoop
import Foundation
import Sound
import Tasks
import Telemetry
import Testing
import Threads
import Timing
import Webhooks

/// A retention over a ledger and a store in a folder of their own, with a clock that is set by hand.
struct RetentionBench: Sendable {
    let retention: Retention
    let ledger: SQLiteLedger
    let store: AssetStore
    let board = TaskBoard()
    let time = SetTime()
    let log = LogMemory()
    let folder: String

    /// Leaves a task that ended so many days ago, with audio of these contents.
    func leave(
        _ id: String,
        endedDaysAgo days: Double,
        _ contents: [String] = [],
        telling messages: [OutboxMessage] = []
    ) async throws {
        for content in contents { try write(audio(content)) }
        try await leave(id, endedDaysAgo: days, assets: contents.map(audio), telling: messages)
    }

    /// The same with audio that is there.
    func leave(
        _ id: String,
        endedDaysAgo days: Double,
        assets: [AssetRecord],
        telling messages: [OutboxMessage] = []
    ) async throws {
        let ago = time.moment.advanced(by: .zero - .seconds(days * 86_400))
        var record = admitted(id)
        record.createdAt = ago
        var machine = TaskMachine(record)
        _ = machine.apply(.slotGranted(request: 1, credential: nil, token: nil), at: ago)
        _ = machine.apply(.renderingBegan(attempt: 1, takes: max(assets.count, 1)), at: ago)
        for (index, kept) in assets.enumerated() {
            _ = machine.apply(.outputKept(attempt: 1, index: index, kept, title: nil), at: ago)
        }
        if assets.isEmpty { _ = machine.apply(.cancelRequested, at: ago) }
        try await ledger.admit(record, holder: one)
        let taken = machine.takeChange()
        var change = try #require(taken)
        change.messages = messages
        try await ledger.commit(change)
    }

    /// A file in the store, whoever wants it, last written so many hours ago.
    func write(_ asset: AssetRecord, hoursAgo: Double = 0) throws {
        let path = store.path(of: asset)
        try Data([1, 2, 3]).write(to: URL(fileURLWithPath: path))
        try age(path, hours: hoursAgo)
    }

    /// Makes a file look as if it had been written so many hours ago.
    func age(_ path: String, hours hoursAgo: Double) throws {
        let date = Date(timeIntervalSince1970: Double(time.moment.milliseconds) / 1000 - hoursAgo * 3600)
        try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: path)
    }

    /// Audio as a task that is at work takes it up: pinned, and not in the ledger.
    func keep(_ bytes: [UInt8]) throws -> AssetRecord {
        let temporary = store.temporaryPath()
        try Data(bytes).write(to: URL(fileURLWithPath: temporary))
        return try store.keep(temporary)
    }

    func exists(_ asset: AssetRecord) -> Bool {
        FileManager.default.fileExists(atPath: store.path(of: asset))
    }

    /// The tasks that are left, oldest first.
    func left() async throws -> [String] {
        try await ledger.tasks(TaskQuery(owner: .everyone, limit: 1000)).map(\.id.rawValue).reversed()
    }
}

/// Audio whose hash begins with a content's letters.
func audio(_ content: String) -> AssetRecord {
    let hash = content + String(repeating: "0", count: 64 - content.count)
    return AssetRecord(sha256: hash, format: .mp3, bytes: 3, duration: 1)
}

/// Runs a test with a retention of thirty days, if nothing else is said.
func withRetention(
    _ period: Duration? = .seconds(30 * 86_400),
    over shown: @escaping @Sendable (SQLiteLedger) -> any Retaining = { $0 },
    _ body: (RetentionBench) async throws -> Void
) async throws {
    try await withFolder { folder in
        let loop = try EventLoop(name: "retention")
        try loop.start()
        let pool = try WorkerPool(name: "files", threads: 1)
        let ledger = try await SQLiteLedger(path: "\(folder)/ledger.db")
        let store = try AssetStore(directory: "\(folder)/audio")
        let bench = RetentionBench(loop, pool, ledger, store, shown(ledger), period, folder)
        let outcome: Result<Void, any Error>
        do {
            try await body(bench)
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        await bench.retention.stop()
        await ledger.close()
        pool.shutdown()
        loop.stop()
        try outcome.get()
    }
}

extension RetentionBench {
    fileprivate init(
        _ loop: EventLoop,
        _ pool: WorkerPool,
        _ ledger: SQLiteLedger,
        _ store: AssetStore,
        _ shown: any Retaining,
        _ period: Duration?,
        _ folder: String
    ) {
        self.ledger = ledger
        self.store = store
        self.folder = folder
        var parts = Retention.Parts(
            ledger: shown,
            store: store,
            board: board,
            pool: pool,
            time: time,
            log: Log(level: .debug, sink: log),
            period: period
        )
        parts.batch = 10
        retention = Retention(loop: loop, parts: parts)
    }
}

/// Clocks that go where they are set, each by itself; waits are over at once.
final class SetTime: Timekeeper {
    private struct State {
        var moment = start
        var instant: UInt64 = 1_000_000_000
        var waits: [Duration] = []
    }

    private let state = Guarded(State())

    var moment: Moment { state.withLock { $0.moment } }
    var instant: UInt64 { state.withLock { $0.instant } }
    /// What was waited for.
    var waits: [Duration] { state.withLock { $0.waits } }

    /// Time goes by.
    func pass(_ span: Duration) {
        leap(span)
        state.withLock { $0.instant += UInt64(span / .nanoseconds(1)) }
    }

    /// Somebody sets the wall clock.
    func leap(_ span: Duration) { state.withLock { $0.moment = $0.moment.advanced(by: span) } }

    func wake(on loop: EventLoop, after span: Duration, _ body: @escaping @Sendable () -> Void) {
        state.withLock { $0.waits.append(span) }
        loop.execute(body)
    }
}
