/// So many per so long, as in `600/m` or `20/10s`.
package struct Rate: Sendable, Equatable {
    /// How many; at least one.
    package let count: Int
    /// The time in which they may happen; above zero.
    package let per: Duration

    /// So many per so long.
    package init(count: Int, per: Duration) {
        self.count = count
        self.per = per
    }
}
