import CLinux
import Glibc
import Threads

/// An eventfd that ends an `epoll_wait` from another thread.
@safe
struct Waker: Sendable {
    /// Never closed: a loop lives as long as the process, and a late wake-up must not hit another file.
    let descriptor: Int32

    init() throws(SystemError) {
        descriptor = try retryingSystemCall("eventfd") { eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK)) }
    }

    func wake() {
        var one: UInt64 = 1
        // EAGAIN means that the counter is full, which wakes as well.
        _ = unsafe Glibc.write(descriptor, &one, 8)
    }

    static func drain(_ descriptor: Int32) {
        var count: UInt64 = 0
        _ = unsafe Glibc.read(descriptor, &count, 8)
    }
}
