import Synchronization
import Threads

/// What all logs that come from the same one share: levels, and the count of lines that repeat.
final class LogOrigin: Sendable {
    private struct Levels {
        var level: LogLevel
        var modules: [String: LogLevel] = [:]
        var thresholds: [String?: LogThreshold] = [:]
    }

    let repeats = LogRepeats()
    private let levels: Guarded<Levels>

    init(_ level: LogLevel) { levels = Guarded(Levels(level: level)) }

    /// The level of a module, or of what belongs to none; the same object for the same name.
    func threshold(of module: String?) -> LogThreshold {
        levels.withLock { levels in
            if let known = levels.thresholds[module] { return known }
            let threshold = LogThreshold(module.flatMap { levels.modules[$0] } ?? levels.level)
            levels.thresholds[module] = threshold
            return threshold
        }
    }

    func set(_ level: LogLevel, _ modules: [String: LogLevel]) {
        levels.withLock { levels in
            levels.level = level
            levels.modules = modules
            for (module, threshold) in levels.thresholds {
                threshold.set(module.flatMap { modules[$0] } ?? level)
            }
        }
    }
}

/// A level that is looked at before each line and may be set meanwhile.
final class LogThreshold: Sendable {
    private let value: Atomic<Int>

    init(_ level: LogLevel) { value = Atomic(level.rawValue) }

    var level: LogLevel { LogLevel(rawValue: value.load(ordering: .relaxed)) ?? .error }

    func set(_ level: LogLevel) { value.store(level.rawValue, ordering: .relaxed) }
}
