package import Sound

/// How a task ends.
extension TaskMachine {
    /// The end, when no call waits, no attempt is open and no take is pending.
    mutating func conclude(at now: Moment) -> [TaskEffect] {
        guard !record.attempts.isEmpty, record.waiting.isEmpty,
            !record.attempts.contains(where: \.isOpen),
            !record.outputs.contains(where: { $0.status == .pending })
        else { return [] }
        failAttemptsWithoutTakes()
        if record.outputs.contains(where: { $0.status == .ready }) { return end(.succeeded, nil, at: now) }
        let failure = record.attempts.last { $0.state == .failed || $0.state == .unknown }?.error
        return end(.failed, failure ?? Failure(.badResult, "the provider delivered nothing"), at: now)
    }

    /// An attempt that the vendor calls a success has failed when none of its takes could be had.
    private mutating func failAttemptsWithoutTakes() {
        for attempt in record.attempts where attempt.state == .succeeded {
            let takes = record.outputs.filter { $0.attempt == attempt.number }
            guard !takes.contains(where: { $0.status == .ready }) else { continue }
            change(attempt.number) {
                $0.state = .failed
                $0.error = takes.first?.error ?? Failure(.badResult, "the provider delivered nothing")
            }
        }
    }

    /// The least time that a recovered task with something at a vendor gets, whatever its deadline was.
    private static let graceAfterRestart = Duration.seconds(60)

    /// How long a task that is taken up has from now on, by the wall clock; `effects` is what
    /// ``resume(at:isRepeatable:)`` asks for.
    package func timeLeft(isNew: Bool, at now: Moment, before effects: [TaskEffect]) -> Duration {
        // A clock that was set back meanwhile gives nobody more than was given at first, and one that was set forward takes
        // nothing from a new task.
        let span = record.deadline.milliseconds - record.createdAt.milliseconds
        let left = isNew ? span : min(max(record.deadline.milliseconds - now.milliseconds, 0), span)
        // What was paid for while nobody was here may be done: it is asked for once before it is given up.
        // So is what a vendor may still tell of: its call may have been refused while nobody was here.
        let isAtVendor = record.attempts.contains { attempt in
            attempt.isOpen && (attempt.state == .accepted || attempt.callbackToken != nil)
        }
        let isFetched = effects.contains { if case .fetch = $0 { true } else { false } }
        return max(.milliseconds(left), isAtVendor || isFetched ? Self.graceAfterRestart : .zero)
    }

    mutating func deadlinePassed(at now: Moment) -> [TaskEffect] {
        if record.outputs.contains(where: { $0.status == .ready }) {
            return stop(
                .succeeded,
                Failure(.deadlineExceeded, "the deadline passed before this take was there"),
                attempts: .failed,
                at: now
            )
        }
        markUnanswered()
        if let unknown = record.attempts.last(where: { $0.state == .unknown }), let error = unknown.error {
            return stop(.failed, error, attempts: .unknown, at: now)
        }
        let failure = Failure(.deadlineExceeded, "the task's deadline passed", origin: .gateway)
        return stop(.failed, failure, attempts: .failed, at: now)
    }

    /// Ends everything that is still open with one failure.
    mutating func stop(
        _ status: TaskStatus,
        _ failure: Failure,
        attempts state: AttemptRecord.State,
        at now: Moment
    ) -> [TaskEffect] {
        markUnanswered()
        var effects: [TaskEffect] = []
        for attempt in record.attempts where attempt.isOpen {
            if attempt.state == .accepted, attempt.providerTaskID != nil {
                effects.append(.cancelAtVendor(attempt: attempt.number))
            }
            change(attempt.number) {
                // What the vendor may have taken stays unknown, whatever becomes of the task.
                if $0.state != .unknown { $0.state = state }
                $0.error = $0.error ?? failure
                $0.endedAt = now
            }
            effects += release(attempt.number)
        }
        failPendingOutputs(failure)
        return effects + end(status, status == .succeeded ? nil : failure, at: now)
    }

    mutating func end(_ status: TaskStatus, _ failure: Failure?, at now: Moment) -> [TaskEffect] {
        if status == .succeeded { addMissingTakes() }
        record.waiting = []
        record.status = status
        record.error = failure
        record.endedAt = now
        record.eta = nil
        if status == .succeeded { record.progress = 1 }
        unsaved.task = true
        return [.end]
    }

    /// Says of each take that was asked for and will never come why it does not.
    private mutating func addMissingTakes() {
        guard let wanted = record.request.variations, record.outputs.count < wanted else { return }
        let missed = record.attempts.last { $0.state != .succeeded && $0.error != nil }
        for _ in record.outputs.count..<wanted {
            var output = OutputRecord(index: nextIndex, attempt: missed?.number ?? record.attempts.count)
            output.status = .failed
            output.error =
                missed?.error ?? Failure(.providerFailed, "the provider delivered fewer takes than asked for")
            addOutput(output)
        }
    }
}
