import Glibc
package import Threads

/// How much room is left on the disks that the gateway writes to, looked up at most once a second.
///
/// A part of each disk is kept for what has been accepted already. As the room goes, new tasks are refused first, then no
/// calls are begun, then no audio is taken; the rest is for the ledger, which must be able to say how everything ended.
package final class DiskRoom: Sendable {
    /// What there is room for.
    package enum Level: Int, Comparable, Sendable, CaseIterable {
        /// Nothing at all: a disk is mounted read-only.
        case nothing
        /// Nothing but the ledger: less than an eighth of the reserve is left.
        case ledger
        /// The audio of calls that have been made, but no further calls: less than half of the reserve is left.
        case audio
        /// Whatever the tasks need that are there, but no further tasks: the reserve is begun.
        case calls
        /// New tasks.
        case tasks

        package static func < (a: Level, b: Level) -> Bool { a.rawValue < b.rawValue }
    }

    /// A disk's size and what of it may still be written, in bytes.
    package struct Space: Sendable, Equatable {
        package let free: UInt64
        package let total: UInt64
        package let isReadOnly: Bool

        /// A disk's numbers.
        package init(free: UInt64, total: UInt64, isReadOnly: Bool = false) {
            self.free = free
            self.total = total
            self.isReadOnly = isReadOnly
        }

        /// `ST_RDONLY`, which Swift does not see.
        private static let readOnly: UInt = 1

        /// Asks the system about the disk under a path; `nil` when it does not tell.
        ///
        /// Blocks. A quota need not show here: then the first write that fails tells.
        package init?(at path: String) {
            var status = statvfs()
            // A file system of no size (some that are made of programs) keeps no count.
            guard statvfs(path, &status) == 0, status.f_blocks > 0 else { return nil }
            free = UInt64(status.f_bavail) * UInt64(status.f_frsize)
            total = UInt64(status.f_blocks) * UInt64(status.f_frsize)
            isReadOnly = status.f_flag & Self.readOnly != 0
        }
    }

    private struct State {
        var level: Level
        var seen: ContinuousClock.Instant
        var isLooking = false
        /// What the disks had then, in the order of their paths; `nil` for one that did not tell.
        var spaces: [Space?] = []
    }

    private let paths: [String]
    private let reserve: UInt64
    private let freshFor: Duration
    private let measure: @Sendable (String) -> Space?
    private let onChange: @Sendable (Level) -> Void
    private let pool: WorkerPool
    private let state: Guarded<State>

    /// Looks at the disks once, and again when it is asked.
    ///
    /// - Parameters:
    ///   - paths: what stands on the disks; it must be there.
    ///   - reserve: bytes kept on each disk, but never more than a tenth of it; 0 for none.
    ///   - pool: where looking may block, and nobody else has to wait.
    ///   - freshFor: how long a look is good.
    ///   - measure: how to look at a disk.
    ///   - onChange: told of each new level, on the pool's thread.
    package init(
        paths: [String],
        reserve: Int,
        pool: WorkerPool,
        freshFor: Duration = .seconds(1),
        measure: @escaping @Sendable (String) -> Space? = { Space(at: $0) },
        onChange: @escaping @Sendable (Level) -> Void = { _ in }
    ) {
        self.paths = paths
        self.reserve = UInt64(max(reserve, 0))
        self.pool = pool
        self.freshFor = freshFor
        self.measure = measure
        self.onChange = onChange
        state = Guarded(State(level: .tasks, seen: .now))
        takeIn(measureAll())
    }

    /// What the disks had when somebody last looked, in the order of their paths; `nil` for one that did not tell.
    package var spaces: [Space?] { state.withLock(\.spaces) }

    /// What there is room for as far as is known; begins a new look when the last one is old.
    package var known: Level {
        let (level, isDue) = claim()
        if isDue { pool.submit { self.takeIn(self.measureAll()) } }
        return level
    }

    /// What there is room for, as it was a second ago at most; while somebody looks, the others get what he saw last.
    package func look() async -> Level {
        let (level, isDue) = claim()
        guard isDue else { return level }
        return await withCheckedContinuation { continuation in
            pool.submit {
                continuation.resume(returning: self.takeIn(self.measureAll()))
            }
        }
    }

    private func claim() -> (Level, isDue: Bool) {
        let now = ContinuousClock.now
        return state.withLock { state in
            let isDue = !state.isLooking && now - state.seen >= freshFor
            if isDue { state.isLooking = true }
            return (state.level, isDue)
        }
    }

    private func measureAll() -> [Space?] { paths.map(measure) }

    @discardableResult
    private func takeIn(_ spaces: [Space?]) -> Level {
        let level = level(spaces)
        let isNew = state.withLock { state in
            defer { state = State(level: level, seen: .now, spaces: spaces) }
            return state.level != level
        }
        if isNew { onChange(level) }
        return level
    }

    /// The least of what the disks have room for.
    private func level(_ spaces: [Space?]) -> Level {
        spaces.compactMap(\.self).map { space in
            let reserve = min(reserve, space.total / 10)
            return if space.isReadOnly {
                .nothing
            } else if space.free >= reserve {
                .tasks
            } else if space.free >= reserve / 2 {
                .calls
            } else if space.free >= reserve / 8 {
                .audio
            } else {
                .ledger
            }
        }.min() ?? .tasks
    }
}
