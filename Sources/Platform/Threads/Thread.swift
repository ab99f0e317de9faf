import CLinux
import Glibc

/// A POSIX thread that runs one closure and can be joined once.
@safe
package final class Thread: Sendable {
    private struct Handle: @unchecked Sendable { let id: pthread_t }
    private final class Start {
        let name: String
        let body: @Sendable () -> Void
        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    private let handle: Handle
    private let joined = Guarded(false)

    /// Starts `body` on a thread of its own; `name` (at most 15 bytes are kept) shows in `top -H` and `gdb`.
    ///
    /// - Throws: `SystemError` when the system has no thread to give.
    package init(name: String, stackBytes: Int = 1 << 20, _ body: @escaping @Sendable () -> Void)
        throws(SystemError)
    {
        let start = unsafe Unmanaged.passRetained(Start(name: name, body: body))
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        unsafe pthread_attr_setstacksize(&attributes, stackBytes)
        defer { unsafe pthread_attr_destroy(&attributes) }
        var id = pthread_t()
        let code = unsafe pthread_create(
            &id,
            &attributes,
            { context in
                guard let context = unsafe context else { return nil }
                let start = unsafe Unmanaged<Start>.fromOpaque(context).takeRetainedValue()
                unsafe pthread_setname_np(pthread_self(), String(start.name.prefix(15)))
                start.body()
                return nil
            },
            start.toOpaque()
        )
        guard code == 0 else {
            unsafe start.release()
            throw SystemError("pthread_create", subject: name, code: code)
        }
        handle = Handle(id: id)
    }

    /// Waits until the closure has returned; later calls return at once.
    package func join() {
        let mine = joined.withLock { joined in
            defer { joined = true }
            return !joined
        }
        if mine { pthread_join(handle.id, nil) }
    }

    deinit {
        if joined.withLock({ !$0 }) { pthread_detach(handle.id) }
    }
}

/// An identity of the calling thread that can be compared and stored.
package func currentThreadIdentity() -> UInt { UInt(pthread_self()) }
