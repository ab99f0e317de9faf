import EventLoop
import Providers
import Sound
import Telemetry
import Timing

/// Asking vendors how their jobs are, and telling them that nobody wants one any more.
extension Engine {
    /// Sets the next question of an attempt; an earlier one that is not asked yet is void.
    func schedulePoll(_ id: TaskID, attempt number: Int, eta: Duration?, atLeast least: Duration? = nil) {
        guard let task = live[id], let attempt = task.attempt(number) else { return }
        var polling = task.polling[number] ?? Polling()
        let wait = polling.next(
            by: provider(of: attempt, of: id)?.pace,
            eta: eta,
            atLeast: least,
            jitter: Double.random(in: 0..<1),
            at: parts.time.instant
        )
        task.polling[number] = polling
        push(.poll(id, attempt: number, turn: polling.turn, isInTurn: false), after: wait)
    }

    /// The vendor says that there may be news: asked at once, but not more than once a second.
    func hasNews(_ id: TaskID, attempt number: Int) {
        guard let task = live[id], let attempt = task.attempt(number), attempt.isOpen else { return }
        var polling = task.polling[number] ?? Polling()
        let isBeingAsked = task.works[.polling(attempt: number)] != nil
        let mayAsk = attempt.state == .accepted && !isBeingAsked
        let pause = polling.hint(mayAsk: mayAsk, at: parts.time.instant)
        task.polling[number] = polling
        guard let pause else { return }
        push(.poll(id, attempt: number, turn: polling.turn, isInTurn: false), after: pause)
    }

    func poll(_ id: TaskID, attempt number: Int, turn: Int, isInTurn: Bool) {
        guard !isStopping, let task = live[id], let attempt = task.attempt(number),
            attempt.state == .accepted, let jobID = attempt.providerTaskID,
            task.polling[number]?.turn == turn
        else { return }
        guard let provider = provider(of: attempt, of: id),
            case .polled(let translator)? = provider.operation(attempt.name.operation)?.delivery
        else {
            // Nobody to ask until the operator brings the provider back; the deadline decides.
            task.polling[number]?.isHinted = false
            return schedulePoll(id, attempt: number, eta: nil)
        }
        if !isInTurn, let wait = waitForTurn(at: provider, credential: attempt.credential) {
            return push(.poll(id, attempt: number, turn: turn, isInTurn: true), after: wait)
        }
        task.polling[number]?.ask(at: parts.time.instant)
        task.works[.polling(attempt: number)] = Task {
            let outcome = await upstream.send(
                translator.poll(RemoteJob(id: jobID)),
                to: provider,
                credential: attempt.credential,
                for: purpose(.poll, attempt, of: id)
            )
            guard !Task.isCancelled else { return }
            live[id]?.works[.polling(attempt: number)] = nil
            take(outcome, with: translator, attempt: attempt, of: id)
        }
    }

    /// Reserves the next turn of a key, where its vendor limits how often it may ask; `nil` when that is now.
    private func waitForTurn(at provider: Provider, credential: String?) -> Duration? {
        guard let spacing = provider.pace.spacing else { return nil }
        let key = "\(provider.id)/\(credential ?? "")"
        let now = parts.time.instant
        let turn = max(now, nextQuestion[key] ?? 0)
        nextQuestion[key] = turn &+ spacing.wholeNanoseconds
        return turn > now ? .nanoseconds(Int64(clamping: turn - now)) : nil
    }

    private func take(
        _ outcome: Upstream.Outcome,
        with translator: any JobTranslating,
        attempt: AttemptRecord,
        of id: TaskID
    ) {
        guard case .answered(let reply) = outcome else {
            return schedulePoll(id, attempt: attempt.number, eta: nil)
        }
        do throws(PollError) {
            let observation = try translator.observation(reply)
            live[id]?.polling[attempt.number]?.refused = 0
            if let word = observation.unknownWord, knownWords.insert("\(attempt.name):\(word)").inserted {
                parts.log(
                    .warning,
                    "an unknown status word; taken as running",
                    ["route": "\(attempt.name)", "word": "\(word)"]
                )
            }
            post(.observed(attempt: attempt.number, observation), to: id)
        } catch {
            pollFailed(error, attempt: attempt, of: id)
        }
    }

    /// A poll that says nothing never ends a task by itself; a refusal that stays does.
    private func pollFailed(_ error: PollError, attempt: AttemptRecord, of id: TaskID) {
        let count = (live[id]?.polling[attempt.number]?.refused ?? 0) + 1
        live[id]?.polling[attempt.number]?.refused = count
        switch error {
        case .transient(let reason, let retryAfter):
            live[id]?.polling[attempt.number]?.refused = 0
            parts.log(.debug, "a poll gave no answer", about(id, ["reason": "\(reason)"]))
            schedulePoll(id, attempt: attempt.number, eta: nil, atLeast: retryAfter)
        case .unauthorized where moveToNewKey(attempt, of: id):
            live[id]?.polling[attempt.number]?.refused = 0
            schedulePoll(id, attempt: attempt.number, eta: nil)
        case .notFound(let failure), .unauthorized(let failure):
            guard count < 6 else { return post(.lost(attempt: attempt.number, failure), to: id) }
            parts.log(
                .warning,
                "the provider does not answer for a task",
                about(id, ["route": "\(attempt.name)", "code": "\(failure.code.rawValue)"])
            )
            schedulePoll(id, attempt: attempt.number, eta: nil)
        }
    }

    // MARK: Cancel

    /// Tells the vendor, once, that nobody wants the job any more; it may have ended meanwhile.
    func cancelAtVendor(_ number: Int, of id: TaskID) {
        guard let attempt = live[id]?.attempt(number), let jobID = attempt.providerTaskID else { return }
        stopAtVendor(attempt, jobID, of: id, at: provider(of: attempt, of: id))
    }

    func stopAtVendor(_ attempt: AttemptRecord, _ jobID: String, of id: TaskID, at provider: Provider?) {
        guard let provider,
            case .polled(let translator)? = provider.operation(attempt.name.operation)?.delivery,
            let call = translator.cancel(RemoteJob(id: jobID))
        else { return }
        auditCancel(attempt, jobID, of: id)
        Task {
            let outcome = await upstream.send(
                call,
                to: provider,
                credential: attempt.credential,
                for: purpose(.cancel, attempt, of: id)
            )
            let answer =
                switch outcome {
                case .answered(let reply): "status \(reply.status)"
                case .notSent(let reason), .unknown(let reason): reason
                }
            parts.log(
                .notice,
                "a provider was asked to cancel a job",
                about(
                    id,
                    [
                        "route": "\(attempt.name)", "provider_task_id": "\(jobID)",
                        "answer": "\(answer)",
                    ]
                )
            )
        }
    }
}
