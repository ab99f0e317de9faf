import Glibc
import Sound
import Telemetry
import Threads

/// Brings audio from this process' spool to the shelf, and sees that it stays there.
///
/// Content is shared between gateways as well: while one removes the last task that had it, another may just have made
/// the same bytes. Whoever removes asks the ledger first and is done, or refused, within ``ShelfTimes/removal``; whoever
/// brings something looks again ``ShelfTimes/grace`` after the ledger refers to it, and brings it once more should it
/// be gone. Until then the file stays in the spool.
final class ShelfKeeper: Sendable {
    private struct Watches {
        var last = 0
        var tasks: [Int: Task<Void, Never>] = [:]
        var isClosed = false
    }

    let shelf: any AssetShelf
    let spool: Spool
    let isReferred: @Sendable (AssetRecord) async throws -> Bool
    private let grace: Duration
    private let log: Log
    private let watches = Guarded(Watches())
    private let abandoned: Guarded<[Spool]>

    init(
        shelf: any AssetShelf,
        spool: Spool,
        abandoned: [Spool],
        grace: Duration,
        log: Log,
        isReferred: @escaping @Sendable (AssetRecord) async throws -> Bool
    ) {
        self.shelf = shelf
        self.spool = spool
        self.abandoned = Guarded(abandoned)
        self.grace = grace
        self.log = log
        self.isReferred = isReferred
    }

    // MARK: Bringing

    /// Puts a file on the shelf, trying again until it is there, nobody wants it any more, or the file is none.
    func bring(_ asset: AssetRecord, from path: String) async throws(ShelfError) {
        var pause = Duration.milliseconds(250)
        var isWaiting = false
        while true {
            do throws(ShelfError) {
                try await shelf.put(asset, from: path)
                if isWaiting { log(.notice, "the object store takes audio again", about(asset)) }
                return
            } catch {
                guard error.kind != .cancelled, error.kind != .local, !Task.isCancelled else { throw error }
                log(
                    .error,
                    "audio cannot be brought to the object store; trying again",
                    about(asset, ["reason": "\(error)"])
                )
                isWaiting = true
            }
            do {
                try await Task.sleep(for: pause)
            } catch {
                throw ShelfError(.cancelled, "cancelled while the object store did not take it")
            }
            pause = min(pause * 2, .seconds(5))
        }
    }

    // MARK: Watching

    /// Looks once more, some time from now, whether an asset is on the shelf; `release` then removes its file here,
    /// unless somebody is at work with it.
    func watch(_ asset: AssetRecord, at path: String, release: @escaping @Sendable () -> Void) {
        watches.withLock { watches in
            guard !watches.isClosed else { return }
            watches.last += 1
            let number = watches.last
            // Owned by `watches`: `close` ends it and waits for it.
            watches.tasks[number] = Task {
                await self.look(after: asset, at: path, release)
                self.watches.withLock { $0.tasks[number] = nil }
            }
        }
    }

    private func look(after asset: AssetRecord, at path: String, _ release: @Sendable () -> Void) async {
        var pause = grace
        while true {
            do { try await Task.sleep(for: pause) } catch { return }
            // Removed meanwhile: then nobody wants it.
            guard access(path, F_OK) == 0 else { return }
            do {
                try await mend(asset, from: path)
                return release()
            } catch {
                if Task.isCancelled { return }
                log(
                    .warning,
                    "the object store cannot be asked whether it still has audio; trying again",
                    about(asset, ["reason": "\(error)"])
                )
            }
            pause = max(grace, .seconds(5))
        }
    }

    /// Puts an asset on the shelf again should it be gone although the ledger refers to it.
    private func mend(_ asset: AssetRecord, from path: String) async throws {
        if try await shelf.holds(asset) { return }
        guard try await isReferred(asset) else { return }
        log(.warning, "audio was removed while it was made anew; it is brought again", about(asset))
        try await shelf.put(asset, from: path)
    }

    // MARK: What was left

    /// Looks through the spools of processes that have ended: what the ledger refers to is brought where it is missing.
    func takeOver() async {
        let left = abandoned.withLock { abandoned in
            defer { abandoned = [] }
            return abandoned
        }
        for spool in left {
            do {
                for file in try AssetFolder(spool.directory).files() {
                    try await mend(file.asset, from: file.path)
                    unlink(file.path)
                }
                spool.removeIfEmpty()
            } catch {
                if Task.isCancelled { return }
                log(
                    .warning,
                    "what another process left in its spool could not be looked at; the next start tries again",
                    ["spool": "\(spool.directory)", "reason": "\(error)"]
                )
            }
        }
    }

    /// Looks after nothing any more; files that were watched stay for the next process.
    func close() async {
        let tasks = watches.withLock { watches in
            watches.isClosed = true
            return Array(watches.tasks.values)
        }
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
        spool.removeIfEmpty()
    }

    private func about(_ asset: AssetRecord, _ more: LogFields = [:]) -> LogFields {
        let fields: LogFields = ["sha256": "\(asset.sha256)", "shelf": "\(shelf.name)"]
        return fields.adding(more)
    }
}
