import EventLoop

/// Statements that are sent in one go, up to one Sync, and end together.
///
/// Confined to the thread of the loop that it is handed to; made anywhere before.
@safe final class Batch: @unchecked Sendable {
    /// What a lost connection means for it.
    enum Scope {
        /// A transaction of its own: it may have been committed.
        case whole
        /// A part of a transaction, which is rolled back with the connection.
        case part
        /// The end of a transaction, which may have been committed.
        case commit
    }

    enum Work {
        case statements([EncodedStatement])
        /// Several statements in one text, without parameters; alone on its connection.
        case script(String)
    }

    typealias Outcome = Result<[PostgresResult], PostgresError>

    let scope: Scope
    private(set) var work: Work
    /// Whether the time that its statements may take has a limit.
    let isBounded: Bool
    /// The connection that it was sent on.
    weak var connection: Connection?
    /// The caller's task has been cancelled.
    var isCancelled = false
    /// A kept statement was of no use any more: the same batch may do on its second try.
    var isStale = false
    /// When it has waited for too long, in monotonic nanoseconds.
    var queuedUntil: UInt64 = .max
    private var finish: (@Sendable (Outcome) -> Void)?
    private(set) var hasEnded = false

    init(_ work: Work, _ scope: Scope, isBounded: Bool = true) {
        self.work = work
        self.scope = scope
        self.isBounded = isBounded
    }

    /// Encodes the statements.
    convenience init(_ statements: [PostgresStatement], _ scope: Scope) throws(PostgresError) {
        var encoded: [EncodedStatement] = []
        encoded.reserveCapacity(statements.count)
        for statement in statements { encoded.append(try EncodedStatement(statement)) }
        self.init(.statements(encoded), scope)
    }

    /// Puts one more statement before the others.
    func prepend(_ statement: EncodedStatement) {
        switch work {
        case .statements(let statements): work = .statements([statement] + statements)
        case .script: assertionFailure("a script begins no transaction")
        }
    }

    /// Sets who hears of the end; before the batch is handed over.
    func whenEnded(_ finish: @escaping @Sendable (Outcome) -> Void) { self.finish = finish }

    /// Tells the caller, once.
    func end(_ outcome: Outcome) {
        guard !hasEnded else { return }
        hasEnded = true
        let finish = finish
        self.finish = nil
        finish?(outcome)
    }

    /// The number of its statements; a script counts as one.
    var count: Int {
        switch work {
        case .statements(let statements): statements.count
        case .script: 1
        }
    }
}
