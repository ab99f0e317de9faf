import EventLoop
import Sound
import Tasks
import Timing

/// Places at vendors, and this gateway's shares of them, as in the engine.
extension Replica {
    private func slot(of task: UInt32) -> UInt32? {
        home.contains(task) ? task - home.lowerBound : moved[task]
    }

    func queue(_ slot: UInt32, _ request: Int) {
        guard !rows[Int(slot)].standing.contains(.hasEnded) else { return }
        let record = busy[slot]?.machine.record ?? self.record(slot)
        guard let call = record.waiting.first(where: { $0.id == request }),
            !rows[Int(slot)].standing.contains(.hasPlace)
        else { return }
        let vendor = codec.vendor(of: rows[Int(slot)].task, route: call.route)
        let pause = vendors[vendor].breaker.wait(at: now)
        if pause > .zero, call.route + 1 == record.routes.count {
            let scatter = pause * (Double(record.id.spread(over: 100, salt: request)) / 400)
            return push(.slot(slot, request: UInt8(clamping: request)), after: pause + scatter)
        }
        if !rows[Int(slot)].standing.contains(.isInLine),
            let pause = vendors[vendor].budget.putOff(call, of: record, at: now)
        {
            return push(.slot(slot, request: UInt8(clamping: request)), after: pause)
        }
        guard vendors[vendor].slots.join(.init(record.id, request)) != nil else { return }
        rows[Int(slot)].standing.insert(.isInLine)
        grant(vendor)
    }

    func grant(_ vendor: Int) {
        while let turn = vendors[vendor].slots.next(at: now) {
            let task = codec.task(of: turn.seat.task)
            guard let slot = slot(of: task), !rows[Int(slot)].standing.contains(.hasEnded) else {
                vendors[vendor].slots.release(turn.credential)
                continue
            }
            rows[Int(slot)].standing.remove(.isInLine)
            rows[Int(slot)].standing.insert(.hasPlace)
            tally.used += 1
            facts.append(Fact(at: now, task: task, vendor: vendor, attempt: 0, kind: .began))
            let token = codec.token(of: task, attempt: turn.seat.request)
            post(
                .slotGranted(request: turn.seat.request, credential: turn.credential, token: token),
                to: slot
            )
        }
        mindShares(of: vendor)
        guard let opening = vendors[vendor].slots.nextOpening(at: now),
            opening < vendors[vendor].opening ?? .max
        else { return }
        vendors[vendor].opening = opening
        push(.opening(UInt8(clamping: vendor)), after: .nanoseconds(Int64(clamping: opening - now)))
    }

    /// Gives the place of a call back when it has become no attempt.
    func seat(_ slot: UInt32, _ effects: [TaskEffect]) {
        guard case .submit? = effects.first else { return releasePlace(slot) }
    }

    func releasePlace(_ slot: UInt32) {
        guard rows[Int(slot)].standing.remove(.hasPlace) != nil else { return }
        let record = busy[slot]?.machine.record ?? self.record(slot)
        // That of the attempt, or of the call that was about to be one.
        let route = record.attempts.last?.route ?? record.waiting.first?.route ?? 0
        let vendor = codec.vendor(of: rows[Int(slot)].task, route: route)
        vendors[vendor].slots.release(Codec.credential)
        grant(vendor)
    }

    func leaveLine(_ slot: UInt32) {
        guard rows[Int(slot)].standing.remove(.isInLine) != nil else { return }
        let task = rows[Int(slot)].task
        for vendor in vendors.indices {
            for request in 1...8 { vendors[vendor].slots.leave(.init(codec.id(of: task), request)) }
        }
    }

    // MARK: Shares

    func mindShares(of vendor: Int, isDue: Bool = false) {
        guard claims == 0 else { return }
        let depth = vendors[vendor].slots.depth
        for stake in vendors[vendor].slots.stakes(at: now) {
            let starts =
                stake.rate == nil ? 0 : vendors[vendor].sharing.startsWanted(stake, depth: depth, at: now)
            if starts > 0 {
                vendors[vendor].sharing.isReserving = true
                ask(.starts(vendor: vendor, wanting: starts))
            }
            switch vendors[vendor].sharing.look(at: stake, depth: depth, isDue: isDue, at: now) {
            case .leave: break
            case .lookAgain(let pause): push(.shares(UInt8(clamping: vendor)), after: pause)
            case .ask(let wanting):
                vendors[vendor].sharing.ask(wanting: wanting)
                vendors[vendor].slots.setShare(of: stake.name, stake.used)
                tally.shareQuestions += 1
                ask(.share(vendor: vendor, using: stake.used, wanting: wanting, before: stake.share))
            }
        }
    }

    func shared(_ vendor: Int, _ share: KeyShare, before: Int, wanting: Int) {
        vendors[vendor].slots.setShare(of: Codec.credential, share.places)
        let answer = vendors[vendor].sharing.answered(share, before: before, wanting: wanting)
        if answer.isFreed { ask(.tell(.freed, vendor: vendor)) }
        if answer.isWanted { ask(.tell(.wanted, vendor: vendor)) }
        let stake = vendors[vendor].slots.stakes(at: now).first
        let depth = vendors[vendor].slots.depth
        if vendors[vendor].sharing.settle(stake, depth: depth, after: answer.pause, at: now) {
            push(.shares(UInt8(clamping: vendor)), after: answer.pause)
        }
        grant(vendor)
    }

    func reserved(_ vendor: Int, _ starts: [Duration], asked: UInt64) {
        tally.reserved += UInt64(starts.count)
        let (permits, pause) = vendors[vendor].sharing.reserved(
            starts,
            rate: (parameters.rate, 1_000_000_000),
            asked: asked,
            answered: now
        )
        vendors[vendor].slots.add(permits, for: Codec.credential)
        if let pause { push(.shares(UInt8(clamping: vendor)), after: pause) }
        grant(vendor)
    }
}
