import EventLoop
import Providers
import Sound
import Tasks
import Timing
import Webhooks

/// Events in, changes to the database, effects out, as in the engine: one after another for each task.
extension Replica {
    // MARK: Rests

    func record(_ slot: UInt32) -> TaskRecord {
        whole[slot] ?? codec.record(of: rows[Int(slot)])
    }

    /// Lets a task rest as it is stored.
    func rest(_ record: TaskRecord, _ slot: UInt32) {
        guard codec.rest(record, in: &rows[Int(slot)]) else {
            whole[slot] = record
            tally.wholeMost = max(tally.wholeMost, whole.count)
            return
        }
        if parameters.breakage == .badRest { rows[Int(slot)].parts.remove(.job) }
        whole[slot] = nil
        if isVerified(), codec.record(of: rows[Int(slot)]) != record {
            facts.append(fact(.broken(.restsWhole), rows[Int(slot)]))
        }
    }

    private func rebuilt(_ slot: UInt32) -> Busy {
        let isTimed = isTimed()
        let clock = ContinuousClock()
        let began = isTimed ? clock.now : nil
        let task = Busy(TaskMachine(record(slot), policy: policy))
        if let began {
            tally.rebuildTime.add(Sample(count: 1, nanoseconds: (clock.now - began).wholeNanoseconds))
        }
        if task.machine.record.request.webhookURL != nil {
            task.told = Set(task.machine.record.milestones.map(\.id))
        }
        return task
    }

    // MARK: Events

    /// Begins to act for a task.
    func adopt(_ slot: UInt32, isNew: Bool = false) {
        let task = rebuilt(slot)
        let moment = Codec.moment(now)
        busy[slot] = task
        tally.steps += 1
        let effects = task.machine.resume(at: moment) { _ in false }
        let wait = task.machine.timeLeft(isNew: isNew, at: moment, before: effects)
        rows[Int(slot)].deadline = now &+ wait.wholeNanoseconds
        push(.deadline(slot), after: wait)
        noteUnknown(slot, task.machine.record)
        follow(task, slot, nil, effects)
    }

    /// Hands an event to a task; it is taken when those before it have been.
    func post(_ event: TaskEvent, to slot: UInt32) {
        guard !rows[Int(slot)].standing.contains(.hasEnded) else { return }
        if let task = busy[slot] { return task.events.append(event) }
        let task = rebuilt(slot)
        task.events.append(event)
        busy[slot] = task
        work(task, slot)
    }

    /// Takes events until there is none or a change is to be stored.
    private func work(_ task: Busy, _ slot: UInt32) {
        while busy[slot] === task, !task.isStoring {
            guard !task.events.isEmpty else {
                busy[slot] = nil
                return
            }
            let event = task.events.removeFirst()
            let deadline = rows[Int(slot)].deadline
            let left = Duration.nanoseconds(deadline > now ? Int64(clamping: deadline - now) : 0)
            let clock = ContinuousClock()
            let began = tally.steps % 256 == 0 ? clock.now : nil
            tally.steps += 1
            let effects = task.machine.apply(event, at: Codec.moment(now), left: left)
            if let began {
                tally.stepTime.add(Sample(count: 1, nanoseconds: (clock.now - began).wholeNanoseconds))
            }
            noteUnknown(slot, task.machine.record)
            follow(task, slot, event, effects)
        }
    }

    /// The vendor may be at work for an attempt whose place is free again.
    private func noteUnknown(_ slot: UInt32, _ record: TaskRecord) {
        guard let last = record.attempts.last, last.state == .unknown, rows[Int(slot)].state != .unknown
        else {
            return
        }
        facts.append(fact(.unknown, rows[Int(slot)], attempt: last.number))
    }

    /// Stores what an event has changed, and runs what follows from it once that is stored.
    private func follow(_ task: Busy, _ slot: UInt32, _ event: TaskEvent?, _ effects: [TaskEffect]) {
        guard let change = task.machine.takeChange() else {
            effects.forEach { run($0, slot) }
            if event == nil { work(task, slot) }
            return
        }
        task.event = event
        task.effects = effects
        task.isStoring = true
        var announcements: [Announcement] = []
        if let host = codec.host(of: rows[Int(slot)].task) {
            announcements = Engine.messages(of: change.record, beyond: task.told) { _ in [] }.map {
                Announcement(
                    task: rows[Int(slot)].task,
                    number: $0.number,
                    host: host,
                    createdAt: $0.createdAt
                )
            }
            task.told.formUnion(change.record.milestones.map(\.id))
        }
        tally.commits += 1
        tally.commitRate.count(at: now)
        ask(.commit(slot: slot, announcements))
        if !announcements.isEmpty { courier.expectsNews = true }
    }

    /// A change is stored.
    func committed(_ slot: UInt32) {
        guard let task = busy[slot], task.isStoring else { return }
        task.isStoring = false
        let record = task.machine.record
        let (event, effects) = (task.event, task.effects)
        task.event = nil
        task.effects = []
        if courier.expectsNews { look() }
        if record.status.hasEnded {
            facts.append(fact(.ended(record.status), rows[Int(slot)], attempt: record.attempts.count))
        } else {
            rest(record, slot)
        }
        if case .accepted? = event {
            vendors[vendor(slot, record)].slots.markUsable(Codec.credential, at: now)
            grant(vendor(slot, record))
        }
        if case .slotGranted? = event { seat(slot, effects) }
        for effect in effects { run(effect, slot) }
        work(task, slot)
    }

    func vendor(_ slot: UInt32, _ record: TaskRecord) -> Int {
        codec.vendor(of: rows[Int(slot)].task, route: record.attempts.last?.route ?? 0)
    }

    private func run(_ effect: TaskEffect, _ slot: UInt32) {
        switch effect {
        case .waitForSlot(let request, let pause):
            if pause > .zero {
                push(.slot(slot, request: UInt8(clamping: request)), after: pause)
            } else {
                queue(slot, request)
            }
        case .submit(let attempt):
            let isToEnd = busy[slot]?.events.contains(where: \.endsTheTask) == true
            if isToEnd || now >= leaseHolds {
                busy[slot]?.events.insert(
                    isToEnd ? .notBegun(attempt: attempt) : .putOff(attempt: attempt),
                    at: 0
                )
            } else {
                submit(attempt, slot)
            }
        case .poll(_, let eta): schedulePoll(slot, eta: eta)
        case .fetch(let attempt, _): fetch(attempt, slot)
        case .releaseSlot: releasePlace(slot)
        case .cancelAtVendor(let attempt):
            tally.cancels += 1
            tally.calls.count(at: now)
            facts.append(fact(.stopped, rows[Int(slot)], attempt: attempt))
        case .end: conclude(slot)
        case .render: fatalError("nothing is rendered here: no route of a simulated task is this process")
        }
    }

    private func conclude(_ slot: UInt32) {
        for case .accepted(let attempt, _) in busy[slot]?.events ?? [] {
            tally.lateJobs += 1
            facts.append(fact(.stopped, rows[Int(slot)], attempt: attempt))
        }
        leaveLine(slot)
        releasePlace(slot)
        rows[Int(slot)].standing.insert(.hasEnded)
        busy[slot] = nil
        whole[slot] = nil
        live -= 1
        guard dues.isMostlyStale(with: live) else { return }
        dues.removeAll { due in
            switch Due(packed: due) {
            case .deadline(let slot), .slot(let slot, _): rows[Int(slot)].standing.contains(.hasEnded)
            case .poll(let slot, let attempt, let turn):
                rows[Int(slot)].standing.contains(.hasEnded) || rows[Int(slot)].attempt != attempt
                    || rows[Int(slot)].turn != turn
            case .lease, .takeUp, .shares, .opening, .courier: false
            }
        }
    }
}
