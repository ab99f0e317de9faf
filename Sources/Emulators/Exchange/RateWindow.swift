/// Counts what was let pass in the span behind.
struct RateWindow: Sendable {
    /// Since the start, in ascending order.
    private var moments: [Duration] = []

    /// Lets one more pass, or tells how long until there is room.
    mutating func take(_ limit: Int, per span: Duration, at now: Duration) -> Duration? {
        moments.removeAll { $0 + span <= now }
        guard let oldest = moments.first, moments.count >= limit else {
            moments.append(now)
            return nil
        }
        return oldest + span - now
    }
}
