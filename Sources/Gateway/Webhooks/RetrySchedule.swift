import HTTP
import Sound

/// When a message that was not taken is tried again.
package struct RetrySchedule: Sendable, Equatable {
    /// The pauses after the first failure, the second, …; after one more the message is dead.
    package var pauses: [Duration] = [
        .seconds(5), .seconds(300), .seconds(1800), .seconds(2 * 3600), .seconds(5 * 3600),
        .seconds(10 * 3600),
        .seconds(14 * 3600), .seconds(20 * 3600), .seconds(24 * 3600),
    ]
    /// The longest pause that a receiver can ask for.
    package var longestWish: Duration = .seconds(24 * 3600)

    /// The usual schedule: ten tries in a little over three days.
    package init() {}

    /// The pause before the next try of a message that has failed; `nil` when there is none.
    ///
    /// Up to a tenth longer than the schedule says, the same for the same message and try, so that what failed together
    /// does not come back together. A receiver may ask for more, not for less.
    package func pause(after message: OutboxMessage, wish: Duration?) -> Duration? {
        guard pauses.indices.contains(message.tries - 1) else { return nil }
        let step = pauses[message.tries - 1]
        let jitter = message.task.spread(over: 1001, salt: message.number << 8 | message.tries)
        return max(step + step / 10_000 * jitter, min(wish ?? .zero, longestWish))
    }

    /// What `Retry-After` says, in either of its forms; `nil` for anything else.
    static func wish(_ field: String?, at now: Moment) -> Duration? {
        guard let field else { return nil }
        if let seconds = Int64(field) { return seconds >= 0 ? .seconds(seconds) : nil }
        return HTTPDate(parsing: field).map { .seconds($0.secondsSinceEpoch - now.milliseconds / 1000) }
    }
}
