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

    /// What is done when nobody can tell whether a vendor took a job.
    package var onUnknown = OnUnknown.wait

    /// The defaults.
    package init() {}

    /// What is done when nobody can tell whether a vendor took a job.
    package enum OnUnknown: String, Sendable, CaseIterable {
        /// Waits for the vendor to tell of it, until the deadline.
        case wait
        /// Fails at once.
        case fail
        /// Asks again: it may be paid twice.
        case resubmit
    }

    /// What orders candidates that are equally good.
    package enum Policy: String, Sendable, CaseIterable {
        /// The order of ``RoutingConfiguration/preference``.
        case preference
    }
}
