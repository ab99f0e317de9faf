import Glibc

/// A bounded queue between those who log and the thread that writes.
@safe final class LogBuffer: @unchecked Sendable {
    // A pthread pair and not `Guarded`: the writer sleeps until there are lines, `flush` until there are none.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let changed: UnsafeMutablePointer<pthread_cond_t>
    private let capacity: Int
    private var lines: [LogLine] = []
    /// Where the oldest line is, once the ring is full.
    private var oldest = 0
    private var droppedSinceLast = 0
    private var droppedInAll = 0
    private var isWriting = false
    private var isClosed = false
    private var isNudged = false

    init(capacity: Int) {
        self.capacity = max(1, capacity)
        unsafe mutex = .allocate(capacity: 1)
        unsafe changed = .allocate(capacity: 1)
        unsafe pthread_mutex_init(mutex, nil)
        // Waits have to end in time although somebody sets the wall clock.
        var attributes = pthread_condattr_t()
        unsafe pthread_condattr_init(&attributes)
        unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        unsafe pthread_cond_init(changed, &attributes)
        unsafe pthread_condattr_destroy(&attributes)
    }

    deinit {
        unsafe pthread_cond_destroy(changed)
        unsafe pthread_mutex_destroy(mutex)
        unsafe changed.deallocate()
        unsafe mutex.deallocate()
    }

    func append(_ line: LogLine) {
        let wasEmpty = withLock { () -> Bool in
            guard !isClosed else { return false }
            if lines.count < capacity {
                lines.append(line)
            } else {
                lines[oldest] = line
                oldest = (oldest + 1) % capacity
                droppedSinceLast += 1
                droppedInAll += 1
            }
            return lines.count == 1
        }
        if wasEmpty { unsafe pthread_cond_broadcast(changed) }
    }

    /// Waits for lines and takes all of them, none after a nudge; `nil` when the buffer is closed and empty.
    func next() -> (lines: [LogLine], dropped: Int)? {
        withLock {
            while lines.isEmpty, !isClosed, !isNudged { unsafe pthread_cond_wait(changed, mutex) }
            if lines.isEmpty, isClosed, !isNudged { return nil }
            isNudged = false
            let taken = Array(lines[oldest...] + lines[..<oldest])
            let dropped = droppedSinceLast
            lines.removeAll(keepingCapacity: true)
            oldest = 0
            droppedSinceLast = 0
            isWriting = true
            return (taken, dropped)
        }
    }

    /// Lets `next()` return although there are no lines.
    func nudge() {
        withLock { isNudged = true }
        unsafe pthread_cond_broadcast(changed)
    }

    /// Waits so many milliseconds, or until the buffer is closed; whether it is.
    func pause(for milliseconds: Int) -> Bool {
        var until = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &until)
        until.tv_sec += milliseconds / 1000
        until.tv_nsec += milliseconds % 1000 * 1_000_000
        if until.tv_nsec >= 1_000_000_000 {
            until.tv_sec += 1
            until.tv_nsec -= 1_000_000_000
        }
        return withLock {
            while !isClosed, unsafe pthread_cond_timedwait(changed, mutex, &until) != ETIMEDOUT {}
            return isClosed
        }
    }

    /// What `next()` handed out has gone to the descriptor.
    func written() {
        withLock { isWriting = false }
        unsafe pthread_cond_broadcast(changed)
    }

    func waitUntilWritten() {
        withLock { while !lines.isEmpty || isWriting { unsafe pthread_cond_wait(changed, mutex) } }
    }

    func close() {
        withLock { isClosed = true }
        unsafe pthread_cond_broadcast(changed)
    }

    var dropped: Int { withLock { droppedInAll } }

    private func withLock<Result>(_ body: () -> Result) -> Result {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return body()
    }
}
