import EventLoop
import Providers
import Sound
import Telemetry
import Timing

/// This gateway's part of what all may do with a key: it asks for what its line needs and gives back what lies idle.
extension Engine {
    /// Looks at what this gateway has of a provider's shared keys, and asks for more or gives some back.
    func mindShares(of provider: String, isDue: Bool = false) {
        guard let limits = parts.keyLimits, !isStopping, let queue = slots[provider] else { return }
        // Looked at again when they are through.
        guard claims == 0 else { return }
        let now = parts.time.instant
        let depth = queue.isOpen ? queue.depth : 0
        for stake in queue.stakes(at: now) {
            let name = KeyName(provider: provider, credential: stake.name)
            reserve(stake, name, depth, limits)
            switch sharings[name, default: Sharing()].look(at: stake, depth: depth, isDue: isDue, at: now) {
            case .leave: break
            case .lookAgain(let pause): push(.shares(provider), after: pause)
            case .ask(let wanting): ask(stake, name, wanting, limits)
            }
        }
    }

    private func ask(_ stake: SlotQueue.Stake, _ name: KeyName, _ wanting: Int, _ limits: any KeyLimits) {
        sharings[name, default: Sharing()].ask(wanting: wanting)
        // What is given back may be another's before the answer is here: nothing begins until then.
        slots[name.provider]?.setShare(of: stake.name, stake.used)
        // Owned by the engine: it ends with the ledger's answer.
        questions[name] = Task {
            let pause = await takeShare(stake, name, wanting, limits)
            questions[name] = nil
            if let pause { settle(name, after: pause) }
        }
    }

    /// Asks, and takes in the answer; the result is how long until the next question, `nil` when the lease was lost meanwhile.
    private func takeShare(
        _ stake: SlotQueue.Stake,
        _ name: KeyName,
        _ wanting: Int,
        _ limits: any KeyLimits
    ) async -> Duration? {
        let asker = holder
        do throws(LedgerError) {
            let share = try await limits.share(
                of: name,
                capacity: stake.capacity,
                using: stake.used,
                wanting: wanting,
                holder: asker
            )
            guard asker == holder else { return nil }
            slots[name.provider]?.setShare(of: stake.name, share.places)
            let answer = sharings[name, default: Sharing()].answered(
                share,
                before: stake.share,
                wanting: wanting
            )
            if answer.isFreed { parts.bus?.send(.freed(name), to: nil) }
            if answer.isWanted { parts.bus?.send(.wanted(name), to: nil) }
            return answer.pause
        } catch {
            guard asker == holder else { return nil }
            parts.log(
                .warning,
                "the share of a key could not be asked for",
                ["provider": "\(name.provider)", "credential": "\(stake.name)", "reason": "\(error)"]
            )
            return sharings[name, default: Sharing()].unanswered()
        }
    }

    /// After an answer: whoever can go on does, and whoever cannot asks again in a while.
    private func settle(_ name: KeyName, after pause: Duration) {
        let now = parts.time.instant
        let depth = slots[name.provider]?.depth ?? 0
        let stake = slots[name.provider]?.stakes(at: now).first { $0.name == name.credential }
        if sharings[name, default: Sharing()].settle(stake, depth: depth, after: pause, at: now) {
            push(.shares(name.provider), after: pause)
        }
        grant(name.provider)
    }

    /// Reserves starts with a key whose rate all gateways share, as many as the line can use.
    private func reserve(_ stake: SlotQueue.Stake, _ name: KeyName, _ depth: Int, _ limits: any KeyLimits) {
        guard let rate = stake.rate else { return }
        let asked = parts.time.instant
        let wanting = sharings[name, default: Sharing()].startsWanted(stake, depth: depth, at: asked)
        guard wanting > 0 else { return }
        sharings[name, default: Sharing()].isReserving = true
        // Owned by the engine: it ends with the ledger's answer.
        Task {
            do throws(LedgerError) {
                let starts = try await limits.reserveStarts(
                    with: name,
                    count: rate.count,
                    per: .nanoseconds(Int64(clamping: rate.nanoseconds)),
                    wanting: wanting
                )
                let (permits, pause) = sharings[name, default: Sharing()].reserved(
                    starts,
                    rate: rate,
                    asked: asked,
                    answered: parts.time.instant
                )
                slots[name.provider]?.add(permits, for: stake.name)
                if let pause { push(.shares(name.provider), after: pause) }
            } catch {
                parts.log(
                    .warning,
                    "starts with a key could not be reserved",
                    ["provider": "\(name.provider)", "credential": "\(stake.name)", "reason": "\(error)"]
                )
                await sleep(Sharing.patience)
                sharings[name]?.isReserving = false
            }
            grant(name.provider)
        }
    }

    /// With the lease, every share is gone.
    func loseShares() {
        sharings = [:]
        for (provider, queue) in slots {
            for stake in queue.stakes(at: parts.time.instant) {
                slots[provider]?.setShare(of: stake.name, 0)
            }
        }
    }
}
