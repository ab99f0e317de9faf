import Sound
import Timing

/// The wall clock for what must not be undone: it does not believe a leap at once.
///
/// A clock that is set a month ahead by mistake would make everything that is kept look a month old. A leap forward
/// that lasts is believed after a day; until then time goes on from where it was.
struct PlausibleTime {
    /// What clocks are set by in good order, summer time included.
    private static let usual = Int64(3_600_000)
    private static let dayInNanoseconds = UInt64(86_400) * 1_000_000_000

    private var believed: (moment: Moment, instant: UInt64)
    private var doubtedSince: UInt64?

    init(_ time: any Timekeeper) { believed = (time.moment, time.instant) }

    /// The present, or an earlier time while the clock is doubted.
    mutating func now(_ time: any Timekeeper) -> Moment {
        let (moment, instant) = (time.moment, time.instant)
        let expected = believed.moment.advanced(
            by: .nanoseconds(Int64(clamping: instant - believed.instant))
        )
        if abs(moment.milliseconds - expected.milliseconds) > Self.usual {
            let since = doubtedSince ?? instant
            doubtedSince = since
            guard instant - since >= Self.dayInNanoseconds else { return min(moment, expected) }
        }
        doubtedSince = nil
        believed = (moment, instant)
        return moment
    }
}
