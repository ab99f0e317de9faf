import CPostgres

/// A batch on its way: which answers it awaits, and what came of it so far.
///
/// Knows of no socket: results go in, a verdict comes out.
struct Flight {
    enum Step {
        case prepare(PreparedStatements.Entry)
        /// One statement, by its name if it has one.
        case execute(PreparedStatements.Entry?)
        case sync
        case script
    }

    /// What the connection is to do after a result.
    enum Verdict {
        case goOn
        /// The server has said that the batch is over.
        case finished
        /// The name is good for others too.
        case prepared(PreparedStatements.Entry)
        /// The name is of no use.
        case forget(PreparedStatements.Entry)
        /// The server ends the connection.
        case fatal(PostgresError)
        /// The connection is in a state that it should not be in.
        case broken(String)
    }

    let batch: Batch
    /// Whether the server has been asked to end the batch, and with it its transaction.
    private(set) var isSynced = false
    private(set) var results: [PostgresResult] = []
    private(set) var failure: PostgresError?
    private var steps: [Step] = []
    private var next = 0
    private var hasResult = false

    init(_ batch: Batch) { self.batch = batch }

    /// Adds an answer that is to come.
    mutating func expect(_ step: Step) {
        steps.append(step)
        switch step {
        case .sync, .script: isSynced = true
        case .prepare, .execute: break
        }
    }

    private var step: Step? { next < steps.count ? steps[next] : nil }

    /// All statements have been answered; only the end of their transaction has not.
    private var isAtEnd: Bool {
        if case .sync = step { true } else { false }
    }

    /// Whether the server may be about to commit, so that its farewell leaves open whether it has.
    ///
    /// Before the last statement's answer it cannot have: the transaction dies with the server's process.
    private var isCommitting: Bool {
        switch batch.scope {
        case .whole: isAtEnd
        case .part: false
        case .commit: true
        }
    }

    /// Takes the next result of the connection.
    mutating func take(_ result: ResultMemory) -> Verdict {
        hasResult = true
        guard let step else { return .broken("a result that nobody waits for") }
        switch result.status {
        case PGRES_PIPELINE_SYNC:
            guard case .sync = step else { return .broken("the end of a pipeline before its time") }
            return .finished
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: return succeed(result, step)
        case PGRES_PIPELINE_ABORTED:
            if case .prepare(let entry) = step { return .forget(entry) }
            return .goOn
        case PGRES_FATAL_ERROR: return fail(ServerReport(result), step)
        default: return .broken("a copy, which is not spoken here")
        }
    }

    private mutating func succeed(_ result: ResultMemory, _ step: Step) -> Verdict {
        switch step {
        case .prepare(let entry): return .prepared(entry)
        case .execute, .script:
            // The batches behind it would become part of a transaction that nobody ends, and think that they are done.
            if batch.scope == .whole, result.beginsTransaction {
                return .broken("a statement began a transaction outside of a transaction's closure")
            }
            results.append(PostgresResult(result))
        case .sync: return .broken("a result in the place of a pipeline's end")
        }
        return .goOn
    }

    private mutating func fail(_ report: ServerReport, _ step: Step) -> Verdict {
        let error = report.error
        guard error.kind == .server else { return .broken("the connection to PostgreSQL was lost") }
        if failure == nil { failure = error.mayHaveCommitted(report.isFatal && isCommitting) }
        if report.isFatal { return .fatal(error) }
        switch step {
        case .prepare(let entry): return .forget(entry)
        case .execute(.some(let entry)) where report.isAboutStaleStatement:
            batch.isStale = true
            return .forget(entry)
        case .execute, .sync, .script: return .goOn
        }
    }

    /// The results of the current statement are over; `false` when there were none yet, so that more is to come.
    mutating func endOfResults() -> Bool {
        guard hasResult else { return false }
        hasResult = false
        // What fails with the commit itself is reported in the place of the Sync, whose own answer is yet to come.
        if !isAtEnd { next += 1 }
        return true
    }

    /// A script has no Sync: it is over when its results are.
    var isScriptOver: Bool {
        if case .script = steps.first { next == steps.count } else { false }
    }

    /// What the caller is told at the end.
    var outcome: Batch.Outcome {
        guard let failure else { return .success(results) }
        // What the caller's own cancellation has come to.
        if batch.isCancelled, failure.isTimeout {
            return .failure(PostgresError(.cancelled, "the call was cancelled", sqlState: failure.sqlState))
        }
        return .failure(failure)
    }

    /// What the caller is told when the connection breaks.
    ///
    /// `isUntouched` says that the server surely has not begun with it: it said farewell before.
    func outcome(after loss: PostgresError, isUntouched: Bool) -> Batch.Outcome {
        if let failure { return .failure(failure) }
        let mayHaveCommitted = isSynced && !isUntouched && batch.scope != .part
        return .failure(loss.mayHaveCommitted(mayHaveCommitted))
    }
}
