import CLinux
import Glibc

/// A system call that failed, with its name and `errno`.
package struct SystemError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The call, as in its manual page: `bind`, `epoll_ctl`.
    package let call: String
    /// The value of `errno` right after the call.
    package let code: Int32
    /// What the call was about, for a person: an address, a path.
    package let subject: String?

    /// Names the call that just failed and reads `errno`.
    package init(_ call: String, subject: String? = nil, code: Int32 = errno) {
        self.call = call
        self.code = code
        self.subject = subject
    }

    /// The reason in the system's own words.
    package var reason: String {
        unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
    }

    package var description: String {
        if let subject { "\(subject): \(reason) (\(call))" } else { "\(call): \(reason)" }
    }
}

/// Repeats a system call while a signal interrupts it; throws for every other failure.
///
/// `EBADF` and `EFAULT` are bugs of ours, never of the environment: they trap in debug builds.
@discardableResult
package func retryingSystemCall<Result: FixedWidthInteger & SignedInteger>(
    _ name: String,
    subject: String? = nil,
    _ call: () -> Result
) throws(SystemError) -> Result {
    while true {
        let result = call()
        if result != -1 { return result }
        let code = errno
        if code == EINTR { continue }
        assert(code != EBADF && code != EFAULT, "\(name) got a bad descriptor or address")
        throw SystemError(name, subject: subject, code: code)
    }
}

/// As `retryingSystemCall`, but "would block" is a value: `nil`.
package func nonblockingSystemCall<Result: FixedWidthInteger & SignedInteger>(
    _ name: String,
    _ call: () -> Result
) throws(SystemError) -> Result? {
    while true {
        let result = call()
        if result != -1 { return result }
        let code = errno
        if code == EINTR { continue }
        if code == EAGAIN || code == EWOULDBLOCK { return nil }
        assert(code != EBADF && code != EFAULT, "\(name) got a bad descriptor or address")
        throw SystemError(name, code: code)
    }
}
