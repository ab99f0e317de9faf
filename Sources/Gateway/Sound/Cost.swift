/// What a task costs in the unit that its provider bills.
package struct Cost: Sendable, Equatable {
    /// An amount in a provider's native unit, such as 2.5 `credits`.
    package struct Amount: Sendable, Equatable {
        package var amount: Double
        package var unit: String

        /// An amount of a unit, to the millionth: three times 0.99 is 2.97, as a person would reckon it.
        package init(_ amount: Double, _ unit: String) {
            self.amount = (amount * 1e6).rounded() / 1e6
            self.unit = unit
        }
    }

    /// Whether the vendor said so or we reckon so.
    package enum Kind: String, Sendable { case estimated, actual }

    package var amount: Amount
    package var kind: Kind

    /// A cost and how sure it is.
    package init(_ amount: Amount, _ kind: Kind) {
        self.amount = amount
        self.kind = kind
    }
}
