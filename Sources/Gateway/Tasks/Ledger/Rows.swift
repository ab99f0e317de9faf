import SQLite
import Sound

/// Between records and rows.
enum Rows {
    static let insertTask = """
        INSERT INTO tasks (id, client, type, created_at, deadline, request, routes, status, provider, started_at,
            ended_at, cost_amount, cost_unit, cost_kind, error, waiting, revision, request_id, traceparent, parent_span,
            tracestate, lease_holder, charge, usage)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
    static let updateTask = """
        UPDATE tasks SET status = ?, provider = ?, started_at = ?, ended_at = ?, cost_amount = ?, cost_unit = ?,
            cost_kind = ?, error = ?, waiting = ?, revision = ?
            WHERE id = ?11 AND (?12 IS NULL OR lease_holder IS NULL OR lease_holder = ?12)
        """
    static let putAttempt = """
        INSERT OR REPLACE INTO attempts (task, number, route, provider, operation, credential, state,
            provider_task_id, started_at, ended_at, error, takes, tries, callback_token, cost_amount, cost_unit,
            cost_kind) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
    static let putOutput = """
        INSERT OR REPLACE INTO outputs (task, number, attempt, status, provider_key, source_url, sha256, format, bytes,
            duration, title, lyrics, timed_lyrics, cover_url, error, ready_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """

    static func isThere(_ id: TaskID, on connection: Connection) throws -> Bool {
        try connection.first("SELECT 1 FROM tasks WHERE id = ?", [.text(id.rawValue)]) { $0.int(0) } != nil
    }

    static let insertFirstAnswer = """
        INSERT INTO first_answers (client, key, fingerprint, task, status, body, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)
        """

    static func values(of answer: FirstAnswer) -> [SQLiteValue] {
        [
            .text(answer.key.client ?? ""), .text(answer.key.value), .text(answer.fingerprint),
            .text(answer.task.rawValue), .integer(Int64(answer.status)), .blob(answer.body),
            .integer(answer.createdAt.milliseconds),
        ]
    }

    static func firstAnswer(to key: IdempotencyKey, on connection: Connection) throws -> FirstAnswer? {
        try connection.first(
            "SELECT fingerprint, task, status, body, created_at FROM first_answers WHERE client = ? AND key = ?",
            [.text(key.client ?? ""), .text(key.value)]
        ) { row in
            FirstAnswer(
                key: key,
                fingerprint: row.text(0),
                task: TaskID(rawValue: row.text(1)),
                status: row.int(2),
                body: row.blob(3),
                createdAt: Moment(milliseconds: row.int64(4))
            )
        }
    }

    static func values(of record: TaskRecord) -> [SQLiteValue] {
        [
            .text(record.id.rawValue), SQLiteValue(record.client), .text(record.request.type.rawValue),
            .integer(record.createdAt.milliseconds), .integer(record.deadline.milliseconds),
            .text(LedgerCodec.encode(record.request)), .text(LedgerCodec.encode(record.routes)),
        ] + changingValues(of: record) + values(of: record.provenance)
    }

    private static func values(of provenance: Provenance?) -> [SQLiteValue] {
        [
            SQLiteValue(provenance?.requestID), SQLiteValue(provenance?.traceparent),
            SQLiteValue(provenance?.parent), SQLiteValue(provenance?.tracestate),
        ]
    }

    /// Where a task came from, in four columns.
    static func provenance(_ row: borrowing Row, from column: Int) -> Provenance? {
        guard let requestID = row.optionalText(column), let traceparent = row.optionalText(column + 1) else {
            return nil
        }
        return Provenance(
            requestID: requestID,
            traceparent: traceparent,
            parent: row.optionalText(column + 2),
            tracestate: row.optionalText(column + 3)
        )
    }

    static func changingValues(of record: TaskRecord) -> [SQLiteValue] {
        [
            .text(record.status.rawValue), SQLiteValue(record.route?.name.provider),
            SQLiteValue(record.startedAt?.milliseconds), SQLiteValue(record.endedAt?.milliseconds),
            SQLiteValue(record.cost?.amount.amount), SQLiteValue(record.cost?.amount.unit),
            SQLiteValue(record.cost?.kind.rawValue), SQLiteValue(record.error.map(LedgerCodec.encode)),
            .text(LedgerCodec.encode(record.waiting)), .integer(Int64(record.revision)),
        ]
    }

    static func values(of attempt: AttemptRecord) -> [SQLiteValue] {
        [
            .integer(Int64(attempt.number)), .integer(Int64(attempt.route)), .text(attempt.name.provider),
            .text(attempt.name.operation), SQLiteValue(attempt.credential), .text(attempt.state.rawValue),
            SQLiteValue(attempt.providerTaskID), .integer(attempt.startedAt.milliseconds),
            SQLiteValue(attempt.endedAt?.milliseconds), SQLiteValue(attempt.error.map(LedgerCodec.encode)),
            SQLiteValue(attempt.takes.map { Int64($0) }), .integer(Int64(attempt.tries)),
            SQLiteValue(attempt.callbackToken), SQLiteValue(attempt.cost?.amount.amount),
            SQLiteValue(attempt.cost?.amount.unit), SQLiteValue(attempt.cost?.kind.rawValue),
        ]
    }

    static func values(of output: OutputRecord) -> [SQLiteValue] {
        [
            .integer(Int64(output.index)), .integer(Int64(output.attempt)), .text(output.status.rawValue),
            SQLiteValue(output.providerKey), SQLiteValue(output.sourceURL), SQLiteValue(output.asset?.sha256),
            SQLiteValue(output.asset?.format.rawValue), SQLiteValue(output.asset?.bytes),
            SQLiteValue(output.asset?.duration), SQLiteValue(output.title), SQLiteValue(output.lyrics),
            SQLiteValue(output.timedLyrics.map(LedgerCodec.encode)), SQLiteValue(output.coverURL),
            SQLiteValue(output.error.map(LedgerCodec.encode)), SQLiteValue(output.readyAt?.milliseconds),
        ]
    }

    static func task(_ id: String, on connection: Connection) throws -> TaskRecord? {
        let key = [SQLiteValue.text(id)]
        let found = try connection.query(
            """
            SELECT client, request, created_at, deadline, routes, status, started_at, ended_at, cost_amount, cost_unit,
                cost_kind, error, waiting, revision, request_id, traceparent, parent_span, tracestate
            FROM tasks WHERE id = ?
            """,
            key
        ) { row in try task(id, row: row) }
        guard var record = found.first else { return nil }
        record.attempts = try connection.query(
            """
            SELECT number, route, provider, operation, credential, state, provider_task_id, started_at, ended_at, error,
                takes, tries, callback_token, cost_amount, cost_unit, cost_kind FROM attempts WHERE task = ? ORDER BY number
            """,
            key
        ) { try attempt($0) }
        record.outputs = try connection.query(
            """
            SELECT number, attempt, status, provider_key, source_url, sha256, format, bytes, duration, title, lyrics,
                timed_lyrics, cover_url, error, ready_at FROM outputs WHERE task = ? ORDER BY number
            """,
            key
        ) { try output($0) }
        if record.status == .succeeded { record.progress = 1 }
        return record
    }

    private static func task(_ id: String, row: borrowing Row) throws -> TaskRecord {
        var record = TaskRecord(
            id: TaskID(rawValue: id),
            client: row.optionalText(0),
            request: try LedgerCodec.request(row.text(1)),
            createdAt: Moment(milliseconds: row.int64(2)),
            deadline: Moment(milliseconds: row.int64(3)),
            routes: try LedgerCodec.routes(row.text(4))
        )
        record.status = try word(row.text(5), "status")
        record.startedAt = row.optionalInt64(6).map(Moment.init)
        record.endedAt = row.optionalInt64(7).map(Moment.init)
        record.cost = try cost(row, from: 8)
        record.error = try LedgerCodec.failure(row.optionalText(11))
        record.waiting = try LedgerCodec.calls(row.text(12))
        record.revision = row.int(13)
        record.provenance = provenance(row, from: 14)
        return record
    }

    /// A cost in three columns: amount, unit and kind.
    private static func cost(_ row: borrowing Row, from column: Int) throws -> Cost? {
        guard let amount = row.optionalDouble(column), let unit = row.optionalText(column + 1),
            let kind = row.optionalText(column + 2)
        else { return nil }
        return Cost(Cost.Amount(amount, unit), try word(kind, "kind of cost"))
    }

    private static func attempt(_ row: borrowing Row) throws -> AttemptRecord {
        var attempt = AttemptRecord(
            number: row.int(0),
            route: row.int(1),
            name: RouteName(provider: row.text(2), operation: row.text(3)),
            credential: row.optionalText(4),
            startedAt: Moment(milliseconds: row.int64(7))
        )
        attempt.state = try word(row.text(5), "attempt state")
        attempt.providerTaskID = row.optionalText(6)
        attempt.endedAt = row.optionalInt64(8).map(Moment.init)
        attempt.error = try LedgerCodec.failure(row.optionalText(9))
        attempt.takes = row.optionalInt64(10).map { Int($0) }
        attempt.tries = row.int(11)
        attempt.callbackToken = row.optionalText(12)
        attempt.cost = try cost(row, from: 13)
        return attempt
    }

    private static func output(_ row: borrowing Row) throws -> OutputRecord {
        var output = OutputRecord(index: row.int(0), attempt: row.int(1))
        output.status = try word(row.text(2), "output status")
        output.providerKey = row.optionalText(3)
        output.sourceURL = row.optionalText(4)
        if let sha256 = row.optionalText(5), let format = row.optionalText(6) {
            output.asset = AssetRecord(
                sha256: sha256,
                format: try word(format, "format"),
                bytes: row.int64(7),
                duration: row.double(8)
            )
        }
        output.title = row.optionalText(9)
        output.lyrics = row.optionalText(10)
        output.timedLyrics = try LedgerCodec.timedLines(row.optionalText(11))
        output.coverURL = row.optionalText(12)
        output.error = try LedgerCodec.failure(row.optionalText(13))
        output.readyAt = row.optionalInt64(14).map(Moment.init)
        return output
    }

    private static func word<Word: RawRepresentable<String>>(_ text: String, _ what: String)
        throws(LedgerError) -> Word
    {
        guard let word = Word(rawValue: text) else { throw .corrupt("the \(what) \"\(text)\"") }
        return word
    }
}
