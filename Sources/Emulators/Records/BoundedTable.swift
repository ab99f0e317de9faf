/// Values by their key, of which the oldest are forgotten when there are too many.
struct BoundedTable<Value: Sendable>: Sendable {
    private var values: [String: Value] = [:]
    private var order: RecentItems<String>

    init(capacity: Int) { order = RecentItems(capacity: capacity) }

    /// How many were ever added.
    var total: Int { order.total }

    /// Changes a value that is there; a key that is not there stays so.
    subscript(key: String) -> Value? { values[key] }

    /// Adds a value under a key that is new; tells the value that had to go.
    @discardableResult
    mutating func add(_ value: Value, for key: String) -> Value? {
        let gone = order.append(key)
        values[key] = value
        return gone.flatMap { values.removeValue(forKey: $0) }
    }

    /// Changes a value in place; does nothing when there is none.
    mutating func update(_ key: String, _ change: (inout Value) -> Void) {
        guard var value = values[key] else { return }
        change(&value)
        values[key] = value
    }

    /// The newest values, oldest of them first.
    func last(_ count: Int) -> [Value] { order.last(count).compactMap { values[$0] } }
}
