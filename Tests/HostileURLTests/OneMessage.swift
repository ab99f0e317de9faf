import Sound
import Threads
import Webhooks

/// An outbox with one message, which remembers how its one try ended.
final class OneMessage: Outbox {
    private struct State {
        var message: OutboxMessage
        var isClaimed = false
        var waiters: [CheckedContinuation<OutboxMessage, Never>] = []
        var isSettled = false
    }

    private let state: Guarded<State>

    init(to url: String) {
        state = Guarded(
            State(
                message: OutboxMessage(
                    id: "evt_1",
                    task: TaskID(rawValue: "snd_1"),
                    number: 1,
                    client: "game",
                    url: url,
                    type: "sound.succeeded",
                    createdAt: Moment(milliseconds: 0),
                    body: Array("{}".utf8)
                )
            )
        )
    }

    /// The message once it has been tried.
    func settled() async -> OutboxMessage {
        await withCheckedContinuation { continuation in
            let message = state.withLock { state -> OutboxMessage? in
                if state.isSettled { return state.message }
                state.waiters.append(continuation)
                return nil
            }
            if let message { continuation.resume(returning: message) }
        }
    }

    func claimMessages(
        _ limit: Int,
        for holder: String,
        until: Moment,
        now: Moment,
        except hosts: Set<String>
    ) async throws -> [OutboxMessage] {
        state.withLock { state in
            guard !state.isClaimed else { return [] }
            state.isClaimed = true
            return [state.message]
        }
    }

    func nextMessageDue(except hosts: Set<String>) async throws -> Moment? { nil }

    func settleMessage(_ message: OutboxMessage, for holder: String) async throws -> Bool {
        let waiters = state.withLock { state in
            state.message = message
            state.isSettled = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume(returning: message) }
        return true
    }

    func message(_ id: String) async throws -> OutboxMessage? { nil }
    func messages(_ query: OutboxQuery) async throws -> [OutboxMessage] { [] }
    func resendMessage(_ id: String, now: Moment) async throws -> OutboxMessage? { nil }
}
