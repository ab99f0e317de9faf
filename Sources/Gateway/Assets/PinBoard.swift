/// Remembers which contents are being taken up, so that a removal does not pull a file from under a new task.
///
/// Content is shared: while one task's last reference goes, another may just have fetched the same bytes and not yet
/// told the ledger.
struct PinBoard {
    private var pinned: [String: Int] = [:]
    private var touched: [String: UInt64] = [:]
    private(set) var clock: UInt64 = 0

    mutating func pin(_ content: String) {
        pinned[content, default: 0] += 1
        touch(content)
    }

    mutating func unpin(_ content: String) {
        guard let count = pinned[content] else { return }
        pinned[content] = count > 1 ? count - 1 : nil
        touch(content)
    }

    func isPinned(_ content: String) -> Bool { pinned[content] != nil }

    func isTouched(_ content: String, since mark: UInt64) -> Bool {
        pinned[content] != nil || (touched[content] ?? 0) > mark
    }

    private mutating func touch(_ content: String) {
        clock += 1
        touched[content] = clock
        // A removal takes milliseconds; what was touched thousands of assets ago is of no interest to any.
        if touched.count > 8192 { touched = touched.filter { $0.value + 4096 > clock } }
    }
}
