package import Sound
import Threads

/// The committed state of tasks that are under way or have just ended, readable from any thread.
///
/// What stands here is in the ledger. A task that is not here is asked of the ledger.
package final class TaskBoard: Sendable {
    /// By reference: a table of large values would be copied whole, under the lock, each time it grows.
    private final class Snapshot: Sendable {
        let record: TaskRecord
        init(_ record: TaskRecord) { self.record = record }
    }

    private struct State {
        var records: [TaskID: Snapshot] = [:]
        /// Ended tasks in the order of their end, the oldest to go first.
        var ended: [TaskID] = []
        var tickets: [TaskID: Ticket] = [:]
        var served: [String: Int] = [:]
        var paces: [String: Pace] = [:]
        /// Operations that had better not be called.
        var troubles: [RouteName: Trouble] = [:]
        /// Tasks of each client that have not ended.
        var unfinished: [String: Int] = [:]
        /// The progress of tasks of other gateways that somebody here waits for.
        var elsewhere: [TaskID: Double] = [:]
        /// Tasks in each status that have not ended.
        var statuses: [TaskStatus: Int] = [:]

        mutating func count(_ record: TaskRecord, _ change: Int) {
            guard let client = record.client else { return }
            let count = (unfinished[client] ?? 0) + change
            unfinished[client] = count > 0 ? count : nil
        }

        mutating func move(from before: TaskStatus?, to after: TaskStatus?) {
            guard before != after else { return }
            if let before, !before.hasEnded { statuses[before, default: 0] -= 1 }
            if let after, !after.hasEnded { statuses[after, default: 0] += 1 }
        }
    }

    private struct Ticket {
        let provider: String
        let number: Int
    }

    /// How fast a provider's line moves.
    private struct Pace {
        /// How long a place is held, on the average.
        let held: Duration
        let places: Int
    }

    /// Why an operation had better not be called for a while.
    package enum Trouble: Sendable, Equatable {
        /// Its calls fail again and again, by the vendor's fault; it is left alone until then.
        case failing(until: UInt64)
        /// The vendor takes none of the keys.
        case keysRefused
        /// No account has money; one is tried again then.
        case outOfCredit(until: UInt64)

        /// When it is over by itself, in monotonic nanoseconds; `nil` for never.
        var until: UInt64? {
            switch self {
            case .failing(let until), .outOfCredit(let until): until
            case .keysRefused: nil
            }
        }
    }

    private let state = Guarded(State())
    private let keptEnded: Int

    /// A board that keeps so many ended tasks at hand.
    package init(keptEnded: Int = 1000) { self.keptEnded = keptEnded }

    /// A task's state, if it is at hand.
    package func record(_ id: TaskID) -> TaskRecord? { state.withLock { $0.records[id] }?.record }

    /// The progress of a task of another gateway, as that one has told of it.
    func progressElsewhere(of id: TaskID) -> Double? { state.withLock { $0.elsewhere[id] } }

    /// Takes in the progress of a task of another gateway; `nil` when nobody waits for it any more.
    func note(progressElsewhere progress: Double?, of id: TaskID) {
        state.withLock { $0.elsewhere[id] = progress }
    }

    /// How many tasks have not ended.
    package var unfinished: Int { state.withLock { $0.records.count - $0.ended.count } }

    /// How many tasks of a client have not ended.
    package func unfinished(of client: String) -> Int { state.withLock { $0.unfinished[client] ?? 0 } }

    /// How many tasks stand in each status, of those that have not ended.
    package var unfinishedByStatus: [TaskStatus: Int] { state.withLock(\.statuses) }

    /// A waiting task's place in line, from 1.
    package func position(_ id: TaskID) -> Int? {
        state.withLock { state in
            state.tickets[id].map { max(1, $0.number - (state.served[$0.provider] ?? 0)) }
        }
    }

    /// How long a waiting task's end is off, as its line has moved so far; `nil` while nothing is known of the pace.
    package func expectedEnd(_ id: TaskID) -> Duration? {
        state.withLock { state in
            guard let ticket = state.tickets[id], let pace = state.paces[ticket.provider], pace.places > 0
            else { return nil }
            let position = max(1, ticket.number - (state.served[ticket.provider] ?? 0))
            return pace.held * (Double(position) / Double(pace.places) + 1)
        }
    }

    func moves(_ provider: String, held: Duration, places: Int) {
        state.withLock { $0.paces[provider] = Pace(held: held, places: places) }
    }

    /// The operations that had better not be called at a monotonic time.
    package func troubles(at now: UInt64) -> [RouteName: Trouble] {
        let troubles = state.withLock { $0.troubles }
        return troubles.isEmpty ? [:] : troubles.filter { $0.value.until.map { now < $0 } ?? true }
    }

    func tell(_ trouble: Trouble?, of name: RouteName) { state.withLock { $0.troubles[name] = trouble } }

    /// Makes a task's state known; the result is what was known of it before.
    @discardableResult
    func publish(_ record: TaskRecord) -> TaskRecord? {
        let snapshot = Snapshot(record)
        return state.withLock { state in
            let known = state.records.updateValue(snapshot, forKey: record.id)
            state.move(from: known?.record.status, to: record.status)
            if known == nil, !record.status.hasEnded { state.count(record, 1) }
            guard record.status.hasEnded, known?.record.status.hasEnded != true else { return known?.record }
            if known != nil { state.count(record, -1) }
            state.tickets[record.id] = nil
            state.ended.append(record.id)
            guard state.ended.count >= 2 * keptEnded, keptEnded > 0 else { return known?.record }
            for id in state.ended.prefix(state.ended.count - keptEnded) { state.records[id] = nil }
            state.ended.removeFirst(state.ended.count - keptEnded)
            return known?.record
        }
    }

    func forget(_ id: TaskID) {
        state.withLock { state in
            guard let known = state.records.removeValue(forKey: id) else { return }
            state.tickets[id] = nil
            state.move(from: known.record.status, to: nil)
            if !known.record.status.hasEnded { return state.count(known.record, -1) }
            state.ended.removeAll { $0 == id }
        }
    }

    func queued(_ id: TaskID, provider: String, ticket: Int) {
        state.withLock { $0.tickets[id] = Ticket(provider: provider, number: ticket) }
    }

    func turned(_ id: TaskID, provider: String, served: Int) {
        state.withLock { state in
            state.tickets[id] = nil
            state.served[provider] = served
        }
    }
}
