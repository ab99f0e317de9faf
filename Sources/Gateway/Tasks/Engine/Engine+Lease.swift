import Crypto
import EventLoop
import Sound
import Telemetry
import Threads
import Timing

/// Taking over what nobody works on, and keeping it: all tasks of a process stand under one lease.
extension Engine {
    /// A name that no process has had.
    static func newHolder() -> LeaseHolder { LeaseHolder(name: Hex.encode(randomBytes(8))) }

    /// Under which name tasks are held: another one after a lease has been lost.
    nonisolated var holder: LeaseHolder { lease.withLock { $0 } }

    /// Takes up every unfinished task of the ledger and returns how many; call it before the first `create`.
    ///
    /// Jobs that are under way at vendors take their places first, so that nothing new begins beyond a key's limit.
    package func recover() async throws(LedgerError) -> Int {
        let count = try await takeUpWork()
        push(.lease, after: parts.leaseTerm / 3)
        return count
    }

    private func takeUpWork() async throws(LedgerError) -> Int {
        var records: [TaskRecord] = []
        while true {
            let now = parts.time.moment
            let batch = try await parts.ledger.claim(
                500,
                for: holder,
                until: now.advanced(by: parts.leaseTerm),
                now: now
            )
            if batch.isEmpty { break }
            records += batch
        }
        records.forEach(takePlacesOfOpenAttempts)
        for record in records {
            board.publish(record)
            adopt(record)
        }
        return records.count
    }

    /// Prolongs the lease, at each third of its term: it outlives a ledger that fails twice in a row.
    func renewLease() {
        guard !isStopping else { return }
        // Owned by the engine: it ends with the ledger's answer.
        Task {
            do throws(LedgerError) {
                let until = parts.time.moment.advanced(by: parts.leaseTerm)
                try await parts.ledger.renew(holder, until: until)
            } catch {
                if error == .leaseLost {
                    await loseLease()
                } else {
                    parts.log(.warning, "the lease could not be renewed", ["reason": "\(error)"])
                }
            }
            push(.lease, after: parts.leaseTerm / 3)
        }
    }

    /// Another process thought that this one was dead, and works on its tasks: nothing more is done for them here.
    private func loseLease() async {
        parts.log(.error, "another process has taken over the tasks", ["tasks": .init(live.count)])
        for id in Array(live.keys) { drop(id) }
        lease.withLock { $0 = Self.newHolder() }
        do throws(LedgerError) {
            _ = try await takeUpWork()
        } catch {
            // The next renewal finds that there is no lease, and comes here again.
            parts.log(.error, "no work could be taken up", ["reason": "\(error)"])
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
            default: break
            }
        }
        board.forget(id)
        wakeAll(of: id)
    }
}
