import Providers
import Sound

/// From a waiting call to the vendor's word on it, and to the next try.
extension TaskMachine {
    /// Makes a waiting call an attempt; `nil` when no such call waits.
    mutating func start(_ request: Int, credential: String?, token: String?, at now: Moment) -> Int? {
        guard let place = record.waiting.firstIndex(where: { $0.id == request }),
            record.routes.indices.contains(record.waiting[place].route)
        else { return nil }
        let call = record.waiting.remove(at: place)
        var attempt = AttemptRecord(
            number: record.attempts.count + 1,
            route: call.route,
            name: record.routes[call.route].name,
            credential: credential,
            startedAt: now
        )
        attempt.takes = call.takes
        attempt.tries = call.tries
        attempt.callbackToken = token
        record.attempts.append(attempt)
        unsaved.attempts.insert(attempt.number)
        if record.status == .queued {
            record.status = .running
            record.startedAt = now
        }
        unsaved.task = true
        return attempt.number
    }

    mutating func begin(_ request: Int, credential: String?, token: String?, at now: Moment) -> [TaskEffect] {
        start(request, credential: credential, token: token, at: now).map { [.submit(attempt: $0)] } ?? []
    }

    mutating func accepted(_ number: Int, _ job: RemoteJob, at now: Moment) -> [TaskEffect] {
        guard let attempt = attempt(number), attempt.isOpen,
            attempt.state == .intended || attempt.state == .unknown
        else { return [] }
        change(number) {
            $0.state = .accepted
            $0.providerTaskID = job.id
            $0.error = nil
        }
        record.eta = job.eta
        for key in job.takes.prefix(attempt.takes ?? job.takes.count) {
            var output = OutputRecord(index: nextIndex, attempt: number)
            output.providerKey = key
            addOutput(output)
        }
        if let cost = job.cost ?? estimate(of: attempt) { setCost(Cost(cost, .estimated), of: number) }
        return [.poll(attempt: number, eta: job.eta)]
    }

    mutating func refused(_ number: Int, _ failure: Failure, at now: Moment) -> [TaskEffect] {
        guard attempt(number)?.state == .intended else { return [] }
        return attemptFailed(number, failure, at: now)
    }

    /// Asks again with another key.
    ///
    /// A key that is refused is not used again, so that this comes to an end; keys that only want a pause are tried as
    /// often as anything else.
    mutating func keyRefused(_ number: Int, _ failure: Failure, at now: Moment) -> [TaskEffect] {
        guard let attempt = attempt(number), attempt.state == .intended else { return [] }
        let tries = failure.code == .rateLimited ? attempt.tries + 1 : attempt.tries
        guard tries <= policy.maxAttempts else { return attemptFailed(number, failure, at: now) }
        change(number) {
            $0.state = .failed
            $0.error = failure
            $0.endedAt = now
        }
        return release(number) + request(attempt.takes, on: attempt.route, tries: tries, at: now)
    }

    mutating func acceptanceUnknown(_ number: Int, at now: Moment) -> [TaskEffect] {
        guard let attempt = attempt(number), attempt.state == .intended else { return [] }
        markUnknown(number)
        let wish = policy.onUnknown[attempt.name.provider] ?? .wait
        guard wish != .wait else { return release(number) }
        change(number) { $0.endedAt = now }
        let again =
            wish == .resubmit
            ? successors(of: attempt, after: Failure(.providerUnavailable, "the answer was lost"), at: now)
            : []
        return release(number) + (again.isEmpty ? conclude(at: now) : again)
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
        guard isOpen(number), let attempt = attempt(number), rendering.insert(number).inserted else {
            return []
        }
        if attempt.state != .accepted { change(number) { $0.state = .accepted } }
        if !record.outputs.contains(where: { $0.attempt == number }) {
            for _ in 0..<min(takes, attempt.takes ?? takes) {
                addOutput(OutputRecord(index: nextIndex, attempt: number))
            }
        }
        if let estimate = estimate(of: attempt) { setCost(Cost(estimate, .actual), of: number) }
        let pending = record.outputs.filter { $0.attempt == number && $0.status == .pending }
        return [.render(attempt: number, outputs: pending.map(\.index))]
    }

    mutating func notBegun(_ number: Int, at now: Moment) -> [TaskEffect] {
        guard attempt(number)?.state == .intended else { return [] }
        change(number) {
            $0.state = .canceled
            $0.endedAt = now
        }
        return release(number)
    }

    mutating func putOff(_ number: Int, at now: Moment) -> [TaskEffect] {
        guard let attempt = attempt(number), attempt.state == .intended else { return [] }
        change(number) {
            $0.state = .canceled
            $0.endedAt = now
        }
        return release(number) + request(attempt.takes, on: attempt.route, tries: attempt.tries, at: now)
    }

    /// Ends an attempt that failed; what follows is decided when the takes that it had delivered are settled.
    mutating func attemptFailed(_ number: Int, _ failure: Failure, at now: Moment) -> [TaskEffect] {
        change(number) {
            $0.state = .failed
            $0.error = failure
            $0.endedAt = now
        }
        // A take whose address is known may be had although the job failed later.
        failPendingOutputs(failure) { $0.attempt == number && $0.sourceURL == nil }
        sumUpCosts()
        return release(number) + settle(number, at: now)
    }

    /// Follows up a failed attempt once none of its takes is pending; then, or otherwise, ends what can end.
    mutating func settle(_ number: Int, at now: Moment) -> [TaskEffect] {
        guard let attempt = attempt(number), attempt.state == .failed, let failure = attempt.error,
            !record.outputs.contains(where: { $0.attempt == number && $0.status != .failed })
        else { return conclude(at: now) }
        let next = successors(of: attempt, after: failure, at: now)
        guard !next.isEmpty else { return conclude(at: now) }
        let dropped = record.outputs.filter { $0.attempt == number }.map(\.index)
        record.outputs.removeAll { $0.attempt == number }
        unsaved.outputs.subtract(dropped)
        unsaved.removedOutputs.formUnion(dropped)
        return next
    }

    /// The calls that stand in for a failed one, on the next route or after a pause on the same; none when it was the
    /// last word.
    private mutating func successors(of attempt: AttemptRecord, after failure: Failure, at now: Moment)
        -> [TaskEffect]
    {
        // Once the vendor has the job, only its own word that the job failed allows another one.
        let mayMoveOn = attempt.providerTaskID == nil ? failure.mayMoveOn : failure.code == .providerFailed
        guard mayMoveOn, attempt.tries < policy.maxAttempts, !isSpent else { return [] }
        if attempt.route + 1 < record.routes.count {
            return request(attempt.takes, on: attempt.route + 1, tries: attempt.tries + 1, at: now)
        }
        guard failure.code == .rateLimited || failure.code == .providerUnavailable else { return [] }
        let pause = pause(before: attempt.tries + 1, failure)
        guard pause < left else { return [] }
        return request(attempt.takes, on: attempt.route, tries: attempt.tries + 1, after: pause, at: now)
    }

    /// The wait before a further try: any part of a span that doubles, so that the tasks which a vendor refused
    /// together do not come back together; at least what the vendor asked for, and never beyond the ceiling.
    private func pause(before tries: Int, _ failure: Failure) -> Duration {
        var span = policy.firstPause
        for _ in 2..<max(tries, 2) where span < policy.longestPause { span *= 2 }
        span = min(span, policy.longestPause)
        let part = Double(record.id.spread(over: 1000, salt: tries)) / 1000
        return min(
            max(span * part, failure.retryAfter.map { $0 + span * part / 4 } ?? .zero),
            policy.longestPause
        )
    }

    /// Adds the calls that bring so many takes along a route.
    mutating func request(
        _ takes: Int?,
        on route: Int,
        tries: Int,
        after pause: Duration = .zero,
        at now: Moment
    )
        -> [TaskEffect]
    {
        record.routes[route].shares(of: takes).map { share in
            // Each call ever made is an attempt or waits to be one, so that this is a new number.
            let id = record.attempts.count + record.waiting.count + 1
            record.waiting.append(
                CallRequest(
                    id: id,
                    route: route,
                    takes: share,
                    tries: tries,
                    notBefore: pause > .zero ? now.advanced(by: pause) : nil
                )
            )
            unsaved.task = true
            return .waitForSlot(request: id, after: pause)
        }
    }

    /// An attempt's part of what its route was estimated to cost.
    func estimate(of attempt: AttemptRecord) -> Cost.Amount? {
        record.estimate(on: attempt.route)
    }
}
