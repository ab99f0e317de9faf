/// Things that wait for a time, earliest first: a binary heap of due times and values.
package struct DueHeap<Item: Sendable>: Sendable {
    private struct Entry: Sendable {
        let due: UInt64
        let order: UInt64
        let item: Item
    }

    private var entries: [Entry] = []
    private var order: UInt64 = 0

    /// An empty heap.
    package init() {}

    package var count: Int { entries.count }

    /// The due time of the first item.
    package var firstDue: UInt64? { entries.first?.due }

    /// Adds an item that comes due at a time in monotonic nanoseconds.
    package mutating func push(_ item: Item, due: UInt64) {
        order += 1
        entries.append(Entry(due: due, order: order, item: item))
        var index = entries.count - 1
        while index > 0 {
            let parent = (index - 1) / 2
            guard precedes(index, parent) else { break }
            entries.swapAt(index, parent)
            index = parent
        }
    }

    /// Takes the first item that is due, if any.
    package mutating func pop(until now: UInt64) -> Item? {
        guard let first = entries.first, first.due <= now else { return nil }
        let last = entries.removeLast()
        guard !entries.isEmpty else { return first.item }
        entries[0] = last
        var index = 0
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2] where child < entries.count && precedes(child, least)
            {
                least = child
            }
            guard least != index else { return first.item }
            entries.swapAt(index, least)
            index = least
        }
    }

    /// Whether it is worth dropping what nobody waits for any more, when so many tasks are left.
    package func isMostlyStale(with live: Int) -> Bool { count > 4096 && count > 4 * live }

    /// Drops the items that nobody waits for any more.
    package mutating func removeAll(where isStale: (Item) -> Bool) {
        let kept = entries.filter { !isStale($0.item) }
        // A sorted array is a heap.
        entries = kept.sorted { $0.due != $1.due ? $0.due < $1.due : $0.order < $1.order }
    }

    private func precedes(_ a: Int, _ b: Int) -> Bool {
        let (x, y) = (entries[a], entries[b])
        return x.due != y.due ? x.due < y.due : x.order < y.order
    }
}
