import Sound

/// How a task ends.
extension TaskMachine {
    /// When no attempt is open and no take is pending: the end, or the next thing to try after a failure.
    mutating func conclude(at now: Moment) -> [TaskEffect] {
        guard !record.attempts.isEmpty, !record.attempts.contains(where: \.state.isOpen),
            !record.outputs.contains(where: { $0.status == .pending })
        else { return [] }
        if record.outputs.contains(where: { $0.status == .ready }) {
            return end(.succeeded, nil, at: now)
        }
        if let last = record.attempts.last, last.state == .failed, let failure = last.error {
            return moveOn(from: last, after: failure, at: now)
        }
        let failure =
            record.outputs.first?.error ?? Failure(.badResult, "the provider delivered nothing")
        if let last = record.attempts.last, last.state == .succeeded {
            change(last.number) {
                $0.state = .failed
                $0.error = failure
            }
        }
        return end(.failed, failure, at: now)
    }

    mutating func fail(_ failure: Failure, at now: Moment) -> [TaskEffect] {
        end(.failed, failure, at: now)
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
        for attempt in record.attempts where attempt.state.isOpen {
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
        record.status = status
        record.error = failure
        record.endedAt = now
        record.eta = nil
        if status == .succeeded { record.progress = 1 }
        unsaved.task = true
        return [.end]
    }
}
