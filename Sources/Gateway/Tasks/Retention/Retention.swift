package import Assets
package import EventLoop
import Sound
package import Telemetry
package import Timing
package import Threads

/// Removes what has been kept for long enough: ended tasks with their audio, and audio that no task has.
///
/// On a loop, but its work is not: the ledger's is done on the ledger's threads, that on files by a pool, each in small
/// batches with pauses between them. A sweep that fails or is cut off goes on at the next one.
package actor Retention {
    /// What a retention works with.
    package struct Parts: Sendable {
        package var ledger: any Retaining
        package var store: AssetStore
        /// Where removed tasks are forgotten.
        package var board: TaskBoard
        /// Threads for work on files.
        package var pool: WorkerPool
        package var time: any Timekeeper
        package var log: Log
        /// How long a task is kept after its end, to begin with; `nil` for ever.
        package var period: Duration?
        /// Tasks that are removed in one transaction.
        package var batch = 100

        /// The parts of a retention.
        package init(
            ledger: any Retaining,
            store: AssetStore,
            board: TaskBoard,
            pool: WorkerPool,
            time: any Timekeeper,
            log: Log,
            period: Duration?
        ) {
            self.ledger = ledger
            self.store = store
            self.board = board
            self.pool = pool
            self.time = time
            self.log = log
            self.period = period
        }
    }

    /// How much longer a task is kept of which something is still to be told: longer than a message is tried for.
    private static let patience = Duration.seconds(4 * 86_400)
    private static let pauseBetweenBatches = Duration.milliseconds(50)
    /// Orphans are looked for at the start, and then so often.
    private static let orphanInterval = Duration.seconds(86_400)
    /// An object store takes its time for each.
    private static let removalsAtOnce = 8
    /// What is younger may belong to somebody who has not told the ledger yet.
    private static let orphanAge = Duration.seconds(3600)

    nonisolated let loop: EventLoop
    nonisolated let parts: Parts
    private var period: Duration?
    private var clock: PlausibleTime
    private var working: Task<Void, Never>?
    private var sleepers: [Int: CheckedContinuation<Void, Never>] = [:]
    private var naps = 0
    private var isStopping = false
    /// When orphans were last looked for, in monotonic nanoseconds.
    private var lookedForOrphans: UInt64?

    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// A retention that does nothing before it is started.
    package init(loop: EventLoop, parts: Parts) {
        self.loop = loop
        self.parts = parts
        period = parts.period
        clock = PlausibleTime(parts.time)
    }

    /// Sweeps at once, and then every few minutes until it is stopped.
    package func start() {
        guard working == nil, !isStopping else { return }
        // Owned here: `stop` waits for its end.
        working = Task { await self.work() }
    }

    /// Keeps tasks for so long from now on, `nil` for ever.
    package func keep(for period: Duration?) {
        guard period != self.period else { return }
        self.period = period
        for nap in sleepers.keys.sorted() { wake(nap) }
    }

    /// Begins nothing any more, and returns when nothing is under way.
    package func stop() async {
        isStopping = true
        for nap in sleepers.keys.sorted() { wake(nap) }
        await working?.value
    }

    private func work() async {
        while !isStopping {
            await sweep()
            let interval = min(max((period ?? .seconds(86_400)) / 10, .seconds(1)), .seconds(600))
            await pause(interval)
        }
    }

    /// Removes what is too old, and, once a day, what nobody has.
    package func sweep() async {
        await removeExpired()
        let now = parts.time.instant
        if let last = lookedForOrphans, now - last < Self.orphanInterval.wholeNanoseconds { return }
        if await removeOrphans() { lookedForOrphans = now }
    }

    // MARK: Ended tasks

    private func removeExpired() async {
        guard let period else { return }
        let moment = clock.now(parts.time).advanced(by: .zero - period)
        var count = 0
        while !isStopping {
            let mark = parts.store.mark()
            do throws(LedgerError) {
                let expired = try await parts.ledger.removeTasks(
                    endedBefore: moment,
                    untoldBefore: moment.advanced(by: .zero - Self.patience),
                    limit: parts.batch
                )
                for id in expired.tasks { parts.board.forget(id) }
                await remove(expired.orphans, since: mark)
                count += expired.tasks.count
                if expired.tasks.count < parts.batch { break }
            } catch {
                parts.log(.error, "old tasks could not be removed", ["reason": "\(error)"])
                break
            }
            await pause(Self.pauseBetweenBatches)
        }
        if count > 0 { parts.log(.info, "old tasks removed", ["tasks": .init(count)]) }
    }

    // MARK: Orphans

    /// Removes audio that no task has: a process that dies between two steps leaves it behind.
    ///
    /// The result is whether all could be looked at.
    private func removeOrphans() async -> Bool {
        let latest = clock.now(parts.time).advanced(by: .zero - Self.orphanAge)
        var count = 0
        for byte in UInt8.min...UInt8.max where !isStopping {
            do {
                count += try await removeOrphans(under: byte, before: latest)
            } catch {
                parts.log(.error, "audio that no task has could not be looked for", ["reason": "\(error)"])
                return false
            }
            await pause(.milliseconds(5))
        }
        if count > 0 { parts.log(.notice, "audio that no task has was removed", ["files": .init(count)]) }
        return !isStopping
    }

    private func removeOrphans(under byte: UInt8, before latest: Moment) async throws -> Int {
        var (count, next) = (0, String?.none)
        repeat {
            let page = try await parts.store.kept(under: byte, after: next, on: parts.pool)
            next = page.next
            // What lies elsewhere was stamped by another clock.
            let before = page.now.map { min(latest, $0.advanced(by: .zero - Self.orphanAge)) } ?? latest
            let files = page.files.filter { $0.modified < before }
            guard !files.isEmpty else { continue }
            // Before the ledger is asked: what is taken up from now on stays.
            let mark = parts.store.mark()
            let orphans = Set(try await parts.ledger.unreferenced(files.map(\.sha256)))
            let assets = files.filter { orphans.contains($0.sha256) }.map(\.asset)
            await remove(assets, since: mark)
            count += assets.count
        } while next != nil && !isStopping
        return count
    }

    /// Removes audio, except what has been taken up again since a mark; what cannot be removed is an orphan from now on.
    private func remove(_ assets: [AssetRecord], since mark: UInt64) async {
        await withTaskGroup(of: Void.self) { group in
            for (index, asset) in assets.enumerated() {
                if index >= Self.removalsAtOnce { await group.next() }
                group.addTask { [parts] in
                    do throws(AssetError) {
                        try await parts.store.remove(asset, unlessTouchedSince: mark, on: parts.pool)
                    } catch {
                        parts.log(.error, "an asset could not be removed", ["reason": "\(error)"])
                    }
                }
            }
        }
    }

    // MARK: Time

    private func pause(_ span: Duration) async {
        naps += 1
        let nap = naps
        await withCheckedContinuation { continuation in
            // Asked here and not before: until a continuation is made, other work may go on, a stop too.
            guard !isStopping else { return continuation.resume() }
            sleepers[nap] = continuation
            parts.time.wake(on: loop, after: span) { self.assumeIsolated { $0.wake(nap) } }
        }
    }

    private func wake(_ nap: Int) {
        sleepers.removeValue(forKey: nap)?.resume()
    }
}
