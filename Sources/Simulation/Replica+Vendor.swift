import EventLoop
import Providers
import Sound
import Tasks
import Timing

/// Calls to vendors: what the engine does, and what the vendors answer.
extension Replica {
    /// A create without an answer is given up after so long.
    private static let answerTerm: UInt64 = 30_000_000_000

    private func latency() -> UInt64 { draws.span(parameters.latency / 2, parameters.latencySpread) }

    private func fate(_ slot: UInt32, _ attempt: Int) -> Fate {
        Fate(parameters, task: rows[Int(slot)].task, attempt: attempt)
    }

    // MARK: Creates

    func submit(_ attempt: Int, _ slot: UInt32) {
        guard let record = busy[slot]?.machine.record else { return }
        let vendor = vendor(slot, record)
        guard vendors[vendor].breaker.admits(at: now) else {
            let shut = Failure(
                .providerUnavailable,
                "the operation has failed several times in a row",
                retryAfter: vendors[vendor].breaker.wait(at: now)
            )
            return post(.refused(attempt: attempt, shut), to: slot)
        }
        rows[Int(slot)].polls = 0
        rows[Int(slot)].refused = 0
        rows[Int(slot)].turn = 0
        rows[Int(slot)].askedAt = 0
        rows[Int(slot)].standing.remove(.isHinted)
        let fate = fate(slot, attempt)
        let arrival = now + latency()
        tally.creates += 1
        tally.calls.count(at: now)
        if fate.create != .unreachable {
            send(attempt, slot, fate, at: arrival)
            if parameters.breakage == .secondSubmit, fate.create == .lost {
                send(attempt, slot, fate, at: arrival + 1_000_000)
            }
        }
        let isLost = fate.create == .lost || fate.create == .lostOnTheWay
        let answer = isLost ? now + Self.answerTerm : arrival + latency()
        expect(.submitted(slot, attempt: UInt8(clamping: attempt)), at: answer)
    }

    /// The create is with the vendor.
    private func send(_ attempt: Int, _ slot: UInt32, _ fate: Fate, at arrival: UInt64) {
        let until = arrival + fate.span
        let isTaken = fate.isTaken
        facts.append(
            fact(
                .create(isTaken: isTaken, until: until, fails: fate.fails),
                rows[Int(slot)],
                attempt: attempt,
                at: arrival
            )
        )
        guard isTaken else { return }
        rows[Int(slot)].doneAt = until
        rows[Int(slot)].jobFails = fate.fails
        rows[Int(slot)].lastQuestion = 0
        guard fate.callsBack else { return }
        // As a rule it lands at another gateway, which looks up who has the task and tells that one.
        var lookup: UInt64 = 0
        if draws.below(parameters.replicas) != 0 {
            for _ in 0..<2 { lookup += draws.span(parameters.commit, parameters.commitSpread) }
        }
        expect(.called(slot, attempt: UInt8(clamping: attempt)), at: until + latency() + lookup)
    }

    /// The vendor has answered a create, or its time is over.
    func submitted(_ slot: UInt32, _ attempt: Int) {
        let row = rows[Int(slot)]
        let vendor = codec.vendor(of: row.task, route: Int(row.route))
        let fate = fate(slot, attempt)
        switch fate.create {
        case .taken:
            vendors[vendor].breaker.succeeded()
            guard !row.standing.contains(.hasEnded) else {
                tally.lateJobs += 1
                tally.cancels += 1
                return facts.append(fact(.stopped, row, attempt: attempt))
            }
            post(
                .accepted(attempt: attempt, RemoteJob(id: codec.job(of: row.task, attempt: attempt))),
                to: slot
            )
        case .busy:
            _ = vendors[vendor].breaker.failed(at: now)
            post(.refused(attempt: attempt, Failure(.providerUnavailable, "the provider is busy")), to: slot)
        case .rejected:
            vendors[vendor].breaker.succeeded()
            post(.refused(attempt: attempt, Failure(.contentPolicy, "the prompt is refused")), to: slot)
        case .unreachable:
            _ = vendors[vendor].breaker.failed(at: now)
            let failure = Failure(.providerUnavailable, "the provider could not be reached")
            post(.refused(attempt: attempt, failure), to: slot)
        case .lost, .lostOnTheWay:
            _ = vendors[vendor].breaker.failed(at: now)
            post(.acceptanceUnknown(attempt: attempt), to: slot)
        }
    }

    // MARK: Questions

    private func polling(_ slot: UInt32) -> Polling {
        let row = rows[Int(slot)]
        return Polling(
            count: Int(row.polls),
            refused: Int(row.refused),
            turn: Int(row.turn),
            isHinted: row.standing.contains(.isHinted),
            askedAt: row.askedAt == 0 ? nil : row.askedAt
        )
    }

    private func keep(_ polling: Polling, _ slot: UInt32) {
        rows[Int(slot)].polls = UInt16(clamping: polling.count)
        rows[Int(slot)].refused = UInt8(clamping: polling.refused)
        rows[Int(slot)].turn = UInt16(truncatingIfNeeded: polling.turn)
        rows[Int(slot)].askedAt = polling.askedAt ?? 0
        if polling.isHinted {
            rows[Int(slot)].standing.insert(.isHinted)
        } else {
            rows[Int(slot)].standing.remove(.isHinted)
        }
    }

    func schedulePoll(_ slot: UInt32, eta: Duration?) {
        var polling = polling(slot)
        var wait = polling.next(by: pace, eta: eta, atLeast: nil, jitter: draws.unit(), at: now)
        if parameters.breakage == .fastPoll { wait = wait / 5 }
        keep(polling, slot)
        let row = rows[Int(slot)]
        push(.poll(slot, attempt: row.attempt, turn: row.turn), after: wait)
    }

    func poll(_ slot: UInt32, attempt: Int, turn: Int) {
        let row = rows[Int(slot)]
        guard !row.standing.contains(.hasEnded), Int(row.attempt) == attempt, row.state == .accepted,
            Int(row.turn) == turn, isAtVendor(slot, attempt)
        else { return }
        check(row)
        var polling = polling(slot)
        polling.ask(at: now)
        keep(polling, slot)
        rows[Int(slot)].standing.insert(.isBeingAsked)
        rows[Int(slot)].lastQuestion = now
        tally.polls += 1
        tally.calls.count(at: now)
        let arrival = now + latency()
        expect(
            .polled(slot, attempt: UInt8(clamping: attempt), isDone: arrival >= row.doneAt),
            at: arrival + latency()
        )
    }

    /// Whether the attempt's job is known to be at the vendor, what is being stored included.
    private func isAtVendor(_ slot: UInt32, _ attempt: Int) -> Bool {
        guard let record = busy[slot]?.machine.record else { return true }
        return record.attempts.indices.contains(attempt - 1)
            && record.attempts[attempt - 1].state == .accepted
    }

    /// The vendor's view: a job is asked about no faster than its pace allows, and after a word of its own once a second.
    private func check(_ row: Row) {
        guard row.lastQuestion > 0 else { return }
        let pause = now - row.lastQuestion
        let least = row.standing.contains(.isHinted) ? 1_000_000_000 : pace.first.wholeNanoseconds / 100 * 85
        if pause < least { facts.append(fact(.broken(.paceKept), row)) }
    }

    func polled(_ slot: UInt32, _ attempt: Int, isDone: Bool) {
        let row = rows[Int(slot)]
        guard !row.standing.contains(.hasEnded), Int(row.attempt) == attempt else { return }
        rows[Int(slot)].standing.remove(.isBeingAsked)
        if draws.happens(parameters.unanswered) { return schedulePoll(slot, eta: nil) }
        rows[Int(slot)].refused = 0
        let observation: Observation
        if !isDone {
            observation = Observation(.running)
        } else if row.jobFails {
            observation = Observation(.failed(Failure(.providerFailed, "the provider could not make it")))
        } else {
            let take = RemoteResult(key: Codec.takeKey, url: Codec.takeURL)
            observation = Observation(.succeeded, results: [take])
        }
        post(.observed(attempt: attempt, observation), to: slot)
    }

    /// The vendor says that a job has news: a create whose answer was lost did reach it.
    func called(back slot: UInt32, _ attempt: Int) {
        tally.callbacks += 1
        let row = rows[Int(slot)]
        guard !row.standing.contains(.hasEnded) else { return }
        let record = busy[slot]?.machine.record ?? self.record(slot)
        guard record.attempts.indices.contains(attempt - 1) else { return }
        let known = record.attempts[attempt - 1]
        if known.providerTaskID == nil, known.state == .unknown, known.isOpen {
            let job = RemoteJob(id: codec.job(of: row.task, attempt: attempt))
            post(.accepted(attempt: attempt, job), to: slot)
        }
        guard known.isOpen, Int(row.attempt) == attempt else { return }
        var polling = polling(slot)
        let mayAsk = known.state == .accepted && !row.standing.contains(.isBeingAsked)
        let pause = polling.hint(mayAsk: mayAsk, at: now)
        keep(polling, slot)
        guard let pause else { return }
        push(.poll(slot, attempt: row.attempt, turn: rows[Int(slot)].turn), after: pause)
    }

    // MARK: Results

    func fetch(_ attempt: Int, _ slot: UInt32) {
        guard !rows[Int(slot)].standing.contains(.isBeingFetched) else { return }
        rows[Int(slot)].standing.insert(.isBeingFetched)
        tally.fetches += 1
        tally.calls.count(at: now)
        expect(
            .fetched(slot, attempt: UInt8(clamping: attempt)),
            at: now + draws.span(parameters.fetch, parameters.latencySpread)
        )
    }

    func fetched(_ slot: UInt32, _ attempt: Int) {
        rows[Int(slot)].standing.remove(.isBeingFetched)
        guard fate(slot, attempt).isUnusable else {
            return post(.outputKept(attempt: attempt, index: 0, Self.asset, title: nil), to: slot)
        }
        post(
            .outputFailed(attempt: attempt, index: 0, Failure(.badResult, "the audio is unusable")),
            to: slot
        )
    }

    private static let asset = AssetRecord(
        sha256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        format: .mp3,
        bytes: 200_000,
        duration: 12
    )
}
