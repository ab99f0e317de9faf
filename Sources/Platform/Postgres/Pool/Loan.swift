/// A transaction's claim to a connection of its own.
///
/// Confined to its loop's thread.
@safe final class Loan: @unchecked Sendable {
    /// What it has been given.
    private(set) var connection: Connection?
    /// Whether `BEGIN` has been sent.
    var hasBegun = false
    /// The caller's task has been cancelled while it waited.
    var isCancelled = false
    /// When it has waited for too long, in monotonic nanoseconds.
    var queuedUntil: UInt64 = .max
    private var answer: ((PostgresError?) -> Void)?

    /// Sets who is told when there is a connection, or why there is none.
    func whenAnswered(_ answer: @escaping (PostgresError?) -> Void) { self.answer = answer }

    func grant(_ connection: Connection) {
        self.connection = connection
        reply(nil)
    }

    func refuse(_ error: PostgresError) { reply(error) }

    /// Gives the connection back.
    func end() -> Connection? {
        defer { connection = nil }
        return connection
    }

    private func reply(_ error: PostgresError?) {
        let answer = answer
        self.answer = nil
        answer?(error)
    }
}
