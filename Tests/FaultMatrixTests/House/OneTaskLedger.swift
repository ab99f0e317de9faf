import Sound
import Support
import Tasks
import Timing
import Webhooks

/// A ledger in memory for one task, whose stored state can be waited for.
final class OneTaskLedger: Ledger {
    private let stored = Observed<TaskRecord?>(nil)

    var record: TaskRecord? { stored.value }

    /// Returns when the task is stored as wanted, or has ended otherwise.
    ///
    /// What the engine does after a commit it does before anything that is called by who waited here.
    func until(_ wants: @escaping @Sendable (TaskRecord) -> Bool) async {
        await stored.until { record in record.map { wants($0) || $0.status.hasEnded } ?? false }
    }

    func admit(
        _ record: TaskRecord,
        holder: LeaseHolder,
        answer: FirstAnswer?,
        messages: [OutboxMessage],
        within bounds: ClientBounds
    ) async throws(LedgerError) -> Admission {
        stored.change { $0 = record }
        return .admitted
    }

    func firstAnswer(to key: IdempotencyKey, now: Moment) async throws(LedgerError) -> FirstAnswer? { nil }
    func revise(_ answer: FirstAnswer) async throws(LedgerError) {}

    func commit(_ change: TaskChange) async throws(LedgerError) { stored.change { $0 = change.record } }

    func claim(_ limit: Int, for holder: LeaseHolder, term: Duration, now: Moment) async throws(LedgerError)
        -> [TaskRecord]
    { [] }

    func renew(_ holder: LeaseHolder, term: Duration, now: Moment) async throws(LedgerError) {}
    func release(_ holder: LeaseHolder) async throws(LedgerError) {}
    func holder(of id: TaskID) async throws(LedgerError) -> LeaseHolder? { nil }
    func requestCancel(of id: TaskID) async throws(LedgerError) {}
    func cancelsRequested(of holder: LeaseHolder) async throws(LedgerError) -> [TaskID] { [] }
    func addressee(of callback: CallbackAddress) async throws(LedgerError) -> (task: TaskID, attempt: Int)? {
        nil
    }
    func task(_ id: TaskID) async throws(LedgerError) -> TaskRecord? { record }
    func tallies(of client: String, since day: CalendarDay) async throws(LedgerError) -> [Tasks.Tally] { [] }
    func usage(_ query: UsageQuery) async throws(LedgerError) -> [UsageLine]? { [] }
    func tasks(_ query: TaskQuery) async throws(LedgerError) -> [TaskRecord] { [] }
    func remove(_ id: TaskID) async throws(LedgerError) -> [AssetRecord] { [] }
    func refers(to asset: AssetRecord) async throws(LedgerError) -> Bool {
        record?.outputs.contains { $0.asset == asset } ?? false
    }
    func checkWritable() async throws(LedgerError) {}
    func close() async {}
}
