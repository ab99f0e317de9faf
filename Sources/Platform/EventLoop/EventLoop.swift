import CLinux
import Glibc
import Synchronization
package import Threads

/// One thread around one epoll descriptor, which is also a Swift executor.
///
/// Three kinds of work meet here: Swift jobs (tasks that prefer this loop, actors pinned to it), readiness of
/// descriptors, and timers. Everything that `watch` and `schedule` touch belongs to the loop's own thread; from
/// elsewhere use `execute` or an actor whose executor is the loop.
///
/// Executors are not owned by the jobs that run on them: create loops at start and keep them until all tasks
/// have ended. A loop that was stopped still runs what is enqueued later, on a thread that it borrows for that.
@safe
package final class EventLoop: SerialExecutor, TaskExecutor, CustomStringConvertible {
    private enum Life { case created, running, stopping, ended }

    private struct Inbox {
        var jobs: [LoopJob] = []
        var life = Life.created
        /// A wake-up is under way, so that a batch of jobs costs one write.
        var isWoken = false
        /// A borrowed thread runs what came after the end.
        var isDraining = false
    }

    private let inbox = Guarded(Inbox())
    private let reactor: LoopBound<Reactor>
    private let waker: Waker
    private let owner = Atomic<UInt>(0)
    private let thread = Guarded<Thread?>(nil)

    package let name: String

    /// Opens the epoll descriptor; nothing runs before `start`.
    package init(name: String) throws(SystemError) {
        self.name = name
        waker = try Waker()
        reactor = LoopBound(try Reactor(waker: waker.descriptor))
    }

    package var description: String { "EventLoop(\(name))" }

    // MARK: Life

    /// Starts the loop's thread.
    package func start() throws(SystemError) {
        inbox.withLock { $0.life = .running }
        let started = try Thread(name: name) { self.run() }
        thread.withLock { $0 = started }
    }

    /// Lets queued jobs run, then ends the thread; returns at once, `join` waits.
    package func stop() {
        inbox.withLock { inbox in
            if inbox.life == .running { inbox.life = .stopping }
        }
        waker.wake()
    }

    /// Waits for the thread to end; must not be called on the loop itself.
    package func join() {
        precondition(!isCurrent, "a loop cannot wait for its own end")
        thread.withLock { $0 }?.join()
    }

    /// True on the loop's own thread.
    package var isCurrent: Bool { owner.load(ordering: .relaxed) == currentThreadIdentity() }

    // MARK: Jobs

    package func enqueue(_ job: consuming ExecutorJob) {
        append(.swift(UnownedJob(job)))
    }

    /// Runs a closure on the loop, after what is queued already.
    package func execute(_ body: @escaping @Sendable () -> Void) {
        append(.closure(body))
    }

    package func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        unsafe UnownedSerialExecutor(ordinary: self)
    }

    package func isIsolatingCurrentContext() -> Bool? { isCurrent }

    package func checkIsolated() {
        precondition(isCurrent, "not on \(name)")
    }

    private func append(_ job: LoopJob) {
        if isCurrent {
            reactor.value.local.append(job)
            return
        }
        let (wake, drain) = inbox.withLock { inbox in
            inbox.jobs.append(job)
            guard inbox.life != .ended else {
                defer { inbox.isDraining = true }
                return (false, !inbox.isDraining)
            }
            defer { inbox.isWoken = true }
            return (!inbox.isWoken, false)
        }
        if wake { waker.wake() }
        if drain { drainAfterEnd() }
    }

    // MARK: Descriptors and timers (on the loop only)

    /// Calls `handler` on the loop whenever the descriptor is ready for what `interest` names.
    ///
    /// Level-triggered. The descriptor stays the caller's: `unwatch` before closing it.
    package func watch(
        _ descriptor: Int32,
        for interest: Readiness,
        _ handler: @escaping (Readiness) -> Void
    ) throws(SystemError) -> Watch {
        assert(isCurrent || owner.load(ordering: .relaxed) == 0)
        return try reactor.value.watch(descriptor, for: interest, handler)
    }

    /// Changes what a watch waits for; an empty interest pauses it.
    package func update(_ watch: Watch, for interest: Readiness) throws(SystemError) {
        assert(isCurrent)
        try reactor.value.update(watch, for: interest)
    }

    /// Ends a watch; events of it that are already in hand are dropped.
    package func unwatch(_ watch: Watch) {
        assert(isCurrent)
        reactor.value.unwatch(watch)
    }

    /// Calls `body` on the loop once, `delay` from now (millisecond precision, never early).
    package func schedule(after delay: Duration, _ body: @escaping () -> Void) -> Timer {
        schedule(at: monotonicNow() + delay.wholeNanoseconds, body)
    }

    /// Calls `body` on the loop once, at a time of `monotonicNow()` or as soon after as the loop gets to it.
    package func schedule(at due: UInt64, _ body: @escaping () -> Void) -> Timer {
        assert(isCurrent)
        return reactor.value.timers.add(at: due, body)
    }

    /// Forgets a timer; no effect when it has fired.
    package func cancel(_ timer: Timer) {
        assert(isCurrent)
        // What the closure held is released here, outside the access to the timers.
        _ = reactor.value.timers.cancel(timer)
    }

    /// The monotonic time when this turn of the loop began, in nanoseconds.
    package var turnTime: UInt64 { reactor.value.turnTime }

    // MARK: The loop

    private func run() {
        owner.store(currentThreadIdentity(), ordering: .relaxed)
        let reactor = reactor.value
        var batch: [LoopJob] = []
        while true {
            reactor.turnTime = monotonicNow()
            swap(&batch, &reactor.local)
            let life = inbox.withLock { inbox in
                batch.append(contentsOf: inbox.jobs)
                inbox.jobs.removeAll(keepingCapacity: true)
                inbox.isWoken = false
                return inbox.life
            }
            run(&batch)
            let now = monotonicNow()
            while let body = reactor.timers.nextDue(at: now) { body() }
            if life == .stopping, reactor.local.isEmpty {
                // What the closures of watches and timers hold often holds the loop.
                reactor.clear()
                if reactor.local.isEmpty, end() { break }
            }
            reactor.poll(mayWait: reactor.local.isEmpty && life == .running)
        }
    }

    private func run(_ batch: inout [LoopJob]) {
        for job in batch {
            switch job {
            case .swift(let job):
                unsafe job.runSynchronously(
                    isolatedTo: asUnownedSerialExecutor(),
                    taskExecutor: asUnownedTaskExecutor()
                )
            case .closure(let body): body()
            }
        }
        batch.removeAll(keepingCapacity: true)
    }

    /// Ends the loop unless a job slipped in; from then on `append` finds another thread.
    private func end() -> Bool {
        let ended = inbox.withLock { inbox in
            guard inbox.jobs.isEmpty else { return false }
            inbox.life = .ended
            return true
        }
        if ended { owner.store(0, ordering: .relaxed) }
        return ended
    }

    /// Runs jobs that came after the end on a borrowed thread, so that no task hangs on a dead loop.
    private func drainAfterEnd() {
        lateRuns.submit { [self] in
            owner.store(currentThreadIdentity(), ordering: .relaxed)
            var batch: [LoopJob] = []
            repeat {
                run(&batch)
                swap(&batch, &reactor.value.local)
                inbox.withLock { inbox in
                    batch.append(contentsOf: inbox.jobs)
                    inbox.jobs.removeAll()
                    if batch.isEmpty { inbox.isDraining = false }
                }
            } while !batch.isEmpty
            // No timer fires and no descriptor is watched on a loop that has ended.
            reactor.value.clear()
            owner.store(0, ordering: .relaxed)
        }
    }
}

/// The thread that serves loops which have ended.
private let lateRuns = LateRuns()

private struct LateRuns: Sendable {
    private let queue = JobQueue()
    private let started = Guarded(false)

    func submit(_ body: @escaping @Sendable () -> Void) {
        queue.append(body)
        let first = started.withLock { started in
            defer { started = true }
            return !started
        }
        guard first else { return }
        let queue = queue
        // Without a thread to spare the process is ending anyway; the caller's own thread then does the work.
        guard (try? Thread(name: "late-jobs", { while let job = queue.next() { job() } })) != nil else {
            while let job = queue.next() { job() }
            return
        }
    }
}
