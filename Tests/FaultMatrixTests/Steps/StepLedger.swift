import Sound
import Support
import Tasks
import Timing
import Webhooks

/// A ledger whose every call is a step.
struct StepLedger: Ledger {
    let inner: any Ledger
    let script: StepScript
    let process: StepProcess
    let faults: StepPlayer

    private func step<Result>(
        _ name: String,
        _ effect: () async throws(LedgerError) -> Result
    ) async throws(LedgerError) -> Result {
        try await goOn()
        script.situation.change { $0.stepsUnderWay += 1 }
        // One of a dead process comes back when the case is over.
        defer { script.situation.change { $0.stepsUnderWay = max($0.stepsUnderWay - 1, 0) } }
        let fault = script.next(.ledger, name)
        faults.beginStep()
        try await play(fault, .before)
        let result = try await effect()
        try await play(fault, .after)
        try await goOn()
        return result
    }

    private func play(_ fault: StepFault?, _ point: StepFault.Point) async throws(LedgerError) {
        guard let fault, fault.point == point else { return }
        if fault.mishap == .fails { throw point == .before ? .full : .unavailable("scripted") }
        await faults.play(fault, in: process)
        try await goOn()
    }

    private func goOn() async throws(LedgerError) {
        guard await process.goesOn() else { throw .unavailable("the process is dead") }
    }

    private func stored(_ record: TaskRecord) {
        script.situation.change { $0.states.append(record) }
    }

    func admit(
        _ record: TaskRecord,
        holder: LeaseHolder,
        answer: FirstAnswer?,
        messages: [OutboxMessage],
        within bounds: ClientBounds
    ) async throws(LedgerError) -> Admission {
        try await step("admit") { () throws(LedgerError) in
            let admission = try await inner.admit(
                record,
                holder: holder,
                answer: answer,
                messages: messages,
                within: bounds
            )
            if admission == .admitted { stored(record) }
            return admission
        }
    }

    func firstAnswer(to key: IdempotencyKey, now: Moment) async throws(LedgerError) -> FirstAnswer? {
        try await step("firstAnswer") { () throws(LedgerError) in
            try await inner.firstAnswer(to: key, now: now)
        }
    }

    func revise(_ answer: FirstAnswer) async throws(LedgerError) {
        try await step("revise") { () throws(LedgerError) in try await inner.revise(answer) }
    }

    func commit(_ change: TaskChange) async throws(LedgerError) {
        let states = change.record.attempts.map(\.state.rawValue).joined(separator: ",")
        try await step("commit \(change.record.status.rawValue) \(states)") { () throws(LedgerError) in
            try await inner.commit(change)
            stored(change.record)
        }
    }

    func claim(_ limit: Int, for holder: LeaseHolder, term: Duration, now: Moment) async throws(LedgerError)
        -> [TaskRecord]
    {
        try await step("claim") { () throws(LedgerError) in
            try await inner.claim(limit, for: holder, term: term, now: now)
        }
    }

    func renew(_ holder: LeaseHolder, term: Duration, now: Moment) async throws(LedgerError) {
        try await step("renew") { () throws(LedgerError) in
            try await inner.renew(holder, term: term, now: now)
        }
    }

    func release(_ holder: LeaseHolder) async throws(LedgerError) { try await inner.release(holder) }
    func holder(of id: TaskID) async throws(LedgerError) -> LeaseHolder? { try await inner.holder(of: id) }
    func requestCancel(of id: TaskID) async throws(LedgerError) { try await inner.requestCancel(of: id) }
    func cancelsRequested(of holder: LeaseHolder) async throws(LedgerError) -> [TaskID] {
        try await inner.cancelsRequested(of: holder)
    }
    func addressee(of callback: CallbackAddress) async throws(LedgerError) -> (task: TaskID, attempt: Int)? {
        try await inner.addressee(of: callback)
    }

    func task(_ id: TaskID) async throws(LedgerError) -> TaskRecord? {
        try await step("task") { () throws(LedgerError) in try await inner.task(id) }
    }

    func tallies(of client: String, since day: CalendarDay) async throws(LedgerError) -> [Tasks.Tally] {
        try await inner.tallies(of: client, since: day)
    }

    func usage(_ query: UsageQuery) async throws(LedgerError) -> [UsageLine]? { try await inner.usage(query) }

    func tasks(_ query: TaskQuery) async throws(LedgerError) -> [TaskRecord] {
        try await step("tasks") { () throws(LedgerError) in try await inner.tasks(query) }
    }

    func remove(_ id: TaskID) async throws(LedgerError) -> [AssetRecord] {
        try await step("remove") { () throws(LedgerError) in try await inner.remove(id) }
    }

    func refers(to asset: AssetRecord) async throws(LedgerError) -> Bool {
        try await step("refers") { () throws(LedgerError) in try await inner.refers(to: asset) }
    }

    func checkWritable() async throws(LedgerError) { try await inner.checkWritable() }
    func close() async { await inner.close() }
}
