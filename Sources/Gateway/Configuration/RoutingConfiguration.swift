/// How one of several providers is chosen, and how long a task may try.
package struct RoutingConfiguration: Sendable, Equatable {
    /// What orders candidates that are equally good.
    package var policy = Policy.preference
    /// Provider ids, the dearest first; those not named come after, in the order of the file.
    package var preference: [String] = []
    /// A task's attempts over all providers, the first included.
    package var maxAttempts = 3
    /// How long a task may take when its request does not say.
    package var deadline: Duration = .seconds(900)

    /// The defaults.
    package init() {}

    /// What orders candidates that are equally good.
    package enum Policy: String, Sendable, CaseIterable {
        /// The order of ``RoutingConfiguration/preference``.
        case preference
    }
}
