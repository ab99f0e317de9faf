import EventLoop
import Sound
import Telemetry
import Timing

/// Changes of tasks on their way into the ledger.
extension Engine {
    /// Stores a change, trying again until it is stored: what has happened cannot be forgotten for want of a disk.
    ///
    /// `false` when the engine's time to stop runs out before the store took it.
    /// Nor when another process has the task: it is dropped then.
    func commit(_ change: TaskChange) async -> Bool { await tryCommit(change) == .stored }

    /// What became of a change.
    enum Commit { case stored, overQuota, lost }

    /// As `commit`, for a change with limits, which may be refused for them.
    func tryCommit(_ change: TaskChange) async -> Commit {
        var change = change
        change.holder = holder
        let task = live[change.record.id]
        var pause = Duration.milliseconds(50)
        var isWaiting = false
        let span = parts.tracer.beginCommit(of: change.record, in: change.record.traceContext)
        defer { span?.end() }
        while true {
            do throws(LedgerError) {
                try await parts.ledger.commit(change)
                if isWaiting { stored() }
                if !change.messages.isEmpty { parts.messagesStored() }
                parts.quotas.changed(change.record.client)
                return .stored
            } catch {
                span?.fail(error.word)
                if error == .leaseLost {
                    if isWaiting { stored() }
                    // What is live by now may be another entry, taken up under another name.
                    if let task, live[change.record.id] === task { drop(change.record.id) }
                    return .lost
                }
                if case .overQuota = error {
                    if isWaiting { stored() }
                    return .overQuota
                }
                if !isWaiting { unstored.count += 1 }
                isWaiting = true
                tellUnstored(change.record.id, error)
                guard parts.time.instant < stopsAt else { return .lost }
                await sleep(pause)
                pause = min(pause * 2, .seconds(isStopping ? 1 : 5))
            }
        }
    }

    /// Says that changes wait, once in a while: a full disk may be that of the log.
    private func tellUnstored(_ id: TaskID, _ error: LedgerError) {
        let now = parts.time.instant
        if let last = unstored.lastTold, now &- last < Duration.seconds(10).wholeNanoseconds { return }
        unstored.lastTold = now
        parts.log(
            .error,
            "a change could not be stored; trying again",
            about(id, ["reason": "\(error)", "waiting": .init(unstored.count)])
        )
    }

    private func stored() {
        unstored.count -= 1
        guard unstored.count == 0 else { return }
        unstored.lastTold = nil
        parts.log(.notice, "the ledger takes changes again")
    }
}
