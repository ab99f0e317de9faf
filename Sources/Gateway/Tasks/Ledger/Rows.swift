import Sound

/// Between records and rows: the columns in their order, what is written into them, and what is read out of them.
///
/// Both stores have the same columns; how they are asked is each one's own.
enum Rows {
    // MARK: Columns, in the order of the values and of what is read

    static let answerColumns = ["client", "key", "fingerprint", "task", "status", "body", "created_at"]
    /// What a change of a task may change.
    static let changingColumns = [
        "status", "provider", "started_at", "ended_at", "cost_amount", "cost_unit", "cost_kind", "error",
        "waiting",
        "revision",
    ]
    static let provenanceColumns = ["request_id", "traceparent", "parent_span", "tracestate"]
    static let taskColumns =
        ["id", "client", "type", "created_at", "deadline", "request", "routes"] + changingColumns
        + provenanceColumns
    /// What a record is made of again.
    static let readColumns = """
        client, request, created_at, deadline, routes, status, started_at, ended_at, cost_amount, cost_unit, cost_kind, \
        error, waiting, revision, request_id, traceparent, parent_span, tracestate
        """
    static let attemptColumns = [
        "number", "route", "provider", "operation", "credential", "state", "provider_task_id", "started_at",
        "ended_at",
        "error", "takes", "tries", "callback_token", "cost_amount", "cost_unit", "cost_kind",
    ]
    static let outputColumns = [
        "number", "attempt", "status", "provider_key", "source_url", "sha256", "format", "bytes", "duration",
        "title",
        "lyrics", "timed_lyrics", "cover_url", "error", "ready_at",
    ]

    // MARK: Values

    static func values<Value: LedgerValue>(of answer: FirstAnswer) -> [Value] {
        [
            .text(answer.key.client ?? ""), .text(answer.key.value), .text(answer.fingerprint),
            .text(answer.task.rawValue), .integer(Int64(answer.status)), .blob(answer.body),
            .integer(answer.createdAt.milliseconds),
        ]
    }

    /// An answer from what stands beside its key, from the fingerprint on.
    static func firstAnswer(to key: IdempotencyKey, _ row: borrowing some LedgerRow & ~Copyable)
        -> FirstAnswer
    {
        FirstAnswer(
            key: key,
            fingerprint: row.text(0),
            task: TaskID(rawValue: row.text(1)),
            status: row.int(2),
            body: row.blob(3),
            createdAt: Moment(milliseconds: row.int64(4))
        )
    }

    static func values<Value: LedgerValue>(of record: TaskRecord) -> [Value] {
        [
            .text(record.id.rawValue), Value(record.client), .text(record.request.type.rawValue),
            .integer(record.createdAt.milliseconds), .integer(record.deadline.milliseconds),
            .text(LedgerCodec.encode(record.request)), .text(LedgerCodec.encode(record.routes)),
        ] + changingValues(of: record) + values(of: record.provenance)
    }

    private static func values<Value: LedgerValue>(of provenance: Provenance?) -> [Value] {
        [
            Value(provenance?.requestID), Value(provenance?.traceparent),
            Value(provenance?.parent), Value(provenance?.tracestate),
        ]
    }

    /// Where a task came from, in four columns.
    static func provenance(_ row: borrowing some LedgerRow & ~Copyable, from column: Int) -> Provenance? {
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

    static func changingValues<Value: LedgerValue>(of record: TaskRecord) -> [Value] {
        [
            .text(record.status.rawValue), Value(record.route?.name.provider),
            Value(record.startedAt?.milliseconds), Value(record.endedAt?.milliseconds),
            Value(record.cost?.amount.amount), Value(record.cost?.amount.unit),
            Value(record.cost?.kind.rawValue), Value(record.error.map(LedgerCodec.encode)),
            .text(LedgerCodec.encode(record.waiting)), .integer(Int64(record.revision)),
        ]
    }

    static func values<Value: LedgerValue>(of attempt: AttemptRecord) -> [Value] {
        [
            .integer(Int64(attempt.number)), .integer(Int64(attempt.route)), .text(attempt.name.provider),
            .text(attempt.name.operation), Value(attempt.credential), .text(attempt.state.rawValue),
            Value(attempt.providerTaskID), .integer(attempt.startedAt.milliseconds),
            Value(attempt.endedAt?.milliseconds), Value(attempt.error.map(LedgerCodec.encode)),
            Value(attempt.takes.map { Int64($0) }), .integer(Int64(attempt.tries)),
            Value(attempt.callbackToken), Value(attempt.cost?.amount.amount),
            Value(attempt.cost?.amount.unit), Value(attempt.cost?.kind.rawValue),
        ]
    }

    static func values<Value: LedgerValue>(of output: OutputRecord) -> [Value] {
        [
            .integer(Int64(output.index)), .integer(Int64(output.attempt)), .text(output.status.rawValue),
            Value(output.providerKey), Value(output.sourceURL), Value(output.asset?.sha256),
            Value(output.asset?.format.rawValue), Value(output.asset?.bytes),
            Value(output.asset?.duration), Value(output.title), Value(output.lyrics),
            Value(output.timedLyrics.map(LedgerCodec.encode)), Value(output.coverURL),
            Value(output.error.map(LedgerCodec.encode)), Value(output.readyAt?.milliseconds),
        ]
    }

    // MARK: Records

    static func task(_ id: String, _ row: borrowing some LedgerRow & ~Copyable) throws -> TaskRecord {
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
        if record.status == .succeeded { record.progress = 1 }
        return record
    }

    /// A cost in three columns: amount, unit and kind.
    private static func cost(_ row: borrowing some LedgerRow & ~Copyable, from column: Int) throws -> Cost? {
        guard let amount = row.optionalDouble(column), let unit = row.optionalText(column + 1),
            let kind = row.optionalText(column + 2)
        else { return nil }
        return Cost(Cost.Amount(amount, unit), try word(kind, "kind of cost"))
    }

    static func attempt(_ row: borrowing some LedgerRow & ~Copyable) throws -> AttemptRecord {
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

    static func output(_ row: borrowing some LedgerRow & ~Copyable) throws -> OutputRecord {
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
