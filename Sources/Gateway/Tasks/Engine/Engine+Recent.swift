import Providers
import Sound
import Timing

/// How each operation has done of late.
extension Engine {
    /// A vendor has answered a create that left at a monotonic time.
    func noteAnswer(_ name: RouteName, since: UInt64) {
        let now = parts.time.instant
        recents[name, default: Recent()].answered(after: Self.span(since, now), at: now)
    }

    /// An attempt gives its place back: nothing more of it is to come.
    func noteEnd(of attempt: AttemptRecord, _ place: Place) {
        let now = parts.time.instant
        // When an attempt of an earlier process was begun, this one's clock cannot tell.
        let span = place.edition.map { _ in Self.span(place.since, now) }
        recents[attempt.name, default: Recent()].ended(attempt.outcome, after: span, at: now)
    }

    /// Forgets the operations of providers that are gone for good.
    func forgetRecents() {
        recents = recents.filter {
            settings.editions[$0.key.provider] != nil || former[$0.key.provider] != nil
        }
    }

    private static func span(_ since: UInt64, _ now: UInt64) -> Duration {
        .nanoseconds(Int64(clamping: now &- since))
    }
}

extension AttemptRecord {
    /// What it says of its provider.
    fileprivate var outcome: Recent.Outcome {
        switch state {
        case .succeeded: .succeeded
        case .unknown: .failed
        case .failed: error?.origin == .caller ? .neither : .failed
        case .canceled, .intended, .accepted: .neither
        }
    }
}
