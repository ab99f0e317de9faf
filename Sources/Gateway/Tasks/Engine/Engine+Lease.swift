import Crypto
import EventLoop
import Sound
import Telemetry
import Threads
import Timing

/// Taking over what nobody works on, and keeping it: all tasks of a process stand under one lease.
extension Engine {
    /// How many tasks are taken up in one transaction.
    package static let claimLimit = 500

    /// The name that all tasks of this process are held under.
    struct Lease {
        /// A name that no process has had; another one after a lease has been lost.
        let holder = LeaseHolder(name: Hex.encode(randomBytes(8)))
        /// Until when the ledger has surely given it, in monotonic nanoseconds; `nil` before it has begun.
        var end: UInt64?
    }

    /// Under which name tasks are held.
    nonisolated var holder: LeaseHolder { lease.withLock(\.holder) }

    /// The name to admit a sound under; throws while there is none.
    ///
    /// Among several gateways, what is admitted under a name that the ledger does not know is nobody's to work on.
    nonisolated func admittingHolder() throws(LedgerError) -> LeaseHolder {
        let lease = lease.withLock(\.self)
        guard parts.bus == nil || lease.end != nil else {
            throw .unreachable("work has not been taken up yet")
        }
        return lease.holder
    }

    /// Throws while this gateway may not take sounds yet.
    package nonisolated func checkAtWork() throws(LedgerError) { _ = try admittingHolder() }

    /// Takes up every unfinished task of the ledger that nobody holds and returns how many; call it before the first
    /// `create`, and again after it has failed.
    ///
    /// Jobs that are under way at vendors take their places first, so that nothing new begins beyond a key's limit.
    package func recover() async throws(LedgerError) -> Int {
        listen()
        let count = try await takeUpWork()
        push(.lease, after: parts.leaseTerm / 3)
        return count
    }

    private func takeUpWork() async throws(LedgerError) -> Int {
        // The places of what is taken up are entered with it: no question of before may write over them.
        claims += 1
        defer {
            claims -= 1
            if parts.keyLimits != nil { for provider in slots.keys { push(.shares(provider), after: .zero) } }
        }
        while let question = questions.values.first { await question.value }
        var claimed: [(holder: LeaseHolder, task: TaskRecord)] = []
        var failure: LedgerError?
        do throws(LedgerError) {
            while try await claimBatch(into: &claimed) {}
        } catch {
            failure = error
        }
        // Also after a failure: what was claimed is this gateway's, and nobody else's to work on. What was claimed under a name
        // that is lost is not.
        let records = claimed.filter { $0.holder == holder && live[$0.task.id] == nil }.map(\.task)
        records.forEach(takePlacesOfOpenAttempts)
        for record in records {
            board.publish(record)
            adopt(record)
            wakeListeners(of: record.id)
        }
        parts.metrics.takenUp(records.count)
        if let failure { throw failure }
        if parts.bus != nil, !records.isEmpty { try await takeCancelRequests() }
        return records.count
    }

    /// Claims the next tasks that nobody holds; `false` when there were none.
    private func claimBatch(into claimed: inout [(holder: LeaseHolder, task: TaskRecord)])
        async throws(LedgerError) -> Bool
    {
        guard !isStopping else { return false }
        let (asked, claimer) = (parts.time.instant, holder)
        do throws(LedgerError) {
            let batch = try await parts.ledger.claim(
                Self.claimLimit,
                for: claimer,
                term: parts.leaseTerm,
                now: parts.time.moment
            )
            keepLease(of: claimer, since: asked)
            claimed += batch.map { (claimer, $0) }
            return !batch.isEmpty
        } catch {
            // Who stops has given its lease back, and begins no other one.
            guard error == .leaseLost, !isStopping else { throw error }
            guard claimer != holder || hasLease else { throw error }
            loseLease(of: claimer)
            return true
        }
    }

    /// Takes note that the ledger has begun or prolonged a lease.
    private func keepLease(of claimer: LeaseHolder, since asked: UInt64) {
        guard claimer == holder else { return }
        lease.withLock { $0.end = asked &+ parts.leaseTerm.wholeNanoseconds }
    }

    /// Takes up what another gateway has left; while that is being done, once more afterwards.
    func takeUpLeftWork() {
        guard !isStopping, parts.bus != nil else { return }
        isWorkLeft = true
        guard !isTakingUp else { return }
        isTakingUp = true
        // Owned by the engine: it ends with the ledger's answer.
        Task {
            defer { isTakingUp = false }
            while isWorkLeft, !isStopping {
                // Who says so from here on may speak of work that the last claim did not find.
                isWorkLeft = false
                await takeUpWorkOfOthers()
            }
        }
    }

    private func takeUpWorkOfOthers() async {
        do throws(LedgerError) {
            let count = try await takeUpWork()
            guard count > 0 else { return }
            parts.log(.notice, "work of another gateway has been taken up", ["tasks": .init(count)])
        } catch {
            guard !isStopping else { return }
            parts.log(.warning, "no work could be taken up", ["reason": "\(error)"])
        }
    }

    /// Cancels what others want canceled: their signals may have been lost, or have gone to an earlier holder.
    private func takeCancelRequests() async throws(LedgerError) {
        for id in try await parts.ledger.cancelsRequested(of: holder) { post(.cancelRequested, to: id) }
    }

    /// Prolongs the lease, at each third of its term: it outlives a ledger that fails twice in a row.
    ///
    /// One that was lost is begun anew, under another name, as soon as the ledger lets it be.
    func renewLease() {
        guard !isStopping else { return }
        // Owned by the engine: it ends with the ledger's answer.
        Task {
            defer { push(.lease, after: parts.leaseTerm / (hasLease ? 3 : 30)) }
            guard hasLease else { return await takeUpAfterLoss() }
            let (asked, claimer) = (parts.time.instant, holder)
            do throws(LedgerError) {
                try await parts.ledger.renew(claimer, term: parts.leaseTerm, now: parts.time.moment)
                keepLease(of: claimer, since: asked)
                dropStaleWatchers()
                if parts.bus != nil { try await takeCancelRequests() }
                takeUpLeftWork()
            } catch {
                // Who stops gives its lease back, perhaps before this.
                guard !isStopping else { return }
                if error == .leaseLost {
                    loseLease(of: claimer)
                    await takeUpAfterLoss()
                } else {
                    parts.log(.warning, "the lease could not be renewed", ["reason": "\(error)"])
                }
            }
        }
    }

    /// Whether a call that costs may go out: not when another gateway may have the task by now.
    ///
    /// A process may have stood still between the ledger's word and the call.
    var mayStillAct: Bool { parts.bus == nil || parts.time.instant < lease.withLock(\.end) ?? 0 }

    private var hasLease: Bool { lease.withLock(\.end) != nil }

    /// Another process thought that this one was dead, and works on its tasks: nothing more is done for them here.
    private func loseLease(of loser: LeaseHolder) {
        // Whoever else has found that out was first.
        guard loser == holder else { return }
        parts.log(.error, "another process has taken over the tasks", ["tasks": .init(live.count)])
        for id in Array(live.keys) { drop(id) }
        lease.withLock { $0 = Lease() }
        loseShares()
        listen()
    }

    /// Comes again soon where it fails.
    private func takeUpAfterLoss() async {
        do throws(LedgerError) {
            _ = try await takeUpWork()
        } catch {
            guard !isStopping else { return }
            parts.log(.error, "no work could be taken up", ["reason": "\(error)"])
        }
    }

    /// Leaves all tasks to the other gateways, which go on with them at once.
    ///
    /// One that is alone keeps its lease: the next process ends it.
    func leave() async {
        guard let bus = parts.bus else { return }
        do throws(LedgerError) {
            try await parts.ledger.release(holder)
            bus.send(.work, to: nil)
        } catch {
            parts.log(.warning, "the lease could not be ended; it runs out", ["reason": "\(error)"])
        }
    }

    /// Forgets a task that another process has: what it does is that one's business.
    func drop(_ id: TaskID) {
        guard let task = live.removeValue(forKey: id) else { return }
        parts.log(.warning, "another process has the task", about(id))
        leaveEverything(of: task, id)
        for event in task.events {
            switch event {
            case .outputKept(_, _, let asset, _): giveUp(asset)
            case .delivered(_, let take):
                if case .success(let asset) = take.audio { giveUp(asset) }
            case .accepted: passOn(event, of: id)
            default: break
            }
        }
        watchers[id] = nil
        board.forget(id)
        wakeAll(of: id)
    }
}
