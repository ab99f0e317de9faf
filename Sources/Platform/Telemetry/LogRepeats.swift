import Synchronization
import Threads

/// Counts lines with the same message, so that one that comes too often is written for a while and then only counted.
///
/// Messages are `StaticString`s, so there are never more entries than places in the program that log.
final class LogRepeats: Sendable {
    /// What a line is counted as.
    struct Line: Sendable {
        let message: StaticString
        let module: String?
        let level: LogLevel
    }

    /// Lines that were not written.
    struct LeftOut: Sendable {
        let line: Line
        let count: Int
    }

    private struct Key: Hashable {
        let message: UInt
        let module: ObjectIdentifier
    }

    private struct Entry {
        let line: Line
        var second: Int64
        var count = 0
        var leftOut = 0
    }

    private struct State {
        var entries: [Key: Entry] = [:]
        /// The second in which lines were last left out, while nobody was told of them.
        var owed: Int64?
    }

    /// How many of each are written in a second; 0 for all.
    private let most = Atomic<Int>(0)
    private let state = Guarded(State())

    var areCounted: Bool { most.load(ordering: .relaxed) > 0 }

    func set(_ most: Int) { self.most.store(max(0, most), ordering: .relaxed) }

    /// Counts a line: whether it is written, and which lines of earlier seconds were not.
    func count(_ line: Line, under threshold: LogThreshold, at time: Timestamp) -> (Bool, [LeftOut]) {
        let most = most.load(ordering: .relaxed)
        let second = time.milliseconds / 1000
        let message =
            line.message.hasPointerRepresentation ? unsafe UInt(bitPattern: line.message.utf8Start) : 0
        let key = Key(message: message, module: ObjectIdentifier(threshold))
        return state.withLock { state in
            let leftOut = Self.settle(&state, before: second)
            var entry = state.entries[key] ?? Entry(line: line, second: second)
            if entry.second != second {
                entry.second = second
                entry.count = 0
            }
            entry.count += 1
            let isWritten = most == 0 || entry.count <= most
            if !isWritten {
                entry.leftOut += 1
                state.owed = second
            }
            state.entries[key] = entry
            return (isWritten, leftOut)
        }
    }

    /// Takes what was left out in seconds that are over; all of it with `nil`.
    func leftOut(before time: Timestamp?) -> [LeftOut] {
        state.withLock { Self.settle(&$0, before: time.map { $0.milliseconds / 1000 }) }
    }

    private static func settle(_ state: inout State, before second: Int64?) -> [LeftOut] {
        // Another second and not a later one: the clock may have been set back.
        guard let owed = state.owed, owed != second else { return [] }
        state.owed = nil
        var leftOut: [LeftOut] = []
        for (key, entry) in state.entries where entry.leftOut > 0 {
            leftOut.append(LeftOut(line: entry.line, count: entry.leftOut))
            state.entries[key]?.leftOut = 0
        }
        return leftOut.sorted { $0.count > $1.count }
    }
}
