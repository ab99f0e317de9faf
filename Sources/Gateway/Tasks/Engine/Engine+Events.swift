import Assets
import EventLoop
import Providers
import Sound
import Telemetry
import Threads
import Timing

/// Events in, changes to the ledger, effects out: one after another for each task.
extension Engine {
    /// Begins to act for a task, a new one or one that an earlier process left.
    func adopt(_ record: TaskRecord, isNew: Bool = false) {
        guard live[record.id] == nil, !isStopping else { return }
        let task = Live(
            machine: TaskMachine(record, policy: settings.policy),
            places: places.removeValue(forKey: record.id) ?? [:]
        )
        let now = parts.time.moment
        let resume: (inout TaskMachine) -> [TaskEffect] = { machine in
            machine.resume(at: now) { route in
                self.provider(route.name.provider)?.operation(route.name.operation)?.isRepeatable ?? false
            }
        }
        let earlier = memory(of: task)
        let effects = resume(&task.machine)
        live[record.id] = task
        keepOrigins(of: task)
        for attempt in record.attempts where attempt.isOpen {
            expectCallbacks(about: attempt, of: record.id)
        }
        let wait = task.machine.timeLeft(isNew: isNew, at: now, before: effects)
        task.deadline = parts.time.instant &+ wait.wholeNanoseconds
        push(.deadline(record.id), after: wait)
        settle(record.id, effects, earlier, again: resume)
    }

    /// Works on a new task, unless the lease under which it was admitted is lost: then it is whoever's claims it.
    func adopt(_ record: TaskRecord, admittedUnder holder: LeaseHolder) {
        if holder == self.holder { return adopt(record, isNew: true) }
        if live[record.id] == nil { board.forget(record.id) }
    }

    /// Works on a task that may be stored although the ledger said that it could not be: who asks for it again under the
    /// same key is told of this one.
    func lookFor(_ id: TaskID, under holder: LeaseHolder) {
        // Owned by the engine: it ends with the first answer, or when the engine stops.
        Task {
            var pause = Duration.milliseconds(250)
            while !isStopping {
                do throws(LedgerError) {
                    guard let record = try await parts.ledger.task(id), !record.status.hasEnded else {
                        return
                    }
                    if record.request.webhookURL != nil { parts.messagesStored() }
                    guard holder == self.holder else { return }
                    publish(record)
                    return adopt(record)
                } catch {
                    await sleep(pause)
                    pause = min(pause * 2, .seconds(30))
                }
            }
        }
    }

    /// Hands an event to a task; it is taken when those before it have been.
    func post(_ event: TaskEvent, to id: TaskID) {
        guard live[id] != nil else { return }
        live[id]?.events.append(event)
        guard live[id]?.isBusy == false else { return }
        live[id]?.isBusy = true
        // Owned by the task's entry: it ends when the task's events are used up.
        Task { await self.pump(id) }
    }

    private func pump(_ id: TaskID) async {
        guard let task = live[id] else { return }
        // Until its end, or until another process has it: what is live then under this id is another entry.
        while live[id] === task, let event = task.events.first {
            task.events.removeFirst()
            if isStopping, case .slotGranted(let request, _, _) = event {
                // An attempt that is not begun now is begun by the next process.
                task.granted.removeValue(forKey: request).map(giveBack)
                continue
            }
            let event = known(event, of: id)
            let earlier = memory(of: task)
            let planned = apply(event, to: &task.machine, of: task)
            let change = takeChange(of: id)
            let effects = await store(change, planned, of: id, earlier) { machine in
                apply(event, to: &machine, of: task)
            }
            // Without the ledger nothing may follow: the next process goes on from what is stored.
            guard let effects else {
                if live[id] !== task { passOn(event, of: id) }
                break
            }
            let record = task.machine.record
            afterCommit(event, record)
            guard live[id] === task else { return }
            publish(record)
            if case .slotGranted(let request, _, _) = event { seat(request, of: id, effects) }
            for effect in effects { run(effect, for: id) }
        }
        task.isBusy = false
    }

    private func apply(_ event: TaskEvent, to machine: inout TaskMachine, of task: Live) -> [TaskEffect] {
        let now = parts.time.instant
        let left = task.deadline > now ? Int64(clamping: task.deadline - now) : 0
        return machine.apply(event, at: parts.time.moment, left: .nanoseconds(left))
    }

    /// What an event comes to with what vendors have told by themselves: a create whose answer is lost was taken all the
    /// same when its job has been heard of.
    private func known(_ event: TaskEvent, of id: TaskID) -> TaskEvent {
        guard case .acceptanceUnknown(let number) = event, let job = live[id]?.toldJobs[number] else {
            return event
        }
        return .accepted(attempt: number, RemoteJob(id: job))
    }

    /// Commits what `resume` changed and runs what it asked for.
    private func settle(
        _ id: TaskID,
        _ planned: [TaskEffect],
        _ earlier: Memory?,
        again: @escaping (inout TaskMachine) -> [TaskEffect]
    ) {
        guard let change = takeChange(of: id) else {
            for effect in planned { run(effect, for: id) }
            return
        }
        let task = live[id]
        task?.isBusy = true
        Task {
            guard let effects = await store(change, planned, of: id, earlier, again: again),
                let task, live[id] === task
            else { return }
            publish(task.machine.record)
            if task.machine.record.status.hasEnded { parts.tracer.tellTask(task.machine.record) }
            for effect in effects { run(effect, for: id) }
            await pump(id)
        }
    }

    private func afterCommit(_ event: TaskEvent, _ record: TaskRecord) {
        switch event {
        case .outputKept(_, _, let asset, _):
            parts.store.unpin(asset)
            if !record.outputs.contains(where: { $0.asset == asset }) { abandon(asset) }
        case .delivered(let number, let take):
            keyWorks(for: number, of: record)
            guard case .success(let asset) = take.audio else { break }
            parts.store.unpin(asset)
            if !record.outputs.contains(where: { $0.asset == asset }) { abandon(asset) }
        case .accepted(let number, let job):
            keyWorks(for: number, of: record)
            let name = record.attempts.indices.contains(number - 1) ? record.attempts[number - 1].name : nil
            parts.log(
                .notice,
                "a provider took a job",
                record.about([
                    "route": "\(name?.description ?? "-")", "provider_task_id": "\(job.id)",
                ])
            )
        default: break
        }
        guard record.status.hasEnded else { return }
        parts.log(
            .info,
            "task ended",
            record.about([
                "status": "\(record.status.rawValue)",
                "provider": "\(record.route?.name.provider ?? "-")",
                "error": "\(record.error?.code.rawValue ?? "-")",
            ])
        )
        parts.tracer.tellTask(record)
    }

    private func run(_ effect: TaskEffect, for id: TaskID) {
        switch effect {
        case .waitForSlot(let request, let pause):
            dropStaleWork(of: id)
            if pause > .zero { push(.slot(id, request: request), after: pause) } else { queue(id, request) }
        case .submit(let attempt):
            // While the row was being stored the caller may have thought better of it: nothing has left yet.
            let isToEnd = live[id]?.events.contains(where: \.endsTheTask) == true
            if isToEnd || !mayStillAct, !isRepeatable(attempt, of: id) {
                live[id]?.events.insert(
                    isToEnd ? .notBegun(attempt: attempt) : .putOff(attempt: attempt),
                    at: 0
                )
            } else {
                begin(attempt, of: id)
            }
        case .render(let attempt, let outputs): render(outputs, of: attempt, of: id)
        case .poll(let attempt, let eta): schedulePoll(id, attempt: attempt, eta: eta)
        case .fetch(let attempt, let output): beginFetch(id, Take(attempt: attempt, index: output))
        case .releaseSlot(let attempt): releasePlace(of: attempt, of: id)
        case .cancelAtVendor(let attempt): cancelAtVendor(attempt, of: id)
        case .end: conclude(id)
        }
    }

    /// Ends what is under way for attempts that have ended and for takes that were dropped.
    func dropStaleWork(of id: TaskID) {
        guard let task = live[id] else { return }
        let record = task.machine.record
        let wanted = Set(
            record.outputs.filter { $0.status == .pending }.map { Take(attempt: $0.attempt, index: $0.index) }
        )
        for (work, handle) in task.works {
            let isStale =
                switch work {
                case .fetching(let take): !wanted.contains(take)
                case .rendering(let attempt), .streaming(let attempt), .polling(let attempt):
                    task.attempt(attempt)?.isOpen != true
                }
            guard isStale else { continue }
            handle.cancel()
            task.works[work] = nil
        }
        task.fetches = task.fetches.filter { wanted.contains($0.key) }
        task.polling = task.polling.filter { task.attempt($0.key)?.isOpen == true }
        for number in Array(task.origins.keys) {
            if let attempt = task.attempt(number), record.needsOrigin(of: attempt) { continue }
            dropOrigin(of: number, of: task)
        }
    }

    private func conclude(_ id: TaskID) {
        guard let task = live.removeValue(forKey: id) else { return }
        watchers[id] = nil
        let origins = task.origins
        leaveEverything(of: task, id)
        for event in task.events {
            switch event {
            // Kept too late: nobody will refer to it.
            case .outputKept(_, _, let asset, _): giveUp(asset)
            case .delivered(let number, let take):
                if case .success(let asset) = take.audio { giveUp(asset) }
                acceptedLate(
                    RemoteJob(id: take.id ?? "-", cost: take.cost),
                    attempt: number,
                    of: id,
                    at: origins[number]?.edition.provider
                )
            case .accepted(let number, let job):
                if let attempt = task.attempt(number) { expectNoCallbacks(about: attempt.taken(as: job)) }
                acceptedLate(job, attempt: number, of: id, at: origins[number]?.edition.provider)
            default: break
            }
        }
        wakeAll(of: id)
        dropStaleDues()
    }

    /// Leaves lines and places, and ends what is under way.
    func leaveEverything(of task: Live, _ id: TaskID) {
        for (request, provider) in task.lines { slots[provider]?.leave(.init(id, request)) }
        for attempt in task.machine.record.attempts { expectNoCallbacks(about: attempt) }
        for place in task.places.values { giveBack(place) }
        for place in task.granted.values { giveBack(place) }
        for work in task.works.values { work.cancel() }
        for number in Array(task.origins.keys) { dropOrigin(of: number, of: task) }
    }

    func wakeAll(of id: TaskID) {
        for token in waitersOf.removeValue(forKey: id) ?? [] { wake(token) }
        wakeListeners(of: id)
    }

    /// A vendor took a job whose task has ended: the operator must be able to find it.
    func acceptedLate(_ job: RemoteJob, attempt number: Int, of id: TaskID, at provider: Provider?) {
        lateJobs[id, default: []].append((number, job, provider))
        guard lateJobs[id]?.count == 1 else { return }
        // Owned by the engine, and one after another: each is noted upon what is stored of the one before it.
        Task {
            while let (number, job, provider) = lateJobs[id]?.first {
                await noteLate(job, attempt: number, of: id, at: provider)
                lateJobs[id]?.removeFirst()
            }
            lateJobs[id] = nil
        }
    }

    private func noteLate(_ job: RemoteJob, attempt number: Int, of id: TaskID, at provider: Provider?) async
    {
        parts.log(
            .warning,
            "a provider took a job whose task has ended",
            about(id, ["provider_task_id": "\(job.id)"])
        )
        var record = board.record(id)
        do throws(LedgerError) {
            if record == nil { record = try await parts.ledger.task(id) }
        } catch {
            parts.log(.error, "a task cannot be read", about(id, ["reason": "\(error)"]))
        }
        // Deleted, not to be read, or in the hands of another process: the log is all that will tell of it.
        guard let record, record.status.hasEnded else { return }
        var machine = TaskMachine(record, policy: settings.policy)
        machine.noteLateAcceptance(attempt: number, job)
        if let attempt = machine.attempt(number) {
            stopAtVendor(attempt, job.id, of: id, at: provider ?? self.provider(attempt.name.provider))
        }
        guard let change = machine.takeChange() else { return }
        do throws(LedgerError) {
            // Once: the task may have been deleted meanwhile, and then this can never be stored.
            try await parts.ledger.commit(change)
            parts.quotas.changed(change.record.client)
            board.publish(change.record)
        } catch {
            parts.log(
                .error,
                "a late acceptance could not be stored",
                about(id, ["reason": "\(error)"])
            )
        }
    }

    /// The vendor took a call with this key: it works, and whoever waited for that goes on.
    private func keyWorks(for number: Int, of record: TaskRecord) {
        guard let attempt = record.attempts.first(where: { $0.number == number }),
            isPresent(attempt.credential, of: provider(of: attempt, of: record.id))
        else { return }
        slots[attempt.name.provider]?.markUsable(attempt.credential, at: parts.time.instant)
        grant(attempt.name.provider)
    }

    /// Removes audio that was kept for a task which no longer wants it, unless another one has the same.
    func giveUp(_ asset: AssetRecord) {
        parts.store.unpin(asset)
        abandon(asset)
    }

    private func abandon(_ asset: AssetRecord) {
        let mark = parts.store.mark()
        Task {
            do {
                guard try await !parts.ledger.refers(to: asset) else { return }
                try await parts.store.remove(asset, unlessTouchedSince: mark, on: parts.pool)
            } catch {
                parts.log(.warning, "an unwanted asset could not be removed", ["reason": "\(error)"])
            }
        }
    }

    private func isRepeatable(_ number: Int, of id: TaskID) -> Bool {
        guard let name = live[id]?.attempt(number)?.name else { return false }
        return provider(name.provider)?.operation(name.operation)?.isRepeatable ?? false
    }
}

extension TaskEvent {
    /// Nothing is begun for a task for which this waits.
    package var endsTheTask: Bool { self == .cancelRequested || self == .deadlinePassed }
}
