/// What the configuration must know of an adapter that this build has; it knows no vendor by itself.
package struct KnownAdapter: Sendable, Equatable {
    /// The name that `providers.<id>.adapter` takes.
    package let id: String
    /// Whether a provider with this adapter is useless without a credential.
    package let needsCredential: Bool
    /// Whether a provider of this name runs although no file mentions it.
    package let isEnabledByDefault: Bool
    /// Whether the vendor signs its callbacks, so that a secret is of use.
    package let signsCallbacks: Bool
    /// The unit in which its vendor bills.
    package let billingUnit: String

    /// Describes an adapter to the configuration reader.
    package init(
        id: String,
        needsCredential: Bool,
        isEnabledByDefault: Bool = false,
        signsCallbacks: Bool = false,
        billingUnit: String = "credits"
    ) {
        self.id = id
        self.needsCredential = needsCredential
        self.isEnabledByDefault = isEnabledByDefault
        self.signsCallbacks = signsCallbacks
        self.billingUnit = billingUnit
    }
}
