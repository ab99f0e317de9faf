/// What one connection's server has prepared, by text.
///
/// A text gets a name with its first use, in the pipeline and without waiting. Until the server has said that the name is
/// good, only the batch that made it may use it: another batch could find that the first one failed before it came to
/// the preparation. Texts are few; those beyond `most` have had values written into them, and get no name.
struct PreparedStatements {
    final class Entry {
        let name: String
        let sql: String
        /// The batch that prepares it; `nil` once the server has.
        var maker: ObjectIdentifier?

        init(name: String, sql: String, maker: ObjectIdentifier) {
            self.name = name
            self.sql = sql
            self.maker = maker
        }
    }

    enum Use {
        /// By its name.
        case named(Entry)
        /// To be prepared, then by its name.
        case prepare(Entry)
        /// Parsed for this one use.
        case unnamed
    }

    private let most: Int
    private var entries: [String: Entry] = [:]
    /// Names are not used twice, even when what they stood for is forgotten.
    private var names = 0

    init(most: Int) { self.most = most }

    /// The number of texts that have names.
    var count: Int { entries.count }

    mutating func use(_ sql: String, by batch: ObjectIdentifier) -> Use {
        if let entry = entries[sql] {
            return entry.maker == nil || entry.maker == batch ? .named(entry) : .unnamed
        }
        guard entries.count < most else { return .unnamed }
        names += 1
        let entry = Entry(name: "s\(names)", sql: sql, maker: batch)
        entries[sql] = entry
        return .prepare(entry)
    }

    /// Forgets a name that the server does not know, or not any more.
    mutating func forget(_ entry: Entry) {
        if entries[entry.sql] === entry { entries[entry.sql] = nil }
    }
}
