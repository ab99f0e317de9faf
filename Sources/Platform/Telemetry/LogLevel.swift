/// How much a line matters, from least to most.
package enum LogLevel: Int, Sendable, Comparable, CaseIterable, CustomStringConvertible {
    /// Each step; for development.
    case trace
    /// What helps to find a mistake; off in production.
    case debug
    /// One line for each request.
    case info
    /// The process or a provider has changed its state.
    case notice
    /// Degraded, but handled.
    case warning
    /// A person should look.
    case error

    /// The level of that name, as configuration spells it.
    package init?(_ name: String) {
        guard let level = LogLevel.allCases.first(where: { $0.description == name }) else { return nil }
        self = level
    }

    package static func < (left: LogLevel, right: LogLevel) -> Bool { left.rawValue < right.rawValue }

    package var description: String {
        switch self {
        case .trace: "trace"
        case .debug: "debug"
        case .info: "info"
        case .notice: "notice"
        case .warning: "warning"
        case .error: "error"
        }
    }
}
