import JSON
import Threads

/// The last calls that the doubles saw, over all vendors.
final class CallLog: Sendable {
    private let calls: Guarded<RecentItems<CallRecord>>
    private let capacity: Int

    init(capacity: Int) {
        self.capacity = capacity
        calls = Guarded(RecentItems(capacity: capacity))
    }

    func append(_ record: CallRecord) {
        calls.withLock { _ = $0.append(record) }
    }

    func reset() {
        calls.withLock { $0 = RecentItems(capacity: capacity) }
    }

    /// The calls after that number which pass, oldest first, as the control route shows them.
    ///
    /// Numbers count from 1 since the start or the last reset.
    func json(after number: Int, limit: Int, where passes: (CallRecord) -> Bool) -> JSONValue {
        let (total, kept) = calls.withLock { ($0.total, $0.last(capacity)) }
        let first = total - kept.count + 1
        let shown = zip(first..., kept).filter { $0.0 > number && passes($0.1) }
        return [
            "total": JSONValue(total),
            "calls": .array(shown.suffix(limit).map { $0.1.json(number: $0.0) }),
        ]
    }
}
