package import Sound
package import Timing
package import Webhooks

/// One durable change of a task: the record as it is now and which of its rows differ from what is stored.
package struct TaskChange: Sendable, Equatable {
    /// The rows that differ.
    package struct Parts: Sendable, Equatable {
        package var task = false
        /// Numbers of attempts.
        package var attempts: Set<Int> = []
        /// Indexes of outputs.
        package var outputs: Set<Int> = []
        /// Indexes of outputs that were dropped from the record; one of them may be in use again.
        package var removedOutputs: Set<Int> = []

        package var isEmpty: Bool {
            !task && attempts.isEmpty && outputs.isEmpty && removedOutputs.isEmpty
        }
    }

    package let record: TaskRecord
    package let parts: Parts
    /// What the task's webhook address is to be told of the change.
    package var messages: [OutboxMessage] = []
    /// Who makes it; it is refused when another one holds the task.
    ///
    /// `nil` makes it whoever holds the task.
    package var holder: LeaseHolder?
    /// What the client may have of it, for a change that asks for more calls; nothing for one that settles what was.
    package var limits: [Quota.Limit] = []
}

/// Which tasks a list shows.
package struct TaskQuery: Sendable, Equatable {
    /// Whose tasks: everybody's, or one client's (`nil` for those of the time without clients).
    package enum Owner: Sendable, Equatable { case everyone, client(String?) }

    package var owner: Owner
    package var status: TaskStatus?
    package var provider: String?
    package var type: SoundType?
    /// At most so many.
    package var limit: Int
    /// Only tasks older than this one.
    package var before: TaskID?

    /// The newest tasks of an owner.
    package init(owner: Owner, limit: Int = 20) {
        self.owner = owner
        self.limit = limit
    }
}

/// Who is working on a task; one process is one holder.
package struct LeaseHolder: Sendable, Hashable {
    package let name: String

    /// How long a lease holds that is not renewed.
    package static let term = Duration.seconds(60)

    /// A holder by a name that no other process has.
    package init(name: String) { self.name = name }
}

/// What a vendor's callback names: an attempt's own token, or the vendor's id of a job.
package struct CallbackAddress: Sendable, Hashable {
    package let provider: String
    package let token: String?
    package let job: String?

    /// An address from its parts; one of token and job is there.
    package init(provider: String, token: String?, job: String?) {
        self.provider = provider
        self.token = token
        self.job = job
    }
}

/// Why the ledger could not do something.
package enum LedgerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The disk has no room; nothing was written.
    case full
    /// The store could not be reached, so that nothing was written.
    case unreachable(String)
    /// The store does not answer as it should; whether anything was written is not known.
    case unavailable(String)
    /// What is stored cannot be understood.
    case corrupt(String)
    /// Another holder has the work now; nothing was written.
    case leaseLost
    /// It would go beyond what the client may have; nothing was written.
    case overQuota([QuotaExcess])
    /// The client has so many tasks that have not ended, and may have no more; nothing was written.
    case tooManyTasks(Int)

    package var description: String {
        switch self {
        case .full: "the disk that holds the ledger is full"
        case .unreachable(let reason): "the ledger cannot be reached: \(reason)"
        case .unavailable(let reason): "the ledger cannot be used: \(reason)"
        case .corrupt(let what): "the ledger holds something that cannot be read: \(what)"
        case .leaseLost: "another process has taken over the work"
        case .overQuota(let excesses):
            "beyond the client's quota: \(excesses.map(\.limit.name).joined(separator: ", "))"
        case .tooManyTasks(let most): "the client has \(most) tasks that have not ended"
        }
    }
}

extension LedgerError {
    /// Whether something may have been stored all the same.
    var mayHaveStored: Bool {
        switch self {
        case .full, .unreachable, .overQuota, .tooManyTasks: false
        case .unavailable, .corrupt, .leaseLost: true
        }
    }
}

/// The store of tasks that never forgets.
///
/// A call that changes something returns when the change is durable. One that throws has left all of it behind or
/// nothing, and making it again comes to the same.
///
/// Work is leased, so that several processes can share one ledger. A holder has one lease for all of its tasks, which it
/// renews well before it runs out. When it has run out and another holder claims, the lease is gone for good: the tasks
/// are given to others, and what the first one still wants to change of them is refused. Whoever has lost a lease comes
/// back under another name, and no name admits tasks before its lease has begun: so a task whose holder's lease is gone is
/// free for good, whoever knows of it.
package protocol Ledger: Sendable {
    /// Stores a new task, leased to `holder`, and with it the first answer to its key and what is to be told of it;
    /// nothing of it when the key is known.
    ///
    /// Throws `.overQuota` when its charge would go beyond one of its client's limits, and `.tooManyTasks` when the client
    /// has as many tasks as it may. However many come at once, what is stored is within the bounds.
    func admit(
        _ record: TaskRecord,
        holder: LeaseHolder,
        answer: FirstAnswer?,
        messages: [OutboxMessage],
        within bounds: ClientBounds
    ) async throws(LedgerError) -> Admission
    /// The first answer to a key that is not older than ``FirstAnswer/keptFor``.
    func firstAnswer(to key: IdempotencyKey, now: Moment) async throws(LedgerError) -> FirstAnswer?
    /// Replaces the status and body of an answer by what was really sent.
    func revise(_ answer: FirstAnswer) async throws(LedgerError)
    /// Stores a change of a task and its messages; a message that is stored already, by its id, is left as it is.
    ///
    /// Throws `.leaseLost` when the change has a holder and another one holds the task, and `.overQuota` when the task's
    /// charge grows beyond one of the limits that the change has.
    func commit(_ change: TaskChange) async throws(LedgerError)
    /// Leases up to `limit` unfinished tasks that nobody holds, oldest first; empty when there are no more.
    ///
    /// The first claim under a name begins its lease; a later one prolongs it, and throws `.leaseLost` when it is gone. Those
    /// of others that have run out are ended. A store that several machines share goes by its own clock, and not by `now`.
    func claim(_ limit: Int, for holder: LeaseHolder, term: Duration, now: Moment) async throws(LedgerError)
        -> [TaskRecord]
    /// Prolongs the lease of a holder, for all of its tasks; throws `.leaseLost` when it is gone.
    func renew(_ holder: LeaseHolder, term: Duration, now: Moment) async throws(LedgerError)
    /// Ends a lease before its time: whatever its holder had is there for others.
    func release(_ holder: LeaseHolder) async throws(LedgerError)
    /// Who holds a task that has not ended; `nil` also for a lease that has run out and was not taken over yet.
    func holder(of id: TaskID) async throws(LedgerError) -> LeaseHolder?
    /// Notes for whoever holds a task, now or later, that it is to be canceled; nothing for one that has ended.
    func requestCancel(of id: TaskID) async throws(LedgerError)
    /// The unfinished tasks of a holder that are to be canceled.
    func cancelsRequested(of holder: LeaseHolder) async throws(LedgerError) -> [TaskID]
    /// The attempt of an unfinished task that a callback names: by the attempt's own token, or by the vendor's id of the
    /// job where there is no token.
    func addressee(of callback: CallbackAddress) async throws(LedgerError) -> (task: TaskID, attempt: Int)?
    /// A task by its id.
    func task(_ id: TaskID) async throws(LedgerError) -> TaskRecord?
    /// What a client has taken on each day since one, that one included.
    func tallies(of client: String, since day: CalendarDay) async throws(LedgerError) -> [Tally]
    /// What was used, oldest first, then by client, provider and operation; `nil` when it would be more than
    /// ``UsageQuery/mostLines`` lines.
    ///
    /// Everything belongs to the hour in which its task was created, and stays when the task is removed.
    func usage(_ query: UsageQuery) async throws(LedgerError) -> [UsageLine]?
    /// Tasks, newest first.
    func tasks(_ query: TaskQuery) async throws(LedgerError) -> [TaskRecord]
    /// Removes an ended task, its messages too, and returns the content hashes that no other task refers to.
    func remove(_ id: TaskID) async throws(LedgerError) -> [AssetRecord]
    /// Whether any task's output is this content.
    func refers(to asset: AssetRecord) async throws(LedgerError) -> Bool
    /// Throws when nothing can be written just now.
    func checkWritable() async throws(LedgerError)
    /// Waits for what is under way and closes the store.
    func close() async
}

extension Ledger {
    /// Stores a new task without a key, leased to `holder`.
    package func admit(_ record: TaskRecord, holder: LeaseHolder) async throws(LedgerError) {
        _ = try await admit(record, holder: holder, answer: nil, messages: [], within: ClientBounds())
    }
}
