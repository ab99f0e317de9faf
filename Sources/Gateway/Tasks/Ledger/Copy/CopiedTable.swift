import Crypto
import Postgres
import SQLite

/// A table as it stands in both stores: what of it is copied, and in which order.
struct CopiedTable: Sendable {
    /// What a column holds; a flag is a number in SQLite's file.
    enum Kind: Sendable { case text, integer, real, blob, flag }

    struct Column: Sendable {
        let name: String
        let kind: Kind
    }

    let name: String
    /// The first so many columns are the key.
    let keyCount: Int
    let columns: [Column]
    /// Columns that only PostgreSQL has, with what stands in them.
    let added: [(name: String, value: String)]

    /// The columns by what they hold, the key's first.
    private init(
        _ name: String,
        key: [Column],
        text: [String] = [],
        integer: [String] = [],
        real: [String] = [],
        blob: [String] = [],
        flag: [String] = [],
        added: [(name: String, value: String)] = []
    ) {
        self.name = name
        keyCount = key.count
        let kinds: [(Kind, [String])] = [
            (.text, text), (.integer, integer), (.real, real), (.blob, blob), (.flag, flag),
        ]
        columns = key + kinds.flatMap { kind, names in names.map { Column(name: $0, kind: kind) } }
        self.added = added
    }

    private static func text(_ name: String) -> Column { Column(name: name, kind: .text) }
    private static func integer(_ name: String) -> Column { Column(name: name, kind: .integer) }

    /// In an order in which each finds what it refers to.
    ///
    /// Leases stay behind: where the copy is opened, all unfinished work is there to be taken up.
    static let all = [
        CopiedTable(
            "tasks",
            key: [text("id")],
            text: [
                "client", "type", "status", "provider", "request", "routes", "cost_unit", "cost_kind",
                "error",
                "waiting", "charge", "usage",
            ] + Rows.provenanceColumns,
            integer: ["created_at", "started_at", "ended_at", "deadline", "revision"],
            real: ["cost_amount"],
            flag: ["cancel_requested"]
        ),
        CopiedTable(
            "attempts",
            key: [text("task"), integer("number")],
            text: [
                "provider", "operation", "credential", "state", "provider_task_id", "callback_token",
                "cost_unit",
                "cost_kind", "error",
            ],
            integer: ["route", "started_at", "ended_at", "takes", "tries"],
            real: ["cost_amount"]
        ),
        CopiedTable(
            "outputs",
            key: [text("task"), integer("number")],
            text: [
                "status", "provider_key", "source_url", "sha256", "format", "title", "lyrics", "timed_lyrics",
                "cover_url", "error",
            ],
            integer: ["attempt", "bytes", "ready_at"],
            real: ["duration"]
        ),
        CopiedTable(
            "messages",
            key: [integer("place")],
            text: ["id", "task", "state", "host", "client", "type", "last_error", "url"],
            integer: ["number", "due_at", "tries", "created_at", "settled_at", "last_status"],
            blob: ["body"],
            flag: ["is_next"]
        ),
        CopiedTable(
            "first_answers",
            key: [text("client"), text("key")],
            text: ["fingerprint", "task"],
            integer: ["status", "created_at"],
            blob: ["body"]
        ),
        CopiedTable(
            "tallies",
            key: [text("client"), integer("day"), text("provider"), text("unit")],
            integer: ["amount"],
            added: [("shard", "0")]
        ),
        CopiedTable(
            "usage",
            key: [text("client"), integer("hour"), text("provider"), text("operation"), text("unit")],
            integer: [
                "tasks", "succeeded", "failed", "canceled", "attempts", "outputs", "audio_ms", "estimated",
                "actual",
                "total",
            ],
            added: [("shard", "0")]
        ),
    ]

    // MARK: Statements

    private var names: String { columns.map(\.name).joined(separator: ", ") }
    private var keys: String { columns.prefix(keyCount).map(\.name).joined(separator: ", ") }

    /// The next rows of SQLite's table after a key, or from its beginning.
    func sqliteBatch(isFirst: Bool, limit: Int) -> String {
        let marks = (0..<keyCount).map { _ in "?" }.joined(separator: ", ")
        let after = isFirst ? "" : " WHERE (\(keys)) > (\(marks))"
        return "SELECT \(names) FROM \(name)\(after) ORDER BY \(keys) LIMIT \(limit)"
    }

    /// The same of PostgreSQL's.
    func postgresBatch(isFirst: Bool, limit: Int) -> String {
        let after = isFirst ? "" : " WHERE (\(keys)) > (\(SQL.places(keyCount)))"
        return "SELECT \(names) FROM \(name)\(after) ORDER BY \(keys) LIMIT \(limit)"
    }

    /// Stores a row; one that is there from an earlier try is left.
    var insert: String {
        let fixed = added.map { ", \($0.name)" }.joined()
        let values = added.map { ", \($0.value)" }.joined()
        return """
            INSERT INTO \(name) (\(names)\(fixed)) VALUES (\(SQL.places(columns.count))\(values)) ON CONFLICT DO NOTHING
            """
    }

    // MARK: Rows

    /// A row of SQLite's table as PostgreSQL stores it.
    func values(_ row: borrowing Row) -> [PostgresValue] {
        var values: [PostgresValue] = []
        for (place, column) in columns.enumerated() {
            guard !row.isNull(place) else {
                values.append(.null)
                continue
            }
            switch column.kind {
            case .text: values.append(PostgresValue.text(row.text(place)).storable)
            case .integer: values.append(.integer(row.int64(place)))
            case .real: values.append(.double(row.double(place)))
            case .blob: values.append(.blob(row.blob(place)))
            case .flag: values.append(.bool(row.bool(place)))
            }
        }
        return values
    }

    /// A row of PostgreSQL's.
    func values(_ row: PostgresRow) -> [PostgresValue] {
        columns.enumerated().map { place, column in
            guard !row.isNull(place) else { return .null }
            return switch column.kind {
            case .text: .text(row.text(place))
            case .integer: .integer(row.int64(place))
            case .real: .double(row.double(place))
            case .blob: .blob(row.blob(place))
            case .flag: .bool(row.bool(place))
            }
        }
    }

    /// The key of a row as SQLite binds it.
    func sqliteKey(_ values: [PostgresValue]) -> [SQLiteValue] {
        values.prefix(keyCount).map { value in
            switch value {
            case .text(let text): .text(text)
            case .integer(let number): .integer(number)
            default: .null
            }
        }
    }
}

/// Rows in their order as one number: what differs anywhere has another one.
struct RowDigest: ~Copyable {
    private(set) var count = 0
    private var hash = SHA256()

    /// Takes in the next row.
    mutating func add(_ values: [PostgresValue]) {
        count += 1
        var bytes: [UInt8] = []
        for value in values { Self.append(value, to: &bytes) }
        hash.update(bytes)
    }

    /// The hash of all rows so far.
    consuming func finish() -> String { hash.finalize().hex }

    private static func append(_ value: PostgresValue, to bytes: inout [UInt8]) {
        func put(_ tag: Character, _ content: some Collection<UInt8>) {
            // With its length in front, no value can look like two.
            bytes += Array("\(tag)\(content.count):".utf8)
            bytes += content
        }
        switch value {
        case .null: put("n", [])
        case .bool(let flag): put("b", [flag ? 1 : 0])
        case .integer(let number): put("i", Array("\(number)".utf8))
        case .double(let number): put("d", Array("\(number.bitPattern)".utf8))
        case .text(let text): put("t", text.utf8)
        case .blob(let blob): put("x", blob)
        case .texts(let texts): for text in texts { put("t", text.utf8) }
        case .integers(let numbers): put("i", Array("\(numbers)".utf8))
        }
    }
}
