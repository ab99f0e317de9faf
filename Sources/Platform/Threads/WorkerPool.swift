import CLinux
import Glibc

/// A few threads for work that blocks: files, decoding, libraries that wait.
///
/// Jobs run in the order they came, as many at once as there are threads. The pool never drops a job: `shutdown`
/// lets queued jobs run, then ends the threads.
@safe
package final class WorkerPool: Sendable {
    private let queue: JobQueue
    private let threads: [Thread]

    /// Starts `count` threads named after `name`.
    package init(name: String, threads count: Int) throws(SystemError) {
        let queue = JobQueue()
        self.queue = queue
        var threads: [Thread] = []
        for index in 0..<count {
            threads.append(try Thread(name: "\(name)-\(index)") { while let job = queue.next() { job() } })
        }
        self.threads = threads
    }

    /// Hands a closure to the next free thread and returns at once.
    package func submit(_ job: @escaping @Sendable () -> Void) {
        queue.append(job)
    }

    /// Runs `body` on one of the threads and waits for its result without blocking the caller's thread.
    ///
    /// Work that has begun is not interrupted by cancellation: `body` is expected to be finite.
    package func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result
    {
        try await withCheckedThrowingContinuation { continuation in
            submit { continuation.resume(with: Swift.Result { try body() }) }
        }
    }

    /// Runs what is queued, ends the threads and waits for them; jobs handed in later do not run.
    package func shutdown() {
        queue.close()
        for thread in threads { thread.join() }
    }
}

/// A blocking first-in, first-out queue of closures.
@safe
package final class JobQueue: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private var jobs: [@Sendable () -> Void] = []
    private var head = 0
    private var isClosed = false

    /// An empty queue.
    package init() {
        unsafe mutex = .allocate(capacity: 1)
        unsafe condition = .allocate(capacity: 1)
        unsafe pthread_mutex_init(mutex, nil)
        unsafe pthread_cond_init(condition, nil)
    }

    deinit {
        unsafe pthread_cond_destroy(condition)
        unsafe pthread_mutex_destroy(mutex)
        unsafe condition.deallocate()
        unsafe mutex.deallocate()
    }

    /// Adds a job at the end; ignored once the queue is closed.
    package func append(_ job: @escaping @Sendable () -> Void) {
        unsafe pthread_mutex_lock(mutex)
        if !isClosed { jobs.append(job) }
        unsafe pthread_mutex_unlock(mutex)
        unsafe pthread_cond_signal(condition)
    }

    /// Waits for the next job; `nil` when the queue is closed and empty.
    package func next() -> (@Sendable () -> Void)? {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        while head == jobs.count {
            if isClosed { return nil }
            unsafe pthread_cond_wait(condition, mutex)
        }
        let job = jobs[head]
        head += 1
        if head == jobs.count || head > 1024 {
            jobs.removeFirst(head)
            head = 0
        }
        return job
    }

    /// Refuses further jobs and wakes every waiting thread.
    package func close() {
        unsafe pthread_mutex_lock(mutex)
        isClosed = true
        unsafe pthread_mutex_unlock(mutex)
        unsafe pthread_cond_broadcast(condition)
    }
}
