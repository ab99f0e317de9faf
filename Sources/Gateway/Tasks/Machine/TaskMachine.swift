package import Providers
package import Sound

/// What happened to a task, in the past tense.
package enum TaskEvent: Sendable, Equatable {
    /// A credential has a free slot for a waiting call; `token` is what the vendor's callback will be known by.
    case slotGranted(request: Int, credential: String?, token: String?)
    /// The provider of a waiting call is no longer there.
    case unavailable(request: Int, Failure)
    /// The vendor took the job.
    case accepted(attempt: Int, RemoteJob)
    /// The job surely was not started.
    case refused(attempt: Int, Failure)
    /// The vendor refused the key and not the job, and there is another key.
    case keyRefused(attempt: Int, Failure)
    /// Nobody can tell whether the vendor took the job.
    case acceptanceUnknown(attempt: Int)
    /// The vendor answered the create with audio, for good or bad.
    case delivered(attempt: Int, StreamedTake)
    /// Rendering in this process has begun; so many takes will come.
    case renderingBegan(attempt: Int, takes: Int)
    /// Rendering in this process has come so far, 0–1.
    case renderingProgressed(attempt: Int, Double)
    /// The vendor was asked, or told by itself, how the job is.
    case observed(attempt: Int, Observation)
    /// The vendor was asked for a part of a take.
    case told(attempt: Int, RemoteResult)
    /// The vendor no longer lets us ask, or no longer knows the job.
    case lost(attempt: Int, Failure)
    /// A take was fetched (or made), checked and kept.
    case outputKept(attempt: Int, index: Int, AssetRecord, title: String?)
    /// A take cannot be had.
    case outputFailed(attempt: Int, index: Int, Failure)
    /// The attempt was stored but, on second thought, nothing was sent.
    case notBegun(attempt: Int)
    /// The attempt was stored but nothing was sent, and it is to be made later.
    case putOff(attempt: Int)
    case cancelRequested
    case deadlinePassed
}

/// A take that came as the answer to the create: the vendor did the work and charges it, whatever became of the audio.
package struct StreamedTake: Sendable, Equatable {
    /// The vendor's id of the call, where it gives one.
    package var id: String?
    package var cost: Cost.Amount?
    /// The kept audio, or why there is none.
    package var audio: Result<AssetRecord, Failure>

    /// What an answer brought.
    package init(id: String?, cost: Cost.Amount?, audio: Result<AssetRecord, Failure>) {
        self.id = id
        self.cost = cost
        self.audio = audio
    }
}

/// What the engine has to do after an event, once the change is durable.
package enum TaskEffect: Sendable, Equatable {
    /// Queue the waiting call for a slot of its route's provider, at once or after a pause.
    case waitForSlot(request: Int, after: Duration)
    /// Make the attempt: its row is durable.
    case submit(attempt: Int)
    /// Render these takes of the attempt.
    case render(attempt: Int, outputs: [Int])
    case poll(attempt: Int, eta: Duration?)
    case fetch(attempt: Int, output: Int)
    case releaseSlot(attempt: Int)
    /// Tell the vendor that nobody wants the job any more.
    case cancelAtVendor(attempt: Int)
    /// Nothing more will happen.
    case end
}

/// The life of one task as a pure state machine.
///
/// `apply` changes the record and says what is to be done; the same event twice changes nothing the second time.
/// The engine is the only one that runs effects, and runs them only after the change has been committed.
package struct TaskMachine: Sendable {
    /// How tasks are tried.
    package struct Policy: Sendable, Equatable {
        /// Attempts of one task over all providers.
        package var maxAttempts = 3
        /// The pause before a second try at the same provider doubles from here.
        package var firstPause = Duration.seconds(2)
        /// The longest pause, whatever the vendor asks for.
        package var longestPause = Duration.seconds(60)
        /// What is done, by provider, when nobody can tell whether it took a job; otherwise it is waited for.
        package var onUnknown: [String: UnknownPolicy] = [:]

        /// The defaults.
        package init() {}
    }

    package internal(set) var record: TaskRecord
    let policy: Policy
    var unsaved: TaskChange.Parts
    /// Attempts whose place has been given back, so that none is given back twice.
    var released: Set<Int>
    /// Routes whose operations can be run again without any effect outside.
    var repeatable: Set<Int> = []
    /// Attempts whose rendering has begun in this process.
    var rendering: Set<Int> = []
    /// Whether the client may have no more calls than there are: what follows asks for none.
    var isSpent = false
    /// How long the task has, as last told.
    var left = Duration.zero
    /// How far each open attempt is, 0–1; not durable.
    var progress: [Int: Double] = [:]

    /// A machine over a record, fresh or read back.
    package init(_ record: TaskRecord, policy: Policy = Policy()) {
        self.record = record
        self.policy = policy
        unsaved = TaskChange.Parts()
        released = Set(
            record.attempts.filter { $0.state != .intended && $0.state != .accepted }.map(\.number)
        )
    }

    /// Takes what has changed since the last call, or `nil` when nothing durable has.
    package mutating func takeChange() -> TaskChange? {
        guard !unsaved.isEmpty else { return nil }
        record.revision += 1
        defer { unsaved = TaskChange.Parts() }
        return TaskChange(record: record, parts: unsaved)
    }

    /// The effects that start or resume the task's work.
    ///
    /// An attempt that was about to be made when the process died may have been made: unless it is repeatable it
    /// becomes `unknown` and is never quietly sent again.
    ///
    /// - Parameters:
    ///   - now: the wall clock.
    ///   - isRepeatable: whether a route's operation can be run again without any effect outside.
    /// - Returns: what is to be done, once what this changed is durable.
    package mutating func resume(at now: Moment, isRepeatable: (Route) -> Bool) -> [TaskEffect] {
        guard !record.status.hasEnded else { return [] }
        left = .milliseconds(record.deadline.milliseconds - now.milliseconds)
        repeatable = Set(record.routes.indices.filter { isRepeatable(record.routes[$0]) })
        var effects: [TaskEffect] = []
        // What follows from the attempts asks for its own calls.
        let waiting = record.waiting
        for attempt in record.attempts {
            switch attempt.state {
            case .intended, .accepted:
                if repeatable.contains(attempt.route) {
                    effects.append(.submit(attempt: attempt.number))
                } else if attempt.state == .intended {
                    effects += apply(.acceptanceUnknown(attempt: attempt.number), at: now)
                } else {
                    effects.append(.poll(attempt: attempt.number, eta: nil))
                }
            case .succeeded, .failed, .unknown, .canceled: break
            }
        }
        effects += pendingFetches
        effects += waiting.map { call in
            let pause = (call.notBefore?.milliseconds ?? 0) - now.milliseconds
            // No pause was ever longer, whatever became of the clock.
            return .waitForSlot(
                request: call.id,
                after: min(.milliseconds(max(pause, 0)), policy.longestPause)
            )
        }
        guard effects.isEmpty, !record.attempts.contains(where: \.isOpen) else { return effects }
        // Nothing is under way: what ended last was not followed up.
        let stamp = max(now, record.latestMoment)
        guard let last = record.attempts.last else { return conclude(at: stamp) }
        return settle(last.number, at: stamp)
    }

    /// Notes the vendor's id of a job whose create was answered only after its task had ended.
    ///
    /// Nothing follows from it but that the operator can find the job: it is paid for.
    package mutating func noteLateAcceptance(attempt number: Int, _ job: RemoteJob) {
        guard record.status.hasEnded, let attempt = attempt(number), attempt.providerTaskID == nil else {
            return
        }
        change(number) {
            $0.providerTaskID = job.id
            if $0.state == .unknown {
                $0.state = .canceled
                $0.error = Failure(.canceled, "the provider took the job after the task had ended")
            }
        }
        if let cost = job.cost ?? estimate(of: attempt) { setCost(Cost(cost, .estimated), of: number) }
    }

    /// Takes in an event and returns what is to be done.
    ///
    /// - Parameters:
    ///   - event: what has happened.
    ///   - now: the wall clock, for what is stamped. It may have been set forward or back since the last event.
    ///   - left: how long the task has, for what is decided; `nil` to go by the wall clock.
    /// - Returns: what is to be done, once what this changed is durable.
    package mutating func apply(_ event: TaskEvent, at now: Moment, left: Duration? = nil) -> [TaskEffect] {
        guard !record.status.hasEnded else { return [] }
        self.left = left ?? .milliseconds(record.deadline.milliseconds - now.milliseconds)
        // What comes later is never stamped earlier.
        let now = max(now, record.latestMoment)
        switch event {
        case .slotGranted(let request, let credential, let token):
            return begin(request, credential: credential, token: token, at: now)
        case .unavailable(let request, let failure):
            guard let number = start(request, credential: nil, token: nil, at: now) else { return [] }
            return attemptFailed(number, failure, at: now)
        case .accepted(let number, let job): return accepted(number, job, at: now)
        case .refused(let number, let failure): return refused(number, failure, at: now)
        case .keyRefused(let number, let failure): return keyRefused(number, failure, at: now)
        case .acceptanceUnknown(let number): return acceptanceUnknown(number, at: now)
        case .delivered(let number, let take): return delivered(number, take, at: now)
        case .renderingBegan(let number, let takes): return renderingBegan(number, takes)
        case .renderingProgressed(let number, let progress):
            if isOpen(number) { advance(number, to: progress) }
            return []
        case .observed(let number, let observation): return observed(number, observation, at: now)
        case .told(let number, let result):
            guard let attempt = attempt(number) else { return [] }
            return take([result], of: attempt)
        case .lost(let number, let failure):
            return isOpen(number) ? attemptFailed(number, failure, at: now) : []
        case .outputKept(let number, let index, let asset, let title):
            return kept(index, of: number, asset, title, at: now)
        case .outputFailed(let number, let index, let failure):
            return outputFailed(index, of: number, failure, at: now)
        case .notBegun(let number): return notBegun(number, at: now)
        case .putOff(let number): return putOff(number, at: now)
        case .cancelRequested:
            return stop(.canceled, Failure(.canceled, "the task was canceled"), attempts: .canceled, at: now)
        case .deadlinePassed: return deadlinePassed(at: now)
        }
    }

    // MARK: Small change

    func attempt(_ number: Int) -> AttemptRecord? {
        record.attempts.indices.contains(number - 1) ? record.attempts[number - 1] : nil
    }

    func isOpen(_ number: Int) -> Bool { attempt(number)?.isOpen ?? false }

    mutating func release(_ number: Int) -> [TaskEffect] {
        released.insert(number).inserted ? [.releaseSlot(attempt: number)] : []
    }

    mutating func change(_ number: Int, _ body: (inout AttemptRecord) -> Void) {
        body(&record.attempts[number - 1])
        unsaved.attempts.insert(number)
    }

    mutating func addOutput(_ output: OutputRecord) {
        record.outputs.append(output)
        unsaved.outputs.insert(output.index)
    }

    /// The least number that no take has.
    var nextIndex: Int {
        let taken = Set(record.outputs.map(\.index))
        return (0...).first { !taken.contains($0) } ?? record.outputs.count
    }

    mutating func failPendingOutputs(
        _ failure: Failure,
        where isLost: (OutputRecord) -> Bool = { _ in true }
    ) {
        for position in record.outputs.indices
        where record.outputs[position].status == .pending && isLost(record.outputs[position]) {
            record.outputs[position].status = .failed
            record.outputs[position].error = failure
            unsaved.outputs.insert(record.outputs[position].index)
        }
    }

    /// Takes in what an attempt costs and sums up what the task does.
    ///
    /// What the vendor failed is given back as a rule: while there are others, failed attempts do not count. Providers
    /// bill in units of their own, so only attempts at the provider that the task is shown under are summed.
    mutating func setCost(_ cost: Cost, of number: Int) {
        if attempt(number)?.cost != cost { change(number) { $0.cost = cost } }
        sumUpCosts()
    }

    /// Reckons what the task costs from what its attempts do.
    mutating func sumUpCosts() {
        let billed = record.attempts.filter { $0.cost != nil }
        let shown = record.route?.name.provider
        let kept = billed.filter { $0.state != .failed && $0.name.provider == shown }
        // When all has failed, what was to be paid last is what is known.
        let isAlive = record.attempts.contains { $0.state != .failed && $0.state != .canceled }
        let counted = (kept.isEmpty && !isAlive ? billed.suffix(1) : kept[...]).compactMap(\.cost)
        guard let unit = counted.first?.amount.unit else {
            if record.cost != nil, isAlive {
                record.cost = nil
                unsaved.task = true
            }
            return
        }
        let same = counted.filter { $0.amount.unit == unit }
        let sum = Cost(
            Cost.Amount(same.reduce(0) { $0 + $1.amount.amount }, unit),
            same.allSatisfy { $0.kind == .actual } ? .actual : .estimated
        )
        guard record.cost != sum else { return }
        record.cost = sum
        unsaved.task = true
    }

    /// Takes in how far an attempt is; the task is as far as its calls are on the average.
    mutating func advance(_ number: Int, to part: Double) {
        progress[number] = max(progress[number] ?? 0, min(max(part, 0), 1))
        var sum = 0.0
        var calls = record.waiting.count
        for attempt in record.attempts {
            switch attempt.state {
            case .failed, .canceled: continue
            case .succeeded: sum += 1
            case .intended, .accepted, .unknown: sum += progress[attempt.number] ?? 0
            }
            calls += 1
        }
        guard calls > 0 else { return }
        record.progress = max(record.progress, min(sum / Double(calls), 0.99))
    }

    /// The takes whose audio is known to be at a vendor and not yet here.
    var pendingFetches: [TaskEffect] {
        record.outputs.compactMap { output in
            guard output.status == .pending, output.providerKey != nil,
                let attempt = attempt(output.attempt), !repeatable.contains(attempt.route),
                // While the vendor is at work the poll tells where a take is.
                output.sourceURL != nil || !attempt.isOpen
            else { return nil }
            return .fetch(attempt: output.attempt, output: output.index)
        }
    }
}

extension TaskRecord {
    /// The latest moment that anything of the task is stamped with.
    fileprivate var latestMoment: Moment {
        var latest = max(createdAt, startedAt ?? createdAt)
        for attempt in attempts { latest = max(latest, attempt.endedAt ?? attempt.startedAt) }
        for output in outputs { latest = max(latest, output.readyAt ?? latest) }
        return latest
    }

    /// When a take that is ready now is: a millisecond after the last one at least, so that their order stays.
    func nextReadyMoment(_ now: Moment) -> Moment {
        let last = outputs.compactMap(\.readyAt).max()
        return last.map { max(now, $0.advanced(by: .milliseconds(1))) } ?? now
    }
}
