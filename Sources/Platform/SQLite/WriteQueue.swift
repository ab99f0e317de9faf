import Glibc

/// Jobs on their way to the writer's thread, handed over in batches.
@safe final class WriteQueue: @unchecked Sendable {
    // A pthread pair and not `Guarded`: the writer must sleep until there is work.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private var jobs: [any WriteJob] = []
    private var isClosed = false
    /// At how many jobs a gathering writer is woken.
    private var wanted = 1

    /// How long a writer waits for callers that it has just let go on.
    private static let gathering: Int64 = 200_000

    init() {
        unsafe mutex = .allocate(capacity: 1)
        unsafe condition = .allocate(capacity: 1)
        unsafe pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        unsafe pthread_condattr_init(&attributes)
        unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        unsafe pthread_cond_init(condition, &attributes)
        unsafe pthread_condattr_destroy(&attributes)
    }

    deinit {
        unsafe pthread_cond_destroy(condition)
        unsafe pthread_mutex_destroy(mutex)
        unsafe condition.deallocate()
        unsafe mutex.deallocate()
    }

    /// Adds a job; `false` when the queue is closed and the job will not run.
    func append(_ job: any WriteJob) -> Bool {
        unsafe pthread_mutex_lock(mutex)
        let isOpen = !isClosed
        if isOpen { jobs.append(job) }
        let isAwaited = jobs.count == wanted
        unsafe pthread_mutex_unlock(mutex)
        if isAwaited { unsafe pthread_cond_signal(condition) }
        return isOpen
    }

    /// Waits for work and takes what is there, `limit` jobs at most; empty when the queue is closed and drained.
    ///
    /// `previous` is the size of the last batch. Its callers come back one by one, and the first would get a commit
    /// of its own while all others wait for the next; so give them a moment when far fewer are there than before.
    func nextBatch(limit: Int, previous: Int) -> [any WriteJob] {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        while jobs.isEmpty, !isClosed { unsafe pthread_cond_wait(condition, mutex) }
        if jobs.count <= previous / 2 { gather(previous) }
        guard jobs.count > limit else {
            defer { jobs = [] }
            return jobs
        }
        defer { jobs.removeFirst(limit) }
        return Array(jobs.prefix(limit))
    }

    /// Waits until that many jobs are there, but only for a moment; called with the lock held.
    private func gather(_ count: Int) {
        var deadline = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &deadline)
        let nanoseconds = Int64(deadline.tv_nsec) + WriteQueue.gathering
        deadline.tv_sec += Int(nanoseconds / 1_000_000_000)
        deadline.tv_nsec = Int(nanoseconds % 1_000_000_000)
        wanted = count
        defer { wanted = 1 }
        while jobs.count < count, !isClosed {
            if unsafe pthread_cond_timedwait(condition, mutex, &deadline) == ETIMEDOUT { return }
        }
    }

    /// The number of jobs that wait.
    var count: Int {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return jobs.count
    }

    /// Refuses further jobs; those that wait still run.
    func close() {
        unsafe pthread_mutex_lock(mutex)
        isClosed = true
        unsafe pthread_mutex_unlock(mutex)
        unsafe pthread_cond_signal(condition)
    }
}

/// One caller's change, from the moment it is queued until its caller knows the outcome.
protocol WriteJob: AnyObject, Sendable {
    /// Makes the change inside the batch's transaction.
    func run(on connection: Connection) throws

    /// Tells the caller: the change is durable, or why it is undone.
    func finish(_ failure: (any Error)?)
}

/// A change with its result and its caller's continuation.
///
/// Unchecked: the result is written and read by the writer's thread alone.
final class PendingWrite<Result: Sendable>: WriteJob, @unchecked Sendable {
    private let body: @Sendable (Connection) throws -> Result
    private let continuation: CheckedContinuation<Result, any Error>
    private var result: Result?

    init(
        _ body: @escaping @Sendable (Connection) throws -> Result,
        _ continuation: CheckedContinuation<Result, any Error>
    ) {
        self.body = body
        self.continuation = continuation
    }

    func run(on connection: Connection) throws { result = try body(connection) }

    func finish(_ failure: (any Error)?) {
        if let failure { return continuation.resume(throwing: failure) }
        guard let result else { return continuation.resume(throwing: DatabaseClosedError()) }
        continuation.resume(returning: result)
    }
}

/// The database has been closed; nothing was done.
package struct DatabaseClosedError: Error, Sendable, CustomStringConvertible {
    package var description: String { "the database is closed" }
}
