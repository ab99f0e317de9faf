/// What is logged, and how.
package struct LogConfiguration: Sendable, Equatable {
    /// The least important lines still written.
    package var level = Level.info
    /// How a line looks.
    package var format = Format.auto

    /// The defaults.
    package init() {}

    /// How much a line matters, the most important first.
    package enum Level: String, Sendable, CaseIterable {
        /// A human should look.
        case error
        /// Degraded but handled.
        case warning
        /// A change in the state of the process or a provider.
        case notice
        /// One line per request.
        case info
        /// For finding faults.
        case debug
    }

    /// How a line looks.
    package enum Format: String, Sendable, CaseIterable {
        /// Text on a terminal, JSON elsewhere.
        case auto
        /// One JSON object per line.
        case json
        /// For people.
        case text
    }
}
