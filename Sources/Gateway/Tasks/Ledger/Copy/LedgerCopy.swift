import JSON
import Postgres
import SQLite

/// Copies a ledger out of SQLite's file into an empty PostgreSQL database, and holds the two against each other.
///
/// It can be broken off at any point: each batch is one transaction that also notes how far it has come, and the next
/// run goes on from there. Until it is finished no gateway works with the database. The source is open here and nowhere
/// else, so that it stays as it is.
package struct LedgerCopy: Sendable {
    /// What has become of one table.
    package struct Part: Sendable, Equatable {
        package let name: String
        /// Rows in the source.
        package let rows: Int
        /// The hash of all rows, the same in both.
        package let sha256: String
    }

    /// How far it is.
    package struct Progress: Sendable {
        package let part: String
        package let done: Int
        package let total: Int
    }

    /// Why nothing was copied, or not everything.
    package enum Obstacle: Error, CustomStringConvertible {
        /// A gateway works with the database.
        case inUse
        /// The database holds tasks that are not from an unfinished copy of this source.
        case notEmpty
        /// It was copied already, and may have changed since.
        case finished
        /// A copy of another source is not finished.
        case otherSource(String)
        /// What was copied is not what stands in the source.
        case differs(part: String)

        package var description: String {
            switch self {
            case .inUse: "a gateway works with the database: stop it first"
            case .notEmpty: "the database holds tasks already: a ledger is copied into an empty one"
            case .finished: "a ledger was copied into this database already"
            case .otherSource(let source):
                "the database holds a part of another ledger, \(source): go on with that one, or take an empty database"
            case .differs(let part):
                "the copied \(part) are not those of the source; empty the database and copy again"
            }
        }
    }

    private static let whole = "(all)"
    private let source: SQLiteLedger
    private let name: String
    private let target: PostgresLedger

    /// A copy of an open file, whose name is told, into a database.
    package init(from source: SQLiteLedger, called name: String, to target: PostgresLedger) {
        self.source = source
        self.name = name
        self.target = target
    }

    /// Copies what is not copied yet, so many rows in one transaction, then compares everything.
    ///
    /// - Throws: an `Obstacle`, `LedgerError` from either side, or what `tell` throws to break it off.
    package func run(
        batch: Int = 500,
        _ tell: (Progress) async throws -> Void
    ) async throws -> [Part] {
        try await target.openForCopy()
        try await begin()
        for table in CopiedTable.all { try await copy(table, batch, tell) }
        let parts = try await verify()
        _ = try await target.write([note(Self.whole, upto: "", isDone: true)])
        return parts
    }

    private func begin() async throws {
        let found = try await target.read([
            PostgresStatement("SELECT source, is_done FROM copies WHERE part = $1", [.text(Self.whole)]),
            PostgresStatement("SELECT 1 FROM tasks LIMIT 1"),
        ])
        if let row = found[0].rows.first {
            if row.bool(1) { throw Obstacle.finished }
            if row.text(0) != name { throw Obstacle.otherSource(row.text(0)) }
        } else {
            if try await target.isInUse() { throw Obstacle.inUse }
            if !found[1].rows.isEmpty { throw Obstacle.notEmpty }
            // From here on no gateway opens it.
            _ = try await target.write([note(Self.whole, upto: "", isDone: false)])
        }
    }

    private func note(_ part: String, upto: String, isDone: Bool) -> PostgresStatement {
        PostgresStatement(
            storing: [.text(part), .text(name), .bool(isDone), .text(upto)],
            """
            INSERT INTO copies (part, source, is_done, upto) VALUES ($1, $2, $3, $4)
                ON CONFLICT (part) DO UPDATE SET is_done = excluded.is_done, upto = excluded.upto
            """
        )
    }

    // MARK: Copying

    private func copy(
        _ table: CopiedTable,
        _ batch: Int,
        _ tell: (Progress) async throws -> Void
    ) async throws {
        let total = try await source.read { connection in
            try connection.first("SELECT COUNT(*) FROM \(table.name)", []) { $0.int(0) } ?? 0
        }
        let state = try await target.read([
            PostgresStatement("SELECT is_done, upto FROM copies WHERE part = $1", [.text(table.name)]),
            PostgresStatement("SELECT COUNT(*) FROM \(table.name)"),
        ])
        if state[0].rows.first?.bool(0) == true {
            return try await tell(Progress(part: table.name, done: total, total: total))
        }
        var key = try state[0].rows.first.flatMap { try Self.key($0.text(1)) }
        var done = state[1].rows.first?.int(0) ?? 0
        try await tell(Progress(part: table.name, done: done, total: total))
        while true {
            let rows = try await rows(of: table, after: key, limit: batch)
            guard let last = rows.last else { break }
            key = Array(last.prefix(table.keyCount))
            let inserts = rows.map { PostgresStatement(table.insert, $0) }
            _ = try await target.write(
                inserts + [note(table.name, upto: Self.text(of: key ?? []), isDone: false)]
            )
            done += rows.count
            try await tell(Progress(part: table.name, done: done, total: total))
        }
        var ending = [note(table.name, upto: Self.text(of: key ?? []), isDone: true)]
        if table.name == "messages" {
            // What is told from now on comes after what was copied.
            ending.append(
                PostgresStatement(
                    "SELECT setval(pg_get_serial_sequence('messages', 'place'), MAX(place)) FROM messages"
                )
            )
        }
        _ = try await target.write(ending)
    }

    private func rows(of table: CopiedTable, after key: [PostgresValue]?, limit: Int) async throws
        -> [[PostgresValue]]
    {
        let sql = table.sqliteBatch(isFirst: key == nil, limit: limit)
        let bound = table.sqliteKey(key ?? [])
        return try await source.read { connection in
            try connection.query(sql, bound) { table.values($0) }
        }
    }

    /// A key as it is noted.
    private static func text(of key: [PostgresValue]) -> String {
        LedgerCodec.text(
            .array(
                key.map { value in
                    switch value {
                    case .text(let text): .string(text)
                    case .integer(let number): .integer(number)
                    default: .null
                    }
                }
            )
        )
    }

    private static func key(_ text: String) throws(LedgerError) -> [PostgresValue]? {
        let parts = try LedgerCodec.parse(text).array ?? []
        let key = parts.map { part in
            part.string.map { PostgresValue.text($0) } ?? PostgresValue(part.integer)
        }
        return key.isEmpty ? nil : key
    }

    // MARK: Comparing

    private func verify() async throws -> [Part] {
        var parts: [Part] = []
        for table in CopiedTable.all {
            var wanted = RowDigest()
            var key: [PostgresValue]?
            while true {
                let rows = try await rows(of: table, after: key, limit: 2000)
                guard let last = rows.last else { break }
                for row in rows { wanted.add(row) }
                key = Array(last.prefix(table.keyCount))
            }
            var found = RowDigest()
            key = nil
            while true {
                let sql = table.postgresBatch(isFirst: key == nil, limit: 2000)
                let rows = try await target.read([PostgresStatement(sql, key ?? [])])[0].rows
                    .map { table.values($0) }
                guard let last = rows.last else { break }
                for row in rows { found.add(row) }
                key = Array(last.prefix(table.keyCount))
            }
            let (rows, sha256) = (wanted.count, wanted.finish())
            guard found.count == rows, found.finish() == sha256 else {
                throw Obstacle.differs(part: table.name)
            }
            parts.append(Part(name: table.name, rows: rows, sha256: sha256))
        }
        return parts
    }
}
