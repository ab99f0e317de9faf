/// The last so many of a row of items.
struct RecentItems<Item: Sendable>: Sendable {
    private var items: [Item] = []
    private let capacity: Int
    /// How many were ever added.
    private(set) var total = 0

    init(capacity: Int) { self.capacity = capacity }

    /// Adds an item; tells the one that had to go.
    @discardableResult
    mutating func append(_ item: Item) -> Item? {
        defer { total += 1 }
        guard items.count == capacity else {
            items.append(item)
            return nil
        }
        let place = total % capacity
        defer { items[place] = item }
        return items[place]
    }

    /// The newest items, oldest of them first.
    func last(_ count: Int) -> [Item] {
        let kept = min(max(count, 0), items.count)
        return (total - kept..<total).map { items[$0 % capacity] }
    }
}
