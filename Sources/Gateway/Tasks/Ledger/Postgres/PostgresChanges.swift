import Postgres
import Sound
import Timing
import Webhooks

/// The statements that admit and change tasks.
///
/// Each change is one batch, sent and committed in one round trip. What must hold is a condition in one of its statements
/// that ends the transaction (`soundgate_refuse`) when it does not. Rows are locked in one order everywhere: the quota of
/// a client, the task, its attempts, outputs and messages, tallies, usage.
enum PostgresChanges {
    /// Why a transaction was refused, as its SQLSTATE.
    enum Refusal: String {
        case leaseLost = "SG001"
        case knownKey = "SG002"
        case overQuota = "SG003"
        case tooManyTasks = "SG004"
        case newerTables = "SG005"
    }

    // MARK: A new task

    static func admission(
        _ record: TaskRecord,
        holder: LeaseHolder,
        answer: FirstAnswer?,
        messages: [OutboxMessage],
        within bounds: ClientBounds
    ) -> [PostgresStatement] {
        let charge = record.client == nil ? Charge() : record.charge
        let usage = record.usage
        let shard = PostgresValue.integer(.random(in: 0..<shards))
        var statements: [PostgresStatement] = []
        let asked = QuotaQuestion(charge, of: record, within: bounds.quota)
        let crowd = record.client.flatMap { client in bounds.unfinished.map { (client: client, most: $0) } }
        if let client = record.client, asked != nil || crowd != nil {
            statements.append(QuotaQuestion.lock(client))
        }
        if let answer { statements.append(put(answer)) }
        if let crowd { statements.append(checkTasks(of: crowd.client, below: crowd.most)) }
        if let asked { statements.append(asked.check) }
        let owned: [PostgresValue] = [
            .text(holder.name), .text(TallyRows.encode(charge)), .text(UsageRows.encode(usage)),
        ]
        statements.append(PostgresStatement(storing: Rows.values(of: record) + owned, insertTask))
        statements += messages.enumerated().map { place, message in
            // Of a new task nobody else knows: the first one is the next one.
            add(message, isNext: place == 0 && message.state == .pending)
        }
        if !charge.isEmpty {
            statements.append(
                PostgresStatement(
                    storing: [
                        PostgresValue(record.client), .integer(CalendarDay(record.createdAt).number), shard,
                        .text(TallyRows.encode(charge)),
                    ],
                    enterCharge
                )
            )
        }
        if let entered = enter(usage, of: record, shard: shard) { statements.append(entered) }
        return statements
    }

    private static let insertTask: String = {
        let columns = Rows.taskColumns + ["lease_holder", "charge", "usage"]
        return "INSERT INTO tasks (\(Rows.list(columns))) VALUES (\(SQL.places(columns.count)))"
    }()

    /// Refused when a client has as many unfinished tasks as it may; its lock must be held, so that each sees those before.
    private static func checkTasks(of client: String, below most: Int) -> PostgresStatement {
        PostgresStatement(
            """
            SELECT soundgate_refuse('\(Refusal.tooManyTasks.rawValue)')
            FROM (SELECT COUNT(*) AS count FROM (
                SELECT FROM tasks WHERE client = $1 AND ended_at IS NULL LIMIT $2) unfinished) crowd
            WHERE count >= $2
            """,
            [.text(client), .integer(Int64(most))]
        )
    }

    /// Stores the first answer to a key, in the place of one whose time is over; refused when there is one.
    private static func put(_ answer: FirstAnswer) -> PostgresStatement {
        let expired = answer.createdAt.advanced(by: .zero - FirstAnswer.keptFor)
        return PostgresStatement(
            storing: Rows.values(of: answer) + [.integer(expired.milliseconds)],
            putAnswer
        )
    }

    private static let putAnswer = """
        WITH put AS (
            INSERT INTO first_answers (\(Rows.list(Rows.answerColumns)))
            VALUES (\(SQL.places(Rows.answerColumns.count)))
            ON CONFLICT (client, key) DO UPDATE SET \(SQL.replacing(Array(Rows.answerColumns.dropFirst(2))))
                WHERE first_answers.created_at < $\(Rows.answerColumns.count + 1)
            RETURNING 1)
        SELECT CASE WHEN NOT EXISTS (SELECT FROM put) THEN soundgate_refuse('\(Refusal.knownKey.rawValue)') END
        """

    // MARK: A change

    static func commit(_ change: TaskChange) -> [PostgresStatement] {
        let (record, parts) = (change.record, change.parts)
        let id = PostgresValue.text(record.id.rawValue)
        var statements = [update(change)]
        if !parts.removedOutputs.isEmpty {
            statements.append(
                PostgresStatement(
                    "DELETE FROM outputs WHERE task = $1 AND number = ANY($2)",
                    [id, .integers(parts.removedOutputs.sorted().map { Int64($0) })]
                )
            )
        }
        for attempt in record.attempts where parts.attempts.contains(attempt.number) {
            statements.append(PostgresStatement(storing: [id] + Rows.values(of: attempt), putAttempt))
        }
        for output in record.outputs where parts.outputs.contains(output.index) {
            statements.append(PostgresStatement(storing: [id] + Rows.values(of: output), putOutput))
        }
        if !change.messages.isEmpty {
            statements += change.messages.map { add($0, isNext: false) }
            statements.append(markNext(of: record.id))
        }
        return statements
    }

    private static let putAttempt = put("attempts", Rows.attemptColumns)
    private static let putOutput = put("outputs", Rows.outputColumns)

    private static func put(_ table: String, _ columns: [String]) -> String {
        """
        INSERT INTO \(table) (task, \(Rows.list(columns))) VALUES (\(SQL.places(columns.count + 1)))
            ON CONFLICT (task, number) DO UPDATE SET \(SQL.replacing(Array(columns.dropFirst())))
        """
    }

    private static func update(_ change: TaskChange) -> PostgresStatement {
        let record = change.record
        let charge = record.client == nil ? Charge() : record.charge
        return PostgresStatement(
            storing: Rows.changingValues(of: record) + [
                .text(record.id.rawValue), PostgresValue(change.holder?.name),
                .text(TallyRows.encode(charge)), .text(UsageRows.encode(record.usage)),
                PostgresValue(record.client), .integer(CalendarDay(record.createdAt).number),
                .integer(UsageQuery.hour(of: record.createdAt)), .integer(.random(in: 0..<shards)),
            ],
            updateTask
        )
    }

    /// Changes a task for whoever holds it, and enters what it has come to since it was last entered.
    ///
    /// The task's row is locked first, as it is now. Who takes the task over changes that row: either this change is
    /// before that, or `lease_holder` is another one and it is refused. A holder whose own row is gone has lost all of its
    /// tasks, also those that nobody has taken yet.
    private static let updateTask = """
        WITH held AS (
            SELECT id, charge, usage FROM tasks
            WHERE id = $11 AND ($12::text IS NULL
                OR lease_holder = $12 AND EXISTS (SELECT FROM holders WHERE name = $12))
            FOR NO KEY UPDATE OF tasks
        ), changed AS (
            UPDATE tasks SET \(Rows.changingColumns.enumerated().map { "\($1) = $\($0 + 1)" }.joined(separator: ", ")),
                charge = $13, usage = $14
            FROM held WHERE tasks.id = held.id RETURNING 1
        ), tallied AS (
            \(enter(charge: "$13", since: "held", client: "$15", day: "$16", shard: "$18")) RETURNING 1
        ), counted AS (
            \(enter(usage: "$14", since: "held", client: "COALESCE($15, '')", hour: "$17", shard: "$18")) RETURNING 1
        )
        SELECT CASE WHEN NOT EXISTS (SELECT FROM changed) THEN soundgate_refuse('\(Refusal.leaseLost.rawValue)') END,
            (SELECT COUNT(*) FROM tallied), (SELECT COUNT(*) FROM counted)
        """

    // MARK: Messages

    /// Stores a message unless it is stored already: what has happened once is told under one id.
    private static func add(_ message: OutboxMessage, isNext: Bool) -> PostgresStatement {
        PostgresStatement(storing: MessageRows.values(of: message) + [.bool(isNext)], addMessage)
    }

    private static let addMessage = """
        INSERT INTO messages (\(MessageRows.writtenColumns), is_next) VALUES (\(SQL.places(16)))
            ON CONFLICT (id) DO NOTHING
        """

    /// Marks the first pending message of a task as the next one, and no other; the task's row must be locked.
    static func markNext(of task: TaskID) -> PostgresStatement {
        PostgresStatement(
            """
            UPDATE messages SET is_next = NOT is_next WHERE task = $1 AND is_next <> (number IS NOT DISTINCT FROM
                (SELECT MIN(number) FROM messages WHERE task = $1 AND state = 'pending'))
            """,
            [.text(task.rawValue)]
        )
    }

    // MARK: What is counted

    /// In how many rows a count stands: with as many creates at once, two seldom want the same row.
    private static let shards: Int64 = 16

    private static let enterCharge = enter(charge: "$4", since: nil, client: "$1", day: "$2", shard: "$3")

    /// Enters the difference between a charge and the one that stands in `before`; all of it without one.
    private static func enter(
        charge: String,
        since before: String?,
        client: String,
        day: String,
        shard: String
    ) -> String {
        let rest = before.map {
            """
            WHERE \($0).charge <> \(charge)
                UNION ALL SELECT member.key, -member.value::bigint FROM \($0), jsonb_each_text(\($0).charge::jsonb) member
                WHERE \($0).charge <> \(charge)
            """
        }
        return """
            INSERT INTO tallies (client, day, provider, unit, shard, amount)
            SELECT \(client)::text, \(day)::bigint, provider, unit, \(shard)::bigint, amount FROM (
                SELECT CASE WHEN strpos(key, '/') = 0 THEN '' ELSE split_part(key, '/', 1) END AS provider,
                    substr(key, strpos(key, '/') + 1) AS unit, SUM(amount)::bigint AS amount
                FROM (
                    SELECT member.key, member.value::bigint AS amount
                    FROM \(before.map { "\($0), " } ?? "")jsonb_each_text(\(charge)::text::jsonb) member
                    \(rest ?? "")
                ) members GROUP BY 1, 2
            ) sums WHERE amount <> 0 ORDER BY provider, unit
            ON CONFLICT (client, day, provider, unit, shard) DO UPDATE SET amount = tallies.amount + excluded.amount
            """
    }

    /// The figures of `usage`, in the order in which they stand beside a task.
    private static let figures = [
        "tasks", "succeeded", "failed", "canceled", "attempts", "outputs", "audio_ms", "estimated", "actual",
        "total",
    ]

    private static let addFigures = """
        ON CONFLICT (client, hour, provider, operation, unit, shard) DO UPDATE SET
            \(figures.map { "\($0) = usage.\($0) + excluded.\($0)" }.joined(separator: ", "))
        """

    /// Enters what a new task comes to; `nil` when that is nothing.
    ///
    /// As rows and not as the text beside the task: nothing is to be taken apart and added up by the server, which would
    /// cost it as much as the rest of the task.
    private static func enter(
        _ usage: Usage,
        of record: TaskRecord,
        shard: PostgresValue
    ) -> PostgresStatement? {
        let lines = UsageRows.sorted(usage)
        guard !lines.isEmpty else { return nil }
        var values = [.text(record.client ?? ""), .integer(UsageQuery.hour(of: record.createdAt)), shard]
        for (place, sums) in lines {
            values += [.text(place.provider), .text(place.operation), .text(place.unit)]
            values += sums.columns.map { .integer($0) }
        }
        let isUsual = addUsage.indices.contains(lines.count)
        return PostgresStatement(
            storing: values,
            isUsual ? addUsage[lines.count] : addUsage(lines: lines.count)
        )
    }

    /// The texts for the usual counts of lines: they are long, and part of every create.
    private static let addUsage = (0...8).map { addUsage(lines: $0) }

    private static func addUsage(lines: Int) -> String {
        let width = 3 + figures.count
        let rows = (0..<lines).map { "($1, $2, $3, \(SQL.places(width, from: 4 + $0 * width)))" }
        return """
            INSERT INTO usage (client, hour, shard, provider, operation, unit, \(Rows.list(figures)))
            VALUES \(rows.joined(separator: ", ")) \(addFigures)
            """
    }

    /// Enters the difference between a task's usage and the one that stands in `before`.
    private static func enter(
        usage: String,
        since before: String,
        client: String,
        hour: String,
        shard: String
    ) -> String {
        let sums = figures.enumerated().map { place, name in
            // Noughts at the end are left out.
            "SUM(sign * COALESCE((line->>\(place + 3))::bigint, 0))::bigint AS \(name)"
        }
        let names = Rows.list(figures)
        return """
            INSERT INTO usage (client, hour, provider, operation, unit, shard, \(names))
            SELECT \(client)::text, \(hour)::bigint, provider, operation, unit, \(shard)::bigint, \(names) FROM (
                SELECT line->>0 AS provider, line->>1 AS operation, line->>2 AS unit, \(Rows.list(sums))
                FROM (
                    SELECT 1 AS sign, line
                    FROM \(before), jsonb_array_elements(\(usage)::text::jsonb) line
                    WHERE \(before).usage <> \(usage)
                    UNION ALL SELECT -1, line FROM \(before), jsonb_array_elements(\(before).usage::jsonb) line
                    WHERE \(before).usage <> \(usage)
                ) lines GROUP BY 1, 2, 3
            ) sums WHERE (\(names)) <> (\(Rows.list(figures.map { _ in "0" })))
            ORDER BY provider COLLATE "C", operation COLLATE "C", unit COLLATE "C"
            \(addFigures)
            """
    }
}
