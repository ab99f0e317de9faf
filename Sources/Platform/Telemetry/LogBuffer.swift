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

    init(capacity: Int) {
        self.capacity = max(1, capacity)
        unsafe mutex = .allocate(capacity: 1)
        unsafe changed = .allocate(capacity: 1)
        unsafe pthread_mutex_init(mutex, nil)
        unsafe pthread_cond_init(changed, nil)
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

    /// Waits for lines and takes all of them; `nil` when the buffer is closed and empty.
    func next() -> (lines: [LogLine], dropped: Int)? {
        withLock {
            while lines.isEmpty, !isClosed { unsafe pthread_cond_wait(changed, mutex) }
            if lines.isEmpty { return nil }
            let taken = Array(lines[oldest...] + lines[..<oldest])
            let dropped = droppedSinceLast
            lines.removeAll(keepingCapacity: true)
            oldest = 0
            droppedSinceLast = 0
            isWriting = true
            return (taken, dropped)
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
