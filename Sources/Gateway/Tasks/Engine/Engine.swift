package import Assets
import Crypto
package import EventLoop
package import HTTPClient
package import Providers
package import Sound
package import Telemetry
package import Threads

/// Owns every task that has not ended and is the only one that acts for it.
///
/// Pinned to one loop. Each event of a task goes through its machine, the change is committed to the ledger, and
/// only then are the effects run; events of one task are taken one after another. Whatever waits for a time sits in
/// one heap of due times behind one timer.
package actor Engine {
    /// What the engine works with.
    package struct Parts: Sendable {
        package var providers: [Provider]
        package var ledger: any Ledger
        package var store: AssetStore
        package var fetcher: AssetFetcher
        package var client: HTTPClient
        /// Threads for rendering and other long work.
        package var pool: WorkerPool
        package var time: any Timekeeper
        package var log: Log
        package var policy = TaskMachine.Policy()
        /// How long a result that cannot be fetched is tried again.
        package var fetchFor = Duration.seconds(120)

        /// The parts of an engine, with the usual policy.
        package init(
            providers: [Provider],
            ledger: any Ledger,
            store: AssetStore,
            fetcher: AssetFetcher,
            client: HTTPClient,
            pool: WorkerPool,
            time: any Timekeeper,
            log: Log
        ) {
            self.providers = providers
            self.ledger = ledger
            self.store = store
            self.fetcher = fetcher
            self.client = client
            self.pool = pool
            self.time = time
            self.log = log
        }
    }

    /// What comes due.
    enum Due: Sendable {
        case deadline(TaskID)
        case slot(TaskID, route: Int)
        case poll(TaskID, attempt: Int)
        case fetch(TaskID, output: Int)
        case waiter(Int)
    }

    /// A task that has not ended.
    struct Live {
        var machine: TaskMachine
        var events: [TaskEvent] = []
        var isBusy = false
        /// The place that the open attempt holds.
        var place: Place?
        var polls = 0
        var failedPolls = 0
        var fetches: [Int: Fetch] = [:]
        var works: [Work: Task<Void, Never>] = [:]
    }

    /// A place at a provider, held since a monotonic time.
    struct Place {
        let provider: String
        let credential: String?
        let since: UInt64
    }

    /// What may be under way for a task, and is cancelled when the task ends.
    enum Work: Hashable {
        case rendering, polling
        case fetching(Int)
    }

    /// The tries to copy one result.
    struct Fetch {
        var began: UInt64
        var tries = 0
    }

    struct Waiter {
        let task: TaskID
        let continuation: CheckedContinuation<Void, Never>
    }

    nonisolated let loop: EventLoop
    nonisolated let parts: Parts
    nonisolated let upstream: Upstream
    nonisolated let holder = LeaseHolder(name: Hex.encode(randomBytes(8)))
    /// What is committed of tasks at hand, for any thread.
    package nonisolated let board = TaskBoard()

    var live: [TaskID: Live] = [:]
    var slots: [String: SlotQueue] = [:]
    var heap = DueHeap<Due>()
    var armedFor: UInt64?
    /// Counts the wake-ups that were asked for; only the last one is heeded.
    var armings: UInt64 = 0
    var waiters: [Int: Waiter] = [:]
    var waitersOf: [TaskID: [Int]] = [:]
    var lastToken = 0
    var isStopping = false
    /// Creates that are under way at vendors.
    var submitting = 0
    var knownWords: Set<String> = []
    /// How long a place is held, in seconds, per provider: a moving average.
    var serviceTimes: [String: Double] = [:]

    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// An engine on a loop; `recover` brings back what an earlier process left.
    package init(loop: EventLoop, parts: Parts) {
        self.loop = loop
        self.parts = parts
        upstream = Upstream(client: parts.client)
        for provider in parts.providers {
            slots[provider.id] = SlotQueue(
                credentials: provider.credentials.map { ($0.name, $0.maxConcurrent) },
                withoutKeys: provider.adapter.defaultConcurrency
            )
        }
    }

    // MARK: From outside

    /// Stores a new task and begins to work on it; it is durable when this returns.
    package nonisolated func create(
        _ request: SoundRequest,
        routes: [Route],
        client: String?,
        deadline: Duration
    ) async throws(LedgerError) -> TaskRecord {
        let now = parts.time.moment
        let record = TaskRecord(
            id: TaskID(rawValue: identifier(prefix: "snd", milliseconds: now.milliseconds)),
            client: client,
            request: request,
            createdAt: now,
            deadline: now.advanced(by: deadline),
            routes: routes
        )
        try await parts.ledger.admit(record, holder: holder)
        board.publish(record)
        loop.execute { self.assumeIsolated { $0.adopt(record) } }
        return record
    }

    /// Takes up every unfinished task of the ledger; returns how many.
    package func recover() async throws(LedgerError) -> Int {
        var count = 0
        while true {
            let now = parts.time.moment
            let records = try await parts.ledger.claim(
                500,
                for: holder,
                until: now.advanced(by: .seconds(86_400)),
                now: now
            )
            if records.isEmpty { return count }
            count += records.count
            for record in records {
                board.publish(record)
                adopt(record)
            }
        }
    }

    /// Ends a task as canceled; the result is its state afterwards, `nil` for a task that is not under way here.
    package func cancel(_ id: TaskID) async -> TaskRecord? {
        guard live[id] != nil else { return board.record(id) }
        post(.cancelRequested, to: id)
        await end(of: id)
        return board.record(id)
    }

    /// Waits until a task has ended, or so long.
    package func waitForEnd(of id: TaskID, atMost span: Duration) async {
        guard live[id] != nil else { return }
        let token = newToken()
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // Between the look above and here the task may have ended.
                guard live[id] != nil, !Task.isCancelled else { return continuation.resume() }
                waiters[token] = Waiter(task: id, continuation: continuation)
                waitersOf[id, default: []].append(token)
                push(.waiter(token), after: span)
            }
        } onCancel: {
            loop.execute { self.assumeIsolated { $0.wake(token) } }
        }
    }

    /// Removes an ended task and the audio that no other task shares.
    package func remove(_ id: TaskID) async throws(LedgerError) {
        let mark = parts.store.mark()
        let orphans = try await parts.ledger.remove(id)
        board.forget(id)
        for asset in orphans {
            let (store, log) = (parts.store, parts.log)
            parts.pool.submit {
                do {
                    try store.remove(asset, unlessTouchedSince: mark)
                } catch {
                    log(.error, "an asset could not be removed", ["reason": "\(error)"])
                }
            }
        }
    }

    /// How busy a provider is.
    package struct Load: Sendable {
        /// Tasks in line for a place.
        package let waiting: Int
        /// Places that are taken.
        package let running: Int
        /// How long a task that comes now would wait for a place; `nil` while nothing is known of the pace.
        package let expectedWait: Duration?
    }

    /// How busy each provider is.
    package func load() -> [String: Load] {
        var load: [String: Load] = [:]
        for (name, queue) in slots {
            var wait: Duration? = queue.used < queue.capacity ? .zero : nil
            if wait == nil, let service = serviceTimes[name] {
                wait = .seconds(service * Double(queue.depth + 1) / Double(max(queue.capacity, 1)))
            }
            load[name] = Load(waiting: queue.depth, running: queue.used, expectedWait: wait)
        }
        return load
    }

    /// Stops beginning new things and ends long waits; what is durable goes on in the next process.
    ///
    /// Returns when no create is under way at a vendor and no change waits for the ledger, or after `limit`: a
    /// create that is cut off here would be `unknown` for ever.
    package func stop(within limit: Duration) async {
        isStopping = true
        for task in live.values { for work in task.works.values { work.cancel() } }
        for token in Array(waiters.keys) { wake(token) }
        let end = parts.time.instant &+ limit.wholeNanoseconds
        while submitting > 0 || live.values.contains(where: \.isBusy), parts.time.instant < end {
            await sleep(.milliseconds(10))
        }
    }

    /// Ends every wait for a task's end, with the task as it stands.
    package func endWaits() {
        for token in Array(waiters.keys) { wake(token) }
    }

    // MARK: Events

    private func adopt(_ record: TaskRecord) {
        guard live[record.id] == nil, !isStopping else { return }
        var machine = TaskMachine(record, policy: parts.policy)
        let now = parts.time.moment
        let effects = machine.resume(at: now) { route in
            provider(route.name.provider)?.operation(route.name.operation)?.isRepeatable ?? false
        }
        live[record.id] = Live(machine: machine)
        if let attempt = record.attempts.last, attempt.state == .accepted || attempt.state == .intended {
            slots[attempt.name.provider]?.hold(attempt.credential)
            live[record.id]?.place = Place(
                provider: attempt.name.provider,
                credential: attempt.credential,
                since: parts.time.instant
            )
        }
        let left = max(record.deadline.milliseconds - now.milliseconds, 0)
        push(.deadline(record.id), after: .milliseconds(left))
        settle(record.id, effects)
    }

    /// Hands an event to a task; it is taken when those before it have been.
    func post(_ event: TaskEvent, to id: TaskID) {
        guard live[id] != nil else { return }
        live[id]?.events.append(event)
        guard live[id]?.isBusy == false else { return }
        live[id]?.isBusy = true
        // Owned by the task's entry: it ends when the task's events are used up.
        Task { await self.pump(id) }
    }

    private func pump(_ id: TaskID) async {
        while var task = live[id], !task.events.isEmpty {
            let event = task.events.removeFirst()
            if isStopping, case .slotGranted = event {
                // An attempt that is not begun now is begun by the next process.
                live[id] = task
                releasePlace(of: id)
                continue
            }
            let effects = task.machine.apply(event, at: parts.time.moment)
            let change = task.machine.takeChange()
            let record = task.machine.record
            live[id] = task
            // Without the ledger nothing may follow: the next process goes on from what is stored.
            if let change, await !commit(change) { break }
            afterCommit(event, record)
            board.publish(record)
            if case .slotGranted = event,
                !effects.contains(where: { if case .submit = $0 { true } else { false } })
            {
                releasePlace(of: id)
            }
            for effect in effects { run(effect, for: id) }
        }
        live[id]?.isBusy = false
    }

    /// Commits what `resume` changed and runs what it asked for.
    private func settle(_ id: TaskID, _ effects: [TaskEffect]) {
        guard let change = live[id]?.machine.takeChange() else {
            for effect in effects { run(effect, for: id) }
            return
        }
        live[id]?.isBusy = true
        Task {
            guard await commit(change) else { return }
            board.publish(change.record)
            for effect in effects { run(effect, for: id) }
            await pump(id)
        }
    }

    /// Stores a change, trying again until it is stored: what has happened cannot be forgotten for want of a disk.
    ///
    /// `false` when the engine stops before the store took it.
    private func commit(_ change: TaskChange) async -> Bool {
        var pause = Duration.milliseconds(50)
        while true {
            do throws(LedgerError) {
                try await parts.ledger.commit(change)
                return true
            } catch {
                if isStopping { return false }
                parts.log(
                    .error,
                    "a change could not be stored; trying again",
                    ["task": "\(change.record.id)", "reason": "\(error)"]
                )
                await sleep(pause)
                pause = min(pause * 2, .seconds(5))
            }
        }
    }

    private func afterCommit(_ event: TaskEvent, _ record: TaskRecord) {
        if case .outputKept(_, let asset, _) = event {
            parts.store.unpin(asset)
            if !record.outputs.contains(where: { $0.asset == asset }) { abandon(asset) }
        }
        guard record.status.hasEnded else { return }
        parts.log(
            .info,
            "task ended",
            [
                "task": "\(record.id)", "status": "\(record.status.rawValue)",
                "provider": "\(record.route?.name.provider ?? "-")",
                "error": "\(record.error?.code.rawValue ?? "-")",
            ]
        )
    }

    private func run(_ effect: TaskEffect, for id: TaskID) {
        switch effect {
        case .waitForSlot(let route, let pause):
            if pause > .zero { push(.slot(id, route: route), after: pause) } else { queue(id, route: route) }
        case .submit(let attempt): begin(attempt, of: id)
        case .poll(let attempt, let eta): schedulePoll(id, attempt: attempt, eta: eta)
        case .fetch(let output): beginFetch(id, output: output)
        case .releaseSlot: releasePlace(of: id)
        case .end: conclude(id)
        }
    }

    private func conclude(_ id: TaskID) {
        releasePlace(of: id)
        guard let task = live.removeValue(forKey: id) else { return }
        for provider in Array(slots.keys) { slots[provider]?.leave(id) }
        for work in task.works.values { work.cancel() }
        for event in task.events {
            // Kept too late: nobody will refer to it.
            if case .outputKept(_, let asset, _) = event { giveUp(asset) }
        }
        for token in waitersOf.removeValue(forKey: id) ?? [] { wake(token) }
        dropStaleDues()
    }

    /// Deadlines of tasks that have ended would otherwise fill the heap until they come due.
    private func dropStaleDues() {
        guard heap.count > 4096, heap.count > 4 * live.count else { return }
        heap.removeAll { due in
            switch due {
            case .deadline(let id), .slot(let id, _), .poll(let id, _), .fetch(let id, _): live[id] == nil
            case .waiter(let token): waiters[token] == nil
            }
        }
    }

    /// Removes audio that was kept for a task which no longer wants it, unless another one has the same.
    func giveUp(_ asset: AssetRecord) {
        parts.store.unpin(asset)
        abandon(asset)
    }

    private func abandon(_ asset: AssetRecord) {
        let mark = parts.store.mark()
        Task {
            do {
                guard try await !parts.ledger.refers(to: asset) else { return }
                let store = parts.store
                try await parts.pool.run { try store.remove(asset, unlessTouchedSince: mark) }
            } catch {
                parts.log(.warning, "an unwanted asset could not be removed", ["reason": "\(error)"])
            }
        }
    }

    // MARK: Places

    func queue(_ id: TaskID, route index: Int) {
        guard let record = live[id]?.machine.record, record.routes.indices.contains(index) else { return }
        let name = record.routes[index].name.provider
        guard slots[name] != nil else {
            // The provider was there when the task was planned; the operator has taken it away.
            let gone = Failure(
                .providerUnavailable,
                "the provider \(name) is no longer configured",
                origin: .gateway
            )
            post(.slotGranted(route: index, credential: nil), to: id)
            post(.refused(attempt: record.attempts.count + 1, gone), to: id)
            return
        }
        if let ticket = slots[name]?.join(id, route: index) {
            board.queued(id, provider: name, ticket: ticket)
        }
        grant(name)
    }

    private func grant(_ provider: String) {
        guard !isStopping else { return }
        while let turn = slots[provider]?.next() {
            board.turned(turn.task, provider: provider, served: slots[provider]?.served ?? 0)
            guard live[turn.task] != nil else {
                slots[provider]?.release(turn.credential)
                continue
            }
            live[turn.task]?.place = Place(
                provider: provider,
                credential: turn.credential,
                since: parts.time.instant
            )
            post(.slotGranted(route: turn.route, credential: turn.credential), to: turn.task)
        }
    }

    private func releasePlace(of id: TaskID) {
        guard let place = live[id]?.place else { return }
        live[id]?.place = nil
        let held = Double(parts.time.instant &- place.since) / 1e9
        serviceTimes[place.provider] = serviceTimes[place.provider].map { $0 * 0.9 + held * 0.1 } ?? held
        slots[place.provider]?.release(place.credential)
        grant(place.provider)
    }

    nonisolated func provider(_ id: String) -> Provider? { parts.providers.first { $0.id == id } }

    // MARK: Time

    func push(_ due: Due, after span: Duration) {
        heap.push(due, due: parts.time.instant &+ span.wholeNanoseconds)
        arm()
    }

    private func arm() {
        guard let next = heap.firstDue, armedFor.map({ next < $0 }) ?? true else { return }
        armedFor = next
        armings += 1
        let now = parts.time.instant
        let arming = armings
        parts.time.wake(on: loop, after: .nanoseconds(next > now ? Int64(clamping: next - now) : 0)) {
            self.assumeIsolated { $0.fire(arming) }
        }
    }

    /// Takes what is due; a wake-up that an earlier one has replaced does nothing, else their number would only grow.
    private func fire(_ arming: UInt64) {
        guard arming == armings else { return }
        armedFor = nil
        let now = parts.time.instant
        while let due = heap.pop(until: now) {
            switch due {
            case .deadline(let id): post(.deadlinePassed, to: id)
            case .slot(let id, let route): queue(id, route: route)
            case .poll(let id, let attempt): poll(id, attempt: attempt)
            case .fetch(let id, let output): fetch(id, output: output)
            case .waiter(let token): wake(token)
            }
        }
        arm()
    }

    /// Suspends for a span of the engine's own time.
    func sleep(_ span: Duration) async {
        let token = newToken()
        await withCheckedContinuation { continuation in
            waiters[token] = Waiter(task: TaskID(rawValue: ""), continuation: continuation)
            // Only now: a wait that comes due before somebody waits would wake nobody.
            push(.waiter(token), after: span)
        }
    }

    private func newToken() -> Int {
        lastToken += 1
        return lastToken
    }

    private func end(of id: TaskID) async {
        await waitForEnd(of: id, atMost: .seconds(30))
    }

    private func wake(_ token: Int) {
        guard let waiter = waiters.removeValue(forKey: token) else { return }
        waitersOf[waiter.task]?.removeAll { $0 == token }
        waiter.continuation.resume()
    }
}
