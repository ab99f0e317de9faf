import Sound
import Support
import Tasks
import Threads
import Timing
import Webhooks

/// A ledger in memory that fails when told to.
final class MemoryLedger: Ledger {
    private struct State {
        var records: [TaskID: TaskRecord] = [:]
        var answers: [IdempotencyKey: FirstAnswer] = [:]
        var failures = 0
        var commits: [TaskChange] = []
        var messages: [OutboxMessage] = []
        var attempted = 0
        /// The claim that fails, by its number from now, and how; none below 1.
        var failingClaim = (number: 0, error: LedgerError.unavailable("on purpose"))
        /// Whether the next renewal or claim finds the lease gone.
        var isLeaseLost = false
        var onCommit: @Sendable () -> Void = {}
        var refusal: @Sendable (Int) async -> LedgerError? = { _ in nil }
        var onAdmission: @Sendable () async -> Void = {}
    }

    private let state = Guarded(State())
    private let stored = Observed<[TaskID: TaskRecord]>([:])
    /// Whether commits of accepted attempts go through; while not, they wait.
    let takesAcceptances = Observed(true)
    /// How many of them have come.
    let acceptancesThatWait = Observed(0)
    /// How often leases were to be prolonged.
    let renewals = Observed(0)
    /// How often work was to be claimed.
    let claims = Observed(0)

    /// Whether a change with limits is beyond them.
    let isUsedUp = Observed(false)

    /// How often the engine has said that there are messages.
    let nudges = Observed(0)

    /// The next so many commits fail.
    func fail(_ count: Int, onCommit: @escaping @Sendable () -> Void = {}) {
        state.withLock { state in
            state.failures = count
            state.onCommit = onCommit
        }
    }

    /// Asks about each commit, by its number, whether it is refused; the answer may take its time.
    func refuse(_ refusal: @escaping @Sendable (Int) async -> LedgerError?) {
        state.withLock { $0.refusal = refusal }
    }

    /// The claim of that number from now fails; what those before it gave stays given.
    func failClaim(_ number: Int, _ error: LedgerError = .unavailable("on purpose")) {
        state.withLock { $0.failingClaim = (number, error) }
    }

    /// What happens while a new task is on its way here.
    func meanwhile(_ onAdmission: @escaping @Sendable () async -> Void) {
        state.withLock { $0.onAdmission = onAdmission }
    }

    /// The next renewal or claim finds that the lease is gone.
    func loseLease() { state.withLock { $0.isLeaseLost = true } }

    /// Whether nothing was ever stored.
    var isEmpty: Bool { state.withLock { $0.records.isEmpty } }

    /// Puts a record there as an earlier process left it.
    func leave(_ record: TaskRecord) { state.withLock { $0.records[record.id] = record } }

    var commits: [TaskChange] { state.withLock { $0.commits } }
    /// Commits that were tried, the failed ones included.
    var attempted: Int { state.withLock { $0.attempted } }

    /// Returns when a change of a task was stored after which it is as wanted, or has ended.
    func until(_ id: TaskID, _ wants: @escaping @Sendable (TaskRecord) -> Bool) async {
        await stored.until { records in records[id].map { wants($0) || $0.status.hasEnded } ?? false }
    }

    /// Returns when a job of a task was stored, however late.
    func untilAccepted(_ id: TaskID) async {
        await stored.until { $0[id]?.attempts.contains { $0.providerTaskID != nil } ?? false }
    }

    /// What webhook addresses are to be told, in the order in which it was stored.
    var messages: [OutboxMessage] { state.withLock { $0.messages } }

    func admit(
        _ record: TaskRecord,
        holder: LeaseHolder,
        answer: FirstAnswer?,
        messages: [OutboxMessage],
        within bounds: ClientBounds
    ) async throws(LedgerError) -> Admission {
        if let answer {
            let known = state.withLock { state in
                defer { state.answers[answer.key] = state.answers[answer.key] ?? answer }
                return state.answers[answer.key]
            }
            if let known { return .known(known) }
        }
        await state.withLock(\.onAdmission)()
        leave(record)
        state.withLock { $0.messages += messages }
        return .admitted
    }

    func firstAnswer(to key: IdempotencyKey, now: Moment) async throws(LedgerError) -> FirstAnswer? {
        state.withLock { $0.answers[key] }
    }

    func revise(_ answer: FirstAnswer) async throws(LedgerError) {
        state.withLock { $0.answers[answer.key] = answer }
    }

    func commit(_ change: TaskChange) async throws(LedgerError) {
        if !change.limits.isEmpty, isUsedUp.value { throw .overQuota([]) }
        let (number, refusal) = state.withLock { state in
            state.attempted += 1
            return (state.attempted, state.refusal)
        }
        if let error = await refusal(number) { throw error }
        let (isFailing, onCommit) = state.withLock { state in
            state.failures -= 1
            if state.failures < 0 {
                state.records[change.record.id] = change.record
                state.commits.append(change)
                state.messages += change.messages
            }
            return (state.failures >= 0, state.onCommit)
        }
        onCommit()
        if isFailing { throw .full }
        if change.record.attempts.contains(where: { $0.state == .accepted }) {
            acceptancesThatWait.change { $0 += 1 }
            await takesAcceptances.until { $0 }
        }
        stored.change { $0[change.record.id] = change.record }
    }

    func claim(_ limit: Int, for holder: LeaseHolder, term: Duration, now: Moment) async throws(LedgerError)
        -> [TaskRecord]
    {
        let failure = state.withLock { state in
            state.failingClaim.number -= 1
            return state.failingClaim.number == 0 ? state.failingClaim.error : nil
        }
        // Whoever waits for a claim finds what has come of it.
        defer { claims.change { $0 += 1 } }
        if let failure { throw failure }
        try checkLease()
        return state.withLock { state in
            let open = state.records.values.filter { !$0.status.hasEnded }
            // Given away once: this ledger serves one engine.
            for record in open { state.records[record.id] = nil }
            return open.sorted { $0.id.rawValue < $1.id.rawValue }
        }
    }

    func renew(_ holder: LeaseHolder, term: Duration, now: Moment) async throws(LedgerError) {
        renewals.change { $0 += 1 }
        try checkLease()
    }

    private func checkLease() throws(LedgerError) {
        let isLost = state.withLock { state in
            defer { state.isLeaseLost = false }
            return state.isLeaseLost
        }
        if isLost { throw .leaseLost }
    }

    func release(_ holder: LeaseHolder) async throws(LedgerError) {}
    func holder(of id: TaskID) async throws(LedgerError) -> LeaseHolder? { nil }
    func requestCancel(of id: TaskID) async throws(LedgerError) {}
    func cancelsRequested(of holder: LeaseHolder) async throws(LedgerError) -> [TaskID] { [] }
    func addressee(of callback: CallbackAddress) async throws(LedgerError) -> (task: TaskID, attempt: Int)? {
        nil
    }
    func task(_ id: TaskID) async throws(LedgerError) -> TaskRecord? { state.withLock { $0.records[id] } }
    func tallies(of client: String, since day: CalendarDay) async throws(LedgerError) -> [Tally] { [] }
    func usage(_ query: UsageQuery) async throws(LedgerError) -> [UsageLine]? { [] }
    func tasks(_ query: TaskQuery) async throws(LedgerError) -> [TaskRecord] { [] }
    func remove(_ id: TaskID) async throws(LedgerError) -> [AssetRecord] {
        state.withLock { $0.records.removeValue(forKey: id)?.outputs.compactMap(\.asset) ?? [] }
    }
    func refers(to asset: AssetRecord) async throws(LedgerError) -> Bool {
        state.withLock { $0.records.values.contains { $0.outputs.contains { $0.asset == asset } } }
    }
    func checkWritable() async throws(LedgerError) {}
    func close() async {}
}
