package import Providers
package import Sound

/// What happened to a task, in the past tense.
package enum TaskEvent: Sendable, Equatable {
    /// A credential has a free slot for the route.
    case slotGranted(route: Int, credential: String?)
    /// The vendor took the job.
    case accepted(attempt: Int, RemoteJob)
    /// The job surely was not started.
    case refused(attempt: Int, Failure)
    /// Nobody can tell whether the vendor took the job.
    case acceptanceUnknown(attempt: Int)
    /// Rendering in this process has begun; so many takes will come.
    case renderingBegan(attempt: Int, takes: Int)
    /// Rendering in this process has come so far, 0–1.
    case renderingProgressed(attempt: Int, Double)
    /// The vendor was asked, or told by itself, how the job is.
    case observed(attempt: Int, Observation)
    /// The vendor no longer lets us ask, or no longer knows the job.
    case lost(attempt: Int, Failure)
    /// A take was fetched (or made), checked and kept.
    case outputKept(attempt: Int, index: Int, AssetRecord, title: String?)
    /// A take cannot be had.
    case outputFailed(attempt: Int, index: Int, Failure)
    /// The attempt was stored but, on second thought, nothing was sent.
    case notBegun(attempt: Int)
    case cancelRequested
    case deadlinePassed
}

/// What the engine has to do after an event, once the change is durable.
package enum TaskEffect: Sendable, Equatable {
    /// Queue for a slot of the route's provider, at once or after a pause.
    case waitForSlot(route: Int, after: Duration)
    /// Make the attempt: its row is durable.
    case submit(attempt: Int)
    case poll(attempt: Int, eta: Duration?)
    case fetch(output: Int)
    case releaseSlot(attempt: Int)
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
        repeatable = Set(record.routes.indices.filter { isRepeatable(record.routes[$0]) })
        guard let attempt = record.attempts.last else { return [.waitForSlot(route: 0, after: .zero)] }
        switch attempt.state {
        case .intended, .accepted:
            if repeatable.contains(attempt.route) { return [.submit(attempt: attempt.number)] }
            if attempt.state == .intended {
                return apply(.acceptanceUnknown(attempt: attempt.number), at: now)
            }
            return pendingFetches + [.poll(attempt: attempt.number, eta: nil)]
        case .succeeded, .failed: return pendingFetches.isEmpty ? conclude(at: now) : pendingFetches
        case .unknown, .canceled: return []
        }
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
    }

    /// Takes in an event and returns what is to be done.
    package mutating func apply(_ event: TaskEvent, at now: Moment) -> [TaskEffect] {
        guard !record.status.hasEnded else { return [] }
        switch event {
        case .slotGranted(let route, let credential):
            return begin(route: route, credential: credential, at: now)
        case .accepted(let number, let job): return accepted(number, job, at: now)
        case .refused(let number, let failure): return refused(number, failure, at: now)
        case .acceptanceUnknown(let number): return acceptanceUnknown(number)
        case .renderingBegan(let number, let takes): return renderingBegan(number, takes)
        case .renderingProgressed(let number, let progress):
            if isOpen(number) { record.progress = max(record.progress, min(progress, 0.99)) }
            return []
        case .observed(let number, let observation): return observed(number, observation, at: now)
        case .lost(let number, let failure):
            return isOpen(number) ? attemptFailed(number, failure, at: now) : []
        case .outputKept(let number, let index, let asset, let title):
            return kept(index, of: number, asset, title, at: now)
        case .outputFailed(let number, let index, let failure):
            return outputFailed(index, of: number, failure, at: now)
        case .notBegun(let number): return notBegun(number, at: now)
        case .cancelRequested:
            return stop(.canceled, Failure(.canceled, "the task was canceled"), attempts: .canceled, at: now)
        case .deadlinePassed: return deadlinePassed(at: now)
        }
    }

    // MARK: Attempts

    mutating func begin(route: Int, credential: String?, at now: Moment) -> [TaskEffect] {
        guard record.routes.indices.contains(route), !record.attempts.contains(where: \.state.isOpen) else {
            return []
        }
        let attempt = AttemptRecord(
            number: record.attempts.count + 1,
            route: route,
            name: record.routes[route].name,
            credential: credential,
            startedAt: now
        )
        record.attempts.append(attempt)
        unsaved.attempts.insert(attempt.number)
        if record.status == .queued {
            record.status = .running
            record.startedAt = now
        }
        unsaved.task = true
        return [.submit(attempt: attempt.number)]
    }

    mutating func accepted(_ number: Int, _ job: RemoteJob, at now: Moment) -> [TaskEffect] {
        guard let attempt = attempt(number), attempt.state == .intended || attempt.state == .unknown else {
            return []
        }
        change(number) {
            $0.state = .accepted
            $0.providerTaskID = job.id
            $0.error = nil
        }
        record.eta = job.eta
        // What an attempt costs that the vendor failed is given back as a rule: the attempt in use counts.
        if let estimate = record.routes[attempt.route].estimatedCost { setCost(Cost(estimate, .estimated)) }
        return [.poll(attempt: number, eta: job.eta)]
    }

    mutating func refused(_ number: Int, _ failure: Failure, at now: Moment) -> [TaskEffect] {
        guard attempt(number)?.state == .intended else { return [] }
        return attemptFailed(number, failure, at: now)
    }

    mutating func acceptanceUnknown(_ number: Int) -> [TaskEffect] {
        guard attempt(number)?.state == .intended else { return [] }
        markUnknown(number)
        return release(number)
    }

    /// A create that is under way when the task ends may reach the vendor: nobody can tell.
    mutating func markUnanswered() {
        for attempt in record.attempts where attempt.state == .intended && !repeatable.contains(attempt.route)
        {
            markUnknown(attempt.number)
        }
    }

    mutating func markUnknown(_ number: Int) {
        change(number) {
            $0.state = .unknown
            $0.error = Failure(
                .acceptanceUnknown,
                "the provider's answer to the create was lost; the job may be running",
                origin: .provider,
                retryable: false
            )
        }
    }

    mutating func renderingBegan(_ number: Int, _ takes: Int) -> [TaskEffect] {
        guard isOpen(number), let attempt = attempt(number) else { return [] }
        if attempt.state != .accepted { change(number) { $0.state = .accepted } }
        if record.outputs.isEmpty {
            for index in 0..<takes { addOutput(OutputRecord(index: index, attempt: number)) }
        }
        if let estimate = record.routes[attempt.route].estimatedCost { setCost(Cost(estimate, .actual)) }
        return []
    }

    mutating func notBegun(_ number: Int, at now: Moment) -> [TaskEffect] {
        guard attempt(number)?.state == .intended else { return [] }
        change(number) {
            $0.state = .canceled
            $0.endedAt = now
        }
        return release(number)
    }

    /// Ends an attempt that failed; what follows is decided when the takes that it had delivered are settled.
    mutating func attemptFailed(_ number: Int, _ failure: Failure, at now: Moment) -> [TaskEffect] {
        change(number) {
            $0.state = .failed
            $0.error = failure
            $0.endedAt = now
        }
        // A take whose address is known may be had although the job failed later.
        failPendingOutputs(failure) { $0.sourceURL == nil }
        return release(number) + conclude(at: now)
    }

    /// The next route, the same route after a pause, or the end.
    mutating func moveOn(from attempt: AttemptRecord, after failure: Failure, at now: Moment)
        -> [TaskEffect]
    {
        // Once the vendor has the job, only its own word that the job failed allows another one.
        let mayMoveOn = attempt.providerTaskID == nil ? failure.mayMoveOn : failure.code == .providerFailed
        guard mayMoveOn, record.attempts.count < policy.maxAttempts else {
            return fail(failure, at: now)
        }
        record.outputs.removeAll { $0.status == .failed }
        unsaved.removesFailedOutputs = true
        if attempt.route + 1 < record.routes.count {
            return [.waitForSlot(route: attempt.route + 1, after: .zero)]
        }
        guard failure.code == .rateLimited || failure.code == .providerUnavailable else {
            return fail(failure, at: now)
        }
        var pause = policy.firstPause
        for _ in 1..<max(attempt.number, 1) { pause *= 2 }
        pause = min(max(pause, failure.retryAfter ?? .zero), policy.longestPause)
        guard now.advanced(by: pause) < record.deadline else { return fail(failure, at: now) }
        return [.waitForSlot(route: attempt.route, after: pause)]
    }

    // MARK: Small change

    func attempt(_ number: Int) -> AttemptRecord? {
        record.attempts.indices.contains(number - 1) ? record.attempts[number - 1] : nil
    }

    func isOpen(_ number: Int) -> Bool { attempt(number)?.state.isOpen ?? false }

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

    mutating func setCost(_ cost: Cost) {
        guard record.cost != cost else { return }
        record.cost = cost
        unsaved.task = true
    }

    var pendingFetches: [TaskEffect] {
        record.outputs.filter { $0.status == .pending && $0.sourceURL != nil }.map {
            .fetch(output: $0.index)
        }
    }
}
