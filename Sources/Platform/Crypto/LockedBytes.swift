import COpenSSL
import Glibc
import Synchronization

/// Bytes that stay in memory alone: not swapped, not in a core dump, wiped when nobody holds them any more.
///
/// They have pages of their own, never change after they are made, and are compared in constant time. Where the
/// system locks no more memory for this process they are kept all the same, wiped all the same, and
/// ``unlockedCount`` tells of it.
@safe package final class LockedBytes: @unchecked Sendable {
    // `@unchecked`: the memory is written in the initialiser and in `deinit` alone.

    /// The number of bytes.
    package let count: Int
    private let pages: UnsafeMutableRawBufferPointer
    private let isLocked: Bool

    private static let unlocked = Atomic<Int>(0)

    /// How many of the values that are held now could not be locked: `RLIMIT_MEMLOCK` is too small for all of them.
    package static var unlockedCount: Int { unlocked.load(ordering: .relaxed) }

    /// Lets `body` write the bytes, which are zero until then.
    package init<Failure: Error>(
        count: Int,
        filling body: (inout MutableRawSpan) throws(Failure) -> Void
    ) throws(Failure) {
        self.count = count
        (unsafe pages, isLocked) = unsafe Self.map(count)
        var bytes = unsafe MutableRawSpan(
            _unsafeBytes: UnsafeMutableRawBufferPointer(rebasing: pages[..<count])
        )
        try body(&bytes)
    }

    /// A copy; the original stays as it is, and is the caller's to forget.
    package convenience init(copying bytes: RawSpan) {
        self.init(count: bytes.byteCount) { copy in
            unsafe bytes.withUnsafeBytes { source in
                unsafe copy.withUnsafeMutableBytes { unsafe $0.copyMemory(from: source) }
            }
        }
    }

    /// A copy; the original stays as it is, and is the caller's to forget.
    package convenience init(copying bytes: [UInt8]) { unsafe self.init(copying: bytes.span.bytes) }

    /// As many bytes that nobody can guess.
    package convenience init(randomCount count: Int) {
        self.init(count: count) { bytes in
            unsafe bytes.withUnsafeMutableBytes { unsafe fillWithRandomBytes($0) }
        }
    }

    deinit {
        if !isLocked { Self.unlocked.subtract(1, ordering: .relaxed) }
        guard let start = unsafe pages.baseAddress else { return }
        // "OPENSSL_cleanse() fills … with a string of 0's"; unlike memset it is not optimised away.
        unsafe OPENSSL_cleanse(start, pages.count)
        // Unmapping unlocks.
        unsafe munmap(start, pages.count)
    }

    /// Lends the bytes to `body`, which should not copy them to where they outlive it.
    package func withBytes<Result, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let bytes = unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: pages[..<count]))
        return try body(bytes)
    }

    /// Whole pages, for locks and advice are by the page; none for no bytes.
    private static func map(_ count: Int) -> (UnsafeMutableRawBufferPointer, isLocked: Bool) {
        guard count > 0 else {
            return unsafe (UnsafeMutableRawBufferPointer(start: nil, count: 0), isLocked: true)
        }
        let page = max(Int(sysconf(Int32(_SC_PAGESIZE))), 1)
        let length = (count + page - 1) / page * page
        let start = unsafe mmap(nil, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let start = unsafe start, unsafe start != MAP_FAILED else {
            fatalError("there is no memory for \(count) bytes, as for any other allocation that fails")
        }
        // Both are best effort: they keep the bytes from disks, and nothing depends on them.
        let isLocked = unsafe mlock(start, length) == 0
        if !isLocked { unlocked.add(1, ordering: .relaxed) }
        _ = unsafe madvise(start, length, Int32(MADV_DONTDUMP))
        return unsafe (UnsafeMutableRawBufferPointer(start: start, count: length), isLocked: isLocked)
    }
}

extension LockedBytes: Equatable {
    /// Whether both hold the same bytes, in a time that depends on the lengths alone.
    package static func == (left: LockedBytes, right: LockedBytes) -> Bool {
        left.withBytes { left in right.withBytes { constantTimeEquals(left, $0) } }
    }
}

extension LockedBytes: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "<redacted>" }
    package var debugDescription: String { "<redacted>" }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
