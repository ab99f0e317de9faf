import EventLoop
import Providers
import Sound
import Telemetry
import Timing

/// Tasks that another gateway over the same ledger works on: they are waited for, canceled and told of here too.
extension Engine {
    /// How long nobody looks into the ledger by itself for want of a signal.
    private static let longestSilence = Duration.seconds(5)
    /// Callbacks of unknown attempts that may be looked for at a time: anybody can send them.
    private static let mostLookups = 64

    /// Waits until a task that is not under way here is as wanted, has ended or is gone, or so long.
    func waitElsewhere(
        for id: TaskID,
        atMost span: Duration,
        _ isWanted: (TaskRecord) -> Bool
    ) async {
        guard let bus = parts.bus else { return }
        let end = parts.time.instant &+ span.wholeNanoseconds
        defer { if listeners[id] == nil { board.note(progressElsewhere: nil, of: id) } }
        while !isStopping, !Task.isCancelled, parts.time.instant < end {
            // Before the look: what changes after it is heard of, however long this takes to come to its wait.
            let token = newToken()
            listeners[id, default: []].append(token)
            defer { stopListening(token, to: id) }
            do throws(LedgerError) {
                guard let record = try await current(id), !record.status.hasEnded, !isWanted(record) else {
                    return
                }
                if let holder = try await parts.ledger.holder(of: id), holder != self.holder {
                    // Whatever has changed since that look is told at once.
                    bus.send(
                        .watch(id, by: self.holder, revision: record.revision, progress: record.progress),
                        to: holder
                    )
                } else {
                    // Nobody's, this one's, or ended since that look: nobody would tell of it.
                    guard let record = try await current(id), !record.status.hasEnded, !isWanted(record)
                    else {
                        return
                    }
                }
            } catch {
                parts.log(.debug, "a task cannot be looked at", about(id, ["reason": "\(error)"]))
            }
            let now = parts.time.instant
            guard now < end else { return }
            let left = Duration.nanoseconds(Int64(clamping: end - now))
            await hearing(of: id, by: token, atMost: min(left, Self.longestSilence))
        }
    }

    /// Waits for the next word of a task since somebody listens to it, or so long.
    private func hearing(of id: TaskID, by token: Int, atMost span: Duration) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // Who has been told is no listener any more.
                let isToldAlready = listeners[id]?.contains(token) != true
                guard !isToldAlready, !Task.isCancelled, !isStopping else { return continuation.resume() }
                waiters[token] = Waiter(task: id, continuation: continuation)
                push(.waiter(token), after: span)
            }
        } onCancel: {
            loop.execute { self.assumeIsolated { $0.wake(token) } }
        }
    }

    /// Has a task canceled by whoever holds it, now or later, and returns it as it is then.
    func cancelElsewhere(_ id: TaskID) async throws(LedgerError) -> TaskRecord? {
        guard let bus = parts.bus else { return board.record(id) }
        try await parts.ledger.requestCancel(of: id)
        let end = parts.time.instant &+ Duration.seconds(30).wholeNanoseconds
        while true {
            guard let record = try await current(id), !record.status.hasEnded else { break }
            let now = parts.time.instant
            guard now < end, !isStopping, !Task.isCancelled else { break }
            if live[id] != nil {
                // It has come to this gateway meanwhile.
                post(.cancelRequested, to: id)
            } else if let holder = try await parts.ledger.holder(of: id) {
                bus.send(.cancel(id), to: holder)
            }
            await waitForEnd(
                of: id,
                atMost: min(.nanoseconds(Int64(clamping: end - now)), Self.longestSilence)
            )
        }
        return try await current(id)
    }

    /// A callback for an attempt that nobody here has made: whoever has is told, for a vendor calls any of us.
    ///
    /// What it says is only a reason to ask there too: the holder has not seen the signature.
    func lookElsewhere(_ address: CallbackAddress, _ job: String?, trust: String) {
        guard let bus = parts.bus, lookups < Self.mostLookups else {
            return count(address.provider, \.ignored, trust: trust)
        }
        lookups += 1
        // Owned by the engine: it ends with the ledger's answer.
        Task {
            defer { lookups -= 1 }
            do throws(LedgerError) {
                guard let found = try await parts.ledger.addressee(of: address),
                    let holder = try await parts.ledger.holder(of: found.task), holder != self.holder
                else { return count(address.provider, \.ignored, trust: trust) }
                bus.send(.callback(address, job: job), to: holder)
                count(address.provider, \.used, trust: trust)
            } catch {
                // The holder asks by itself when the time has come.
                count(address.provider, \.ignored, trust: trust)
                parts.log(.warning, "the attempt of a callback cannot be looked up", ["reason": "\(error)"])
            }
        }
    }
}
