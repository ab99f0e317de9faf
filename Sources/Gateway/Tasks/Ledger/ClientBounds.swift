/// What the client of a new task may have, as the ledger holds it to.
package struct ClientBounds: Sendable, Equatable {
    /// The limits of its quota.
    package var quota: [Quota.Limit]
    /// The most tasks that have not ended, at all gateways together; `nil` for any number.
    package var unfinished: Int?

    /// Bounds from their parts; none by default.
    package init(quota: [Quota.Limit] = [], unfinished: Int? = nil) {
        self.quota = quota
        self.unfinished = unfinished
    }
}
