#if TSAN
import CLinux
#else
import Synchronization
#endif

/// A value that only one thread at a time can touch.
///
/// Under ThreadSanitizer the lock is a pthread mutex: the sanitizer does not see the futex inside
/// `Synchronization.Mutex` on Linux and would report races that are none. Never suspend, log or resume a
/// continuation inside `withLock`: return what is to be done and do it afterwards.
@safe
package final class Guarded<Value>: @unchecked Sendable {
    #if TSAN
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private var value: Value

    /// Guards `value`.
    package init(_ value: sending Value) {
        self.value = value
        unsafe mutex = .allocate(capacity: 1)
        unsafe pthread_mutex_init(mutex, nil)
    }

    deinit {
        unsafe pthread_mutex_destroy(mutex)
        unsafe mutex.deallocate()
    }

    /// Runs `body` with exclusive access to the value.
    package func withLock<Result, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return try body(&value)
    }
    #else
    private let mutex = Mutex<Void>(())
    private var value: Value

    /// Guards `value`.
    package init(_ value: sending Value) {
        self.value = value
    }

    /// Runs `body` with exclusive access to the value.
    package func withLock<Result, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        // The result leaves the lock, so the lock guards nothing by itself: `value` is ours alone and is
        // touched nowhere but here.
        mutex._unsafeLock()
        defer { mutex._unsafeUnlock() }
        return try body(&value)
    }
    #endif
}
