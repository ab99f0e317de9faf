/// A ``DueHeap`` of 64 bits each, into which other modules put what waits.
///
/// They see the general heap only as general as it is written, which is ten times slower than one of a known type.
package struct PackedDueHeap: Sendable {
    private var heap = DueHeap<UInt64>()

    /// An empty heap.
    package init() {}

    package var count: Int { heap.count }

    /// The due time of the first item.
    package var firstDue: UInt64? { heap.firstDue }

    /// Whether it is worth dropping what nobody waits for any more, when so many tasks are left.
    package func isMostlyStale(with live: Int) -> Bool { heap.isMostlyStale(with: live) }

    /// Adds an item that comes due at a time in monotonic nanoseconds.
    package mutating func push(_ item: UInt64, due: UInt64) { heap.push(item, due: due) }

    /// Takes the first item that is due, if any.
    package mutating func pop(until now: UInt64) -> UInt64? { heap.pop(until: now) }

    /// Drops the items that nobody waits for any more.
    package mutating func removeAll(where isStale: (UInt64) -> Bool) { heap.removeAll(where: isStale) }
}
