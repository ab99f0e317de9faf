package import Sound
package import Webhooks

/// Writes what a webhook address is told of a task's milestone; the last argument is the place in line, where known.
package typealias Announcing = @Sendable (TaskRecord, Milestone, _ queuePosition: Int?) -> [UInt8]

/// What webhook addresses are to be told: made from the milestones that a change brings about, and stored with it.
extension Engine {
    /// The next durable change of a task, with the messages that it brings about.
    func takeChange(of id: TaskID) -> TaskChange? {
        guard let task = live[id], var change = task.machine.takeChange() else { return nil }
        guard change.record.request.webhookURL != nil else { return change }
        change.messages = messages(of: change.record, beyond: task.told)
        task.told.formUnion(change.record.milestones.map(\.id))
        return change
    }

    /// A message for each milestone of a task that has not been told yet, in order; none without an address.
    ///
    /// Ids follow from the task and the milestone alone: whoever made one again after a crash would make the same.
    /// Milestones are never taken back, so the place among them is the message's place among those of its task.
    nonisolated func messages(of record: TaskRecord, beyond told: Set<String>) -> [OutboxMessage] {
        guard let announce = settings.announce else { return [] }
        return Self.messages(of: record, beyond: told) { milestone in
            announce(record, milestone, board.position(record.id))
        }
    }

    /// The same, with bodies from whoever writes them.
    package static func messages(
        of record: TaskRecord,
        beyond told: Set<String>,
        body: (Milestone) -> [UInt8]
    ) -> [OutboxMessage] {
        guard let url = record.request.webhookURL else { return [] }
        let new = record.milestones.filter { !told.contains($0.id) }
        return new.enumerated().map { offset, milestone in
            var message = OutboxMessage(
                id: messageID(of: milestone, of: record.id),
                task: record.id,
                number: told.count + offset + 1,
                client: record.client,
                url: url,
                type: milestone.type,
                createdAt: milestone.moment,
                body: body(milestone)
            )
            message.provenance = record.provenance
            return message
        }
    }

    private static func messageID(of milestone: Milestone, of task: TaskID) -> String {
        // Without the prefix of tasks.
        let tail = task.rawValue.drop { $0 != "_" }.dropFirst()
        return "evt_\(tail.isEmpty ? task.rawValue[...] : tail)_\(milestone.id)"
    }
}
