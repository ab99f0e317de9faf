import Sound
import Threads
import Webhooks

/// An outbox in memory, with leases and an order as the ledger has them, which can be made to fail.
final class MemoryOutbox: Outbox {
    struct Broken: Error {}

    private struct Row {
        var message: OutboxMessage
        var holder: String?
        var until: Moment?
    }

    private struct State {
        var rows: [Row] = []
        var failing = 0
        var chance: Chance?
        var claims = 0
    }

    private let state = Guarded(State())

    /// Everything, in the order in which it was added.
    var all: [OutboxMessage] { state.withLock { $0.rows.map(\.message) } }
    /// Messages that somebody holds.
    var leased: [String] { state.withLock { $0.rows.filter { $0.holder != nil }.map(\.message.id) } }
    /// How often it was asked for work.
    var claims: Int { state.withLock { $0.claims } }

    func add(_ message: OutboxMessage) {
        state.withLock { $0.rows.append(Row(message: message, holder: nil, until: nil)) }
    }

    subscript(_ id: String) -> OutboxMessage? { all.first { $0.id == id } }

    /// Lets the next calls fail.
    func fail(_ count: Int) { state.withLock { $0.failing = count } }

    /// Lets calls fail by chance, now before and now after they have done their work; never again with `nil`.
    func fail(by chance: Chance?) { state.withLock { $0.chance = chance } }

    /// The lock of a process that died is gone, and with it its leases.
    func voidLeases() {
        state.withLock { state in
            for index in state.rows.indices { state.rows[index].holder = nil }
        }
    }

    private func change<Result>(_ body: (inout State) throws -> Result) throws -> Result {
        try state.withLock { state in
            if state.failing > 0 {
                state.failing -= 1
                throw Broken()
            }
            if state.chance?.hits(1, of: 4) == true { throw Broken() }
            let result = try body(&state)
            // It is done, and nobody learns of it.
            if state.chance?.hits(1, of: 8) == true { throw Broken() }
            return result
        }
    }

    /// Indexes of what waits for nothing but its time.
    private func waiting(_ state: State, except hosts: Set<String>) -> [Int] {
        state.rows.indices.filter { index in
            let message = state.rows[index].message
            let hasEarlier = state.rows.contains { other in
                other.message.task == message.task && other.message.number < message.number
                    && other.message.state == .pending
            }
            return message.state == .pending && !hosts.contains(message.host) && !hasEarlier
        }
    }

    func claimMessages(
        _ limit: Int,
        for holder: String,
        until: Moment,
        now: Moment,
        except hosts: Set<String>
    ) async throws -> [OutboxMessage] {
        try change { state in
            state.claims += 1
            let due = waiting(state, except: hosts).filter { index in
                let row = state.rows[index]
                return row.message.dueAt <= now && (row.holder == nil || (row.until ?? now) < now)
            }
            let chosen = due.sorted { state.rows[$0].message.dueAt < state.rows[$1].message.dueAt }.prefix(
                limit
            )
            for index in chosen {
                state.rows[index].holder = holder
                state.rows[index].until = until
            }
            return chosen.map { state.rows[$0].message }
        }
    }

    func nextMessageDue(except hosts: Set<String>) async throws -> Moment? {
        try change { state in
            waiting(state, except: hosts).map { index in
                let row = state.rows[index]
                return row.holder == nil ? row.message.dueAt : row.until ?? row.message.dueAt
            }.min()
        }
    }

    func settleMessage(_ message: OutboxMessage, for holder: String) async throws -> Bool {
        try change { state in
            guard
                let index = state.rows.firstIndex(where: {
                    $0.message.id == message.id && $0.holder == holder
                })
            else { return false }
            state.rows[index] = Row(message: message, holder: nil, until: nil)
            return true
        }
    }

    func message(_ id: String) async throws -> OutboxMessage? { self[id] }

    func messages(_ query: OutboxQuery) async throws -> [OutboxMessage] {
        Array(all.reversed().filter { query.state == nil || $0.state == query.state }.prefix(query.limit))
    }

    func resendMessage(_ id: String, now: Moment) async throws -> OutboxMessage? {
        try change { state in
            guard let index = state.rows.firstIndex(where: { $0.message.id == id }) else { return nil }
            if state.rows[index].message.state != .pending {
                state.rows[index].message.state = .pending
                state.rows[index].message.tries = 0
            }
            state.rows[index].message.dueAt = min(state.rows[index].message.dueAt, now)
            state.rows[index].message.settledAt = nil
            return state.rows[index].message
        }
    }
}
