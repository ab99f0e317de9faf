import HTTP
import JSON
import Telemetry
import Threads

/// Makes the vendors' callbacks when they are due, and keeps a record of each try.
///
/// A task's callbacks go out one after another; a try that was not accepted is repeated beside them. How many plans and
/// repetitions wait at a time is bounded, and so are the records.
final class CallbackDesk: Sendable {
    private let carrier: (any CallbackCarrier)?
    private let faults: FaultScript
    private let time: EmulatorTime
    private let speed: Double
    private let log: Log
    private let capacity: Int
    private let agenda: CallbackAgenda
    private let records: Guarded<RecentItems<CallbackRecord>>

    /// A desk; without a carrier nothing is ever sent.
    init(
        _ carrier: (any CallbackCarrier)?,
        _ options: EmulatorOptions,
        faults: FaultScript,
        time: EmulatorTime,
        log: Log
    ) {
        self.carrier = carrier
        self.faults = faults
        self.time = time
        self.log = log
        speed = options.speed
        capacity = options.retention
        agenda = CallbackAgenda(capacity: options.pendingCallbacks)
        records = Guarded(RecentItems(capacity: options.retention))
    }

    /// Makes the callbacks of a plan from now on, unless the plan's settings say that there are none.
    func carryOut(_ plan: CallbackPlan) {
        guard let carrier, plan.settings.mode != .off, !plan.callbacks.isEmpty else { return }
        launch(plan) { errand in
            let delay = Duration.seconds(plan.settings.delaySeconds / self.speed)
            for (due, callback) in plan.schedule(delay: delay) {
                await self.wait(errand, until: due)
                guard self.agenda.holds(errand) else { return }
                await self.make(callback, of: plan, errand, carrier)
            }
        }
    }

    /// Drops what is still to be made.
    func close() { agenda.removeAll() }

    /// Drops what is still to be made, and all records.
    func reset() {
        close()
        records.withLock { $0 = RecentItems(capacity: capacity) }
    }

    /// Returns when nothing that is due by now is left to be done.
    func settle() async {
        await agenda.settle { self.time.elapsed }
    }

    /// The tries after that number which pass, oldest first, as the control route shows them.
    func json(after number: Int, limit: Int, where passes: (CallbackRecord) -> Bool) -> JSONValue {
        let (total, kept) = records.withLock { ($0.total, $0.last(capacity)) }
        let shown = zip((total - kept.count + 1)..., kept).filter { $0.0 > number && passes($0.1) }
        return [
            "total": JSONValue(total),
            "pending": JSONValue(agenda.count),
            "callbacks": .array(shown.suffix(limit).map { $0.1.json(number: $0.0) }),
        ]
    }

    // MARK: One callback

    private func make(
        _ callback: PlannedCallback,
        of plan: CallbackPlan,
        _ errand: Int,
        _ carrier: any CallbackCarrier
    ) async {
        let fault = faults.take(plan.vendor, .callback, task: plan.task, isDecided: plan.isDecided())
        if let fault, fault.kind == .late {
            await wait(errand, until: time.elapsed + .seconds(fault.seconds))
        }
        for post in callback.posts(fault) {
            let item = CallbackTry(plan: plan, post: post, fault: fault, carrier: carrier)
            if fault?.kind == .lost {
                record(item, attempt: 0, fields: [:], nil, "lost")
                continue
            }
            for _ in 0..<plan.settings.copies * (fault?.kind == .duplicate ? 2 : 1) {
                let isAccepted = await attempt(item, 1, errand)
                guard agenda.holds(errand) else { return }
                if isAccepted { post.ended(true) } else { repeatLater(item) }
            }
        }
    }

    private func repeatLater(_ item: CallbackTry) {
        guard !item.plan.settings.retryDelays.isEmpty else { return item.post.ended(false) }
        launch(item.plan) { errand in
            for (index, delay) in item.plan.settings.retryDelays.enumerated() {
                await self.wait(errand, until: self.time.elapsed + .seconds(delay / self.speed))
                guard self.agenda.holds(errand) else { return }
                if await self.attempt(item, index + 2, errand) { return item.post.ended(true) }
            }
            if self.agenda.holds(errand) { item.post.ended(false) }
        }
    }

    /// Tries once; whether the answer pleased the vendor, and the errand was still wanted when it came.
    private func attempt(_ item: CallbackTry, _ number: Int, _ errand: Int) async -> Bool {
        var fields = item.post.fields(time.date(at: time.elapsed))
        if item.fault?.kind == .forged { fields = fields.forged }
        let reply = await item.carrier.carry(item.post.body, to: item.post.url, fields)
        guard agenda.holds(errand) else { return false }
        switch reply {
        case .answered(let status):
            let isAccepted = item.plan.accepts(status)
            record(item, attempt: number, fields: fields, reply, isAccepted ? "accepted" : "refused")
            return isAccepted
        case .failed(let why):
            record(item, attempt: number, fields: fields, reply, why)
            return false
        }
    }

    // MARK: Errands

    /// Runs one errand in a task of its own, which the agenda owns and cancels.
    private func launch(_ plan: CallbackPlan, _ body: @escaping @Sendable (Int) async -> Void) {
        guard let id = agenda.add() else {
            log(
                .warning,
                "too many callbacks wait; a task's own are dropped",
                ["vendor": .string(plan.vendor)]
            )
            return
        }
        let task = Task {
            await body(id)
            agenda.end(id)
        }
        agenda.keep(task, for: id)
    }

    private func wait(_ errand: Int, until due: Duration) async {
        agenda.wait(errand, until: due)
        await time.sleep(until: due)
        agenda.wake(errand)
    }

    private func record(
        _ item: CallbackTry,
        attempt: Int,
        fields: Fields,
        _ reply: CallbackReply?,
        _ outcome: String
    ) {
        let body = item.post.body
        let record = CallbackRecord(
            vendor: item.plan.vendor,
            task: item.plan.task,
            label: item.post.label,
            attempt: attempt,
            url: item.post.url,
            fields: fields,
            body: body.count > CallRecord.longestBody ? [] : body,
            bodyLength: body.count,
            time: time.date(at: time.elapsed),
            fault: item.fault?.kind,
            reply: reply,
            outcome: outcome
        )
        records.withLock { _ = $0.append(record) }
        log(
            .debug,
            "double called back",
            [
                "vendor": .string(item.plan.vendor), "callback": .string(item.post.label),
                "outcome": .string(outcome),
            ]
        )
    }
}

/// All that a try needs to know.
private struct CallbackTry: Sendable {
    let plan: CallbackPlan
    let post: CallbackPost
    let fault: Fault?
    let carrier: any CallbackCarrier
}

extension Fields {
    /// The same with every signature spoilt.
    fileprivate var forged: Fields {
        Fields(
            map { field in
                let isSignature = field.name.lowercased().contains("signature")
                return (field.name, isSignature ? String(field.value.reversed()) : field.value)
            }
        )
    }
}
