import Sound
import Tasks
import Testing
import Webhooks

extension LedgerStore {
    /// Runs a test with a fresh store of each kind.
    static func each(_ body: (Store) async throws -> Void) async throws {
        for store in all { try await store.run(body) }
    }
}

extension Ledger {
    func admit(_ record: TaskRecord, holder: LeaseHolder, messages: [OutboxMessage]) async throws {
        _ = try await admit(record, holder: holder, answer: nil, messages: messages)
    }

    /// As `admit`, for a client that may have everything.
    func admit(
        _ record: TaskRecord,
        holder: LeaseHolder,
        answer: FirstAnswer?,
        messages: [OutboxMessage]
    ) async throws(LedgerError) -> Admission {
        try await admit(record, holder: holder, answer: answer, messages: messages, within: ClientBounds())
    }
}

/// A message of a task, due from the start; its id is the task's and its number.
func message(
    _ number: Int,
    of task: String = "snd_1",
    at url: String? = nil,
    body: [UInt8] = [1, 0, 2]
) -> OutboxMessage {
    OutboxMessage(
        id: "\(task).\(number)",
        task: TaskID(rawValue: task),
        number: number,
        client: nil,
        url: url ?? "https://a.example/hook",
        type: "sound.queued",
        createdAt: start,
        body: body
    )
}

func ids(_ messages: [OutboxMessage]) -> [String] { messages.map(\.id) }

/// A change that ends a task and tells of it.
func ended(_ task: String, telling messages: [OutboxMessage]) throws -> TaskChange {
    var change = try admitted(task).ended().0
    change.messages = messages
    return change
}

/// Leases what is due for a minute.
func claim(
    _ outbox: any Outbox,
    limit: Int = 9,
    for holder: String = "a",
    now: Moment = start
) async throws -> [OutboxMessage] {
    let until = start.advanced(by: .seconds(60))
    return try await outbox.claimMessages(limit, for: holder, until: until, now: now, except: [])
}

/// Takes the next message and settles it, delivered if nothing else is said.
func settleNext(
    _ outbox: any Outbox,
    _ change: (inout OutboxMessage) -> Void = { $0.state = .delivered }
) async throws {
    var message = try #require(try await claim(outbox, limit: 1).first)
    change(&message)
    let isSettled = try await outbox.settleMessage(message, for: "a")
    #expect(isSettled)
}
