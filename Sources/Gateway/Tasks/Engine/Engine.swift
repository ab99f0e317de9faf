import Assets
import Audit
import Crypto
package import EventLoop
import HTTPClient
import Providers
package import Sound
import Telemetry
import Threads
import Timing

/// Owns every task that has not ended and is the only one that acts for it.
///
/// Pinned to one loop. Each event of a task goes through its machine, the change is committed to the ledger, and
/// only then are the effects run; events of one task are taken one after another. Whatever waits for a time sits in
/// one heap of due times behind one timer.
package actor Engine {
    /// What comes due.
    enum Due: Sendable {
        case deadline(TaskID)
        case slot(TaskID, request: Int)
        /// `turn` tells the poll that is due from those that were put off or brought forward since.
        case poll(TaskID, attempt: Int, turn: Int, isInTurn: Bool)
        case fetch(TaskID, Take)
        case waiter(Int)
        /// A key of a provider may be used again, or again so soon.
        case opening(String)
        /// The lease is to be renewed.
        case lease
        /// A provider's shares of places may be too many or too few.
        case shares(String)
    }

    /// A task that has not ended.
    ///
    /// By reference, and touched on the loop alone: a table of large values would be copied whole each time it grows.
    final class Live {
        var machine: TaskMachine
        /// In monotonic nanoseconds: the wall clock may be set meanwhile.
        var deadline = UInt64.max
        /// Milestones whose messages are stored with the task, or about to be; none without a webhook address.
        var told: Set<String> = []
        var events: [TaskEvent] = []
        var isBusy = false
        /// Where the waiting calls stand in line: the provider of each.
        var lines: [Int: String] = [:]
        /// Since when they stand there, in monotonic nanoseconds.
        var queuedAt: [Int: UInt64] = [:]
        /// Places of calls whose attempt is not stored yet.
        var granted: [Int: Place] = [:]
        /// Places that attempts hold.
        var places: [Int: Place]
        var polling: [Int: Polling] = [:]
        /// Jobs that vendors told of before they had answered the create.
        var toldJobs: [Int: String] = [:]
        var fetches: [Take: Fetch] = [:]
        var works: [Work: Task<Void, Never>] = [:]
        /// Where each attempt was begun, as long as somebody may have to ask there.
        var origins: [Int: Origin] = [:]

        init(machine: TaskMachine, places: [Int: Place]) {
            self.machine = machine
            self.places = places
            guard machine.record.request.webhookURL != nil else { return }
            told = Set(machine.record.milestones.map(\.id))
        }

        func attempt(_ number: Int) -> AttemptRecord? {
            let attempts = machine.record.attempts
            return attempts.indices.contains(number - 1) ? attempts[number - 1] : nil
        }
    }

    /// A place at a provider, held since a monotonic time.
    struct Place {
        let provider: String
        let credential: String?
        let since: UInt64
        /// The provider as it was then; `nil` for a place of an earlier process.
        var edition: EngineSettings.Edition?
    }

    /// What may be under way for a task, and is cancelled when the task ends.
    enum Work: Hashable {
        case rendering(attempt: Int)
        case streaming(attempt: Int)
        case polling(attempt: Int)
        case fetching(Take)

        /// A call that the vendor charges: cut off, the sound is lost and paid for.
        var isPaid: Bool { if case .streaming = self { true } else { false } }
    }

    /// A take by its attempt and its number, which another attempt may get later.
    struct Take: Hashable {
        let attempt: Int
        let index: Int
    }

    /// The tries to copy one result.
    struct Fetch {
        var began: UInt64
        var tries = 0
    }

    /// A create by its task and its attempt's number.
    struct Create: Hashable {
        let task: TaskID
        let attempt: Int
    }

    /// Changes that wait for the ledger.
    struct Unstored {
        var count = 0
        /// In monotonic nanoseconds.
        var lastTold: UInt64?
    }

    struct Waiter {
        let task: TaskID
        let continuation: CheckedContinuation<Void, Never>
    }

    nonisolated let loop: EventLoop
    nonisolated let parts: Parts
    nonisolated let upstream: Upstream
    /// What is configured now.
    nonisolated let heldSettings: Guarded<EngineSettings>
    nonisolated let lease = Guarded(Lease())
    /// What is committed of tasks at hand, for any thread.
    package nonisolated let board = TaskBoard()

    var live: [TaskID: Live] = [:]
    var slots: [String: SlotQueue] = [:]
    var heap = DueHeap<Due>()
    /// Times for which a wake-up is under way, each earlier than the one before it.
    var armed: [UInt64] = []
    var waiters: [Int: Waiter] = [:]
    var waitersOf: [TaskID: [Int]] = [:]
    /// Who waits for any change of a task, or looks whether to wait; never an empty list.
    var listeners: [TaskID: [Int]] = [:]
    var lastToken = 0
    var isStopping = false
    /// When a stopping engine gives up on the ledger, in monotonic nanoseconds.
    var stopsAt = UInt64.max
    /// Creates that are under way at vendors.
    var submitting = 0
    /// Changes that the ledger has refused so far, and when that was last said in the log.
    var unstored = Unstored()
    var knownWords: Set<String> = []
    /// How long a place is held, in seconds, per provider: a moving average.
    var serviceTimes: [String: Double] = [:]
    /// Places of recovered tasks that have not been taken up yet.
    var places: [TaskID: [Int: Place]] = [:]
    /// When a key may next be used to ask for a job, where the vendor limits that.
    var nextQuestion: [String: UInt64] = [:]
    /// Whether each operation can be called.
    var breakers: [RouteName: Breaker] = [:]
    /// How each operation has done of late.
    var recents: [RouteName: Recent] = [:]
    /// How many second tries each provider is good for.
    var budgets: [String: RetryBudget] = [:]
    /// For when each provider's line is to be looked at again, where its keys make it wait.
    var openings: [String: UInt64] = [:]
    /// Attempts by what their vendor's callbacks name.
    var addressees: [CallbackAddress: (task: TaskID, attempt: Int)] = [:]
    var callbacks: [String: CallbackCounts] = [:]
    /// Creates under way at vendors, with when each was sent, in monotonic nanoseconds.
    var creates: [Create: UInt64] = [:]
    /// Jobs that vendors took after their task had ended, and that are being noted, with where they are.
    var lateJobs: [TaskID: [(attempt: Int, job: RemoteJob, provider: Provider?)]] = [:]
    /// How many tasks have to be asked for with each key.
    var tasksOfKeys: [Key: Int] = [:]
    /// How often each key has been given another value, or been taken away, under its name.
    var generations: [KeyName: Int] = [:]
    /// Claims of work that are under way.
    var claims = 0
    /// Whether work that others left is being taken up.
    var isTakingUp = false
    /// Whether somebody has said since the last look that there is such work.
    var isWorkLeft = false
    /// Gateways that watch tasks of this one, and until when.
    var watchers: [TaskID: [LeaseHolder: UInt64]] = [:]
    /// Callbacks of unknown attempts that are being looked for.
    var lookups = 0
    /// What is asked of the shares of keys.
    var sharings: [KeyName: Sharing] = [:]
    /// What is being asked of a key's share just now.
    var questions: [KeyName: Task<Void, Never>] = [:]
    /// Providers that are configured no longer, as they were at last.
    var former: [String: EngineSettings.Edition] = [:]

    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// An engine on a loop; `recover` brings back what an earlier process left.
    package init(loop: EventLoop, parts: Parts) {
        self.loop = loop
        self.parts = parts
        heldSettings = Guarded(EngineSettings(parts))
        upstream = Upstream(
            client: parts.client,
            time: parts.time,
            metrics: parts.metrics,
            tracer: parts.tracer
        )
        for provider in parts.providers {
            slots[provider.id] = SlotQueue(
                keys: provider.slotKeys(areShared: parts.keyLimits != nil),
                withoutKeys: provider.adapter.defaultConcurrency,
                isOpen: provider.isEnabled
            )
        }
    }

    /// What clients may have, and how much of it is taken.
    package nonisolated var quotas: QuotaBook { parts.quotas }

    // MARK: From outside

    /// What a create comes to.
    package enum Creation: Sendable {
        case created(TaskRecord)
        /// The key has had its answer; nothing was begun.
        case known(FirstAnswer)
    }

    /// Stores a new task and begins to work on it; it is durable when this returns.
    ///
    /// Throws `.overQuota` or `.tooManyTasks` when its client may not have it, with nothing stored or begun.
    package nonisolated func create(
        _ request: SoundRequest,
        routes: [Route],
        client: String?,
        deadline: Duration,
        from provenance: Provenance? = nil
    ) async throws(LedgerError) -> TaskRecord {
        let record = newTask(request, routes: routes, client: client, deadline: deadline, provenance)
        let holder = try admittingHolder()
        _ = try await admit(record, under: holder, answer: nil)
        takeUp(record, under: holder)
        return record
    }

    /// The same under a client's key: once, and with the first answer for whoever asks again.
    package nonisolated func create(
        _ request: SoundRequest,
        routes: [Route],
        client: String?,
        deadline: Duration,
        from provenance: Provenance? = nil,
        answer: (TaskRecord) -> FirstAnswer
    ) async throws(LedgerError) -> Creation {
        let record = newTask(request, routes: routes, client: client, deadline: deadline, provenance)
        let holder = try admittingHolder()
        switch try await admit(record, under: holder, answer: answer(record)) {
        case .known(let first): return .known(first)
        case .admitted:
            takeUp(record, under: holder)
            return .created(record)
        }
    }

    /// Stores a new task and what its webhook address is to be told of it.
    private nonisolated func admit(
        _ record: TaskRecord,
        under holder: LeaseHolder,
        answer: FirstAnswer?
    ) async throws(LedgerError) -> Admission {
        let messages = messages(of: record, beyond: [])
        let span = parts.tracer.beginCommit(of: record, in: record.requestContext)
        defer { span?.end() }
        do throws(LedgerError) {
            let admission = try await parts.ledger.admit(
                record,
                holder: holder,
                answer: answer,
                messages: messages,
                within: parts.quotas.bounds(of: record.client)
            )
            parts.quotas.changed(record.client)
            if admission == .admitted, !messages.isEmpty { parts.messagesStored() }
            return admission
        } catch {
            if case .overQuota = error { parts.metrics.refusedForQuota(at: .create) }
            span?.fail(error.word)
            if error.mayHaveStored {
                loop.execute { self.assumeIsolated { $0.lookFor(record.id, under: holder) } }
            }
            throw error
        }
    }

    private nonisolated func newTask(
        _ request: SoundRequest,
        routes: [Route],
        client: String?,
        deadline: Duration,
        _ provenance: Provenance?
    ) -> TaskRecord {
        let now = parts.time.moment
        var record = TaskRecord(
            id: TaskID(rawValue: identifier(prefix: "snd", milliseconds: now.milliseconds)),
            client: client,
            request: request,
            createdAt: now,
            deadline: now.advanced(by: deadline),
            routes: routes
        )
        record.provenance = provenance
        return record
    }

    private nonisolated func takeUp(_ record: TaskRecord, under holder: LeaseHolder) {
        board.publish(record)
        parts.metrics.accepted(record)
        loop.execute { self.assumeIsolated { $0.adopt(record, admittedUnder: holder) } }
    }

    /// Ends a task as canceled; the result is its state afterwards, `nil` for a task that is not under way.
    package func cancel(_ id: TaskID) async throws(LedgerError) -> TaskRecord? {
        guard live[id] != nil else { return try await cancelElsewhere(id) }
        post(.cancelRequested, to: id)
        await waitForEnd(of: id, atMost: .seconds(30))
        return board.record(id)
    }

    /// A task as it is now, here or at another gateway.
    package nonisolated func current(_ id: TaskID) async throws(LedgerError) -> TaskRecord? {
        if let record = board.record(id) { return record }
        var record = try await parts.ledger.task(id)
        if record?.status == .running, let progress = board.progressElsewhere(of: id) {
            record?.progress = progress
        }
        return record
    }

    /// Makes a task's state known, and wakes those who wait for any news of it.
    func publish(_ record: TaskRecord) {
        let before = board.publish(record)
        parts.metrics.take(record, after: before)
        tellWatchers(of: record)
        wakeListeners(of: record.id)
    }

    /// Removes an ended task and the audio that no other task shares.
    package func remove(_ id: TaskID) async throws(LedgerError) {
        let mark = parts.store.mark()
        let orphans = try await parts.ledger.remove(id)
        board.forget(id)
        parts.bus?.send(.removed(id), to: nil)
        for asset in orphans {
            let log = parts.log
            parts.store.removeSoon(asset, unlessTouchedSince: mark, on: parts.pool) { error in
                log(.error, "an asset could not be removed", ["reason": "\(error)"])
            }
        }
    }

    /// Begins nothing new from now on and ends every wait for a task's end, with the task as it stands.
    package func beginStopping() {
        isStopping = true
        for token in Array(waiters.keys) { wake(token) }
    }

    /// Lets what cannot be taken up again come to its end: creates at vendors and changes for the ledger.
    ///
    /// Returns when there are none, or after `limit`: a create that is cut off here would be `unknown` for ever.
    /// Everything else goes on in the next process from what is stored.
    package func stop(within limit: Duration) async {
        beginStopping()
        stopsAt = parts.time.instant &+ limit.wholeNanoseconds
        for task in live.values { for (work, handle) in task.works where !work.isPaid { handle.cancel() } }
        while submitting > 0 || live.values.contains(where: \.isBusy), parts.time.instant < stopsAt {
            await sleep(.milliseconds(10))
        }
        await leave()
    }
}
