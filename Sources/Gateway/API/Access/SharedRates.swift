import Sound
import Tasks
import Telemetry
import Threads
import Timing

/// The rates of clients over all gateways that share a ledger, taken from it in blocks: it is not asked for each request.
///
/// Each gateway counts by itself too. What it would refuse alone needs no question, and while the ledger is away its own
/// count is what holds.
final class SharedRates: Sendable {
    /// Requests that were taken off the rate and have not come yet.
    private struct Block {
        var count: Int
        let remaining: Int
        let reset: Duration
        /// Until when they may be used, or until when there are none, in monotonic nanoseconds.
        let until: UInt64
    }

    /// A gateway holds no more than this part of a rate, and no more than so many.
    private static let part = 10
    private static let most = 256

    private let limits: any KeyLimits
    private let log: Log
    private let blocks = Guarded<[String: Block]>([:])

    init(_ limits: any KeyLimits, log: Log) {
        self.limits = limits
        self.log = log
    }

    /// What comes of a request whose caller this gateway alone would let in.
    func settle(_ entrance: Entrance, at now: UInt64) async -> Entrance {
        guard case .admitted(let caller, let own?) = entrance, own.wait == nil, let name = caller.name,
            let pace = caller.limits.pace
        else { return entrance }
        if let known = take(name, at: now) { return .admitted(caller, rate: known) }
        do throws(LedgerError) {
            let block = try await limits.takeRequests(
                of: name,
                pace: pace,
                wanting: max(1, min(pace.count / Self.part, Self.most))
            )
            return .admitted(caller, rate: keep(block, of: name, pace, at: now))
        } catch {
            log(
                .warning,
                "a client's rate could not be asked for",
                ["client": "\(name)", "reason": "\(error)"]
            )
            return entrance
        }
    }

    private func take(_ name: String, at now: UInt64) -> Pace.Standing? {
        blocks.withLock { blocks in
            guard var block = blocks[name], now < block.until else { return nil }
            guard block.count > 0 else {
                return Pace.Standing(
                    quietAt: now,
                    remaining: 0,
                    reset: block.reset,
                    wait: .nanoseconds(Int64(clamping: block.until - now))
                )
            }
            block.count -= 1
            blocks[name] = block.count > 0 ? block : nil
            return Pace.Standing(
                quietAt: now,
                remaining: block.remaining + block.count,
                reset: block.reset,
                wait: nil
            )
        }
    }

    /// Keeps a block, but for the request that it was taken for.
    private func keep(_ block: RequestBlock, of name: String, _ pace: Pace, at now: UInt64) -> Pace.Standing {
        let span = block.count > 0 ? pace.per : block.wait ?? .zero
        let left = max(0, block.count - 1)
        let kept = Block(
            count: left,
            remaining: block.remaining,
            reset: block.reset,
            until: now &+ UInt64(max(span / .nanoseconds(1), 0))
        )
        blocks.withLock { blocks in
            // Others may have brought one meanwhile; what is left of it is not lost.
            guard left > 0 || block.count == 0 else { return }
            if let other = blocks[name], other.count > 0, block.count > 0 {
                blocks[name] = Block(
                    count: other.count + left,
                    remaining: kept.remaining,
                    reset: kept.reset,
                    until: min(other.until, kept.until)
                )
            } else {
                blocks[name] = kept
            }
        }
        return Pace.Standing(
            quietAt: now,
            remaining: block.remaining + left,
            reset: block.reset,
            wait: block.count > 0 ? nil : block.wait
        )
    }
}
