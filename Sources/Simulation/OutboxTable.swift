import EventLoop
import Sound
import Tasks
import Webhooks

/// The messages in the database: which are due, and who has them.
struct OutboxTable: Sendable {
    private struct Message: Sendable {
        let announcement: Announcement
        var tries = 0
        /// Until when somebody has it, in nanoseconds; `nil` when nobody has.
        var leasedUntil: UInt64?
        var isSettled = false
    }

    /// As the courier's: eight times what a call may take.
    private static let lease = Courier.Limits().total.wholeNanoseconds * 8

    private var messages: [Message] = []
    /// Messages of a task that are not settled, the next one first.
    private var lines: [UInt32: [Int]] = [:]
    private var due: [PackedDueHeap]
    private var leases = PackedDueHeap()
    private(set) var pending = 0

    init(hosts: Int) { due = Array(repeating: PackedDueHeap(), count: hosts) }

    mutating func add(_ announcement: Announcement, at instant: UInt64) {
        let number = messages.count
        messages.append(Message(announcement: announcement))
        pending += 1
        lines[announcement.task, default: []].append(number)
        if lines[announcement.task]?.count == 1 { due[announcement.host].push(UInt64(number), due: instant) }
    }

    /// Leases messages that are due, the longest due first; where there are none, says when the next one is.
    mutating func claim(
        _ limit: Int,
        except closed: Set<String>,
        at now: UInt64,
        _ codec: Codec
    ) -> (messages: [(number: Int, message: OutboxMessage)], next: Moment?) {
        while let number = leases.pop(until: now).map({ Int($0) }) {
            guard let until = messages[number].leasedUntil, until <= now else { continue }
            messages[number].leasedUntil = nil
            due[messages[number].announcement.host].push(UInt64(number), due: now)
        }
        let open = due.indices.filter { host in
            due[host].count > 0 && !closed.contains(codec.origins[host])
        }
        var taken: [(number: Int, message: OutboxMessage)] = []
        while taken.count < limit {
            let host = open.min { (due[$0].firstDue ?? .max, $0) < (due[$1].firstDue ?? .max, $1) }
            guard let host, let number = due[host].pop(until: now).map({ Int($0) }) else { break }
            messages[number].leasedUntil = now + Self.lease
            leases.push(UInt64(number), due: now + Self.lease)
            taken.append((number, message(number, codec)))
        }
        guard taken.isEmpty else { return (taken, nil) }
        let next = (open.compactMap { due[$0].firstDue } + [leases.firstDue].compactMap(\.self)).min()
        return ([], next.map(Codec.moment))
    }

    private func message(_ number: Int, _ codec: Codec) -> OutboxMessage {
        let known = messages[number].announcement
        var message = OutboxMessage(
            id: "evt_\(number)",
            task: codec.id(of: known.task),
            number: known.number,
            client: "client",
            url: codec.url(of: known.host),
            type: "sound",
            createdAt: known.createdAt,
            body: []
        )
        message.tries = messages[number].tries
        return message
    }

    /// Takes in what came of a try, or that there was none.
    mutating func settle(_ number: Int, _ settlement: Settlement) {
        guard !messages[number].isSettled, messages[number].leasedUntil != nil else { return }
        let known = messages[number].announcement
        messages[number].leasedUntil = nil
        messages[number].tries = settlement.tries
        let instant = UInt64(max(0, settlement.dueAt.milliseconds - Codec.epoch.milliseconds)) * 1_000_000
        guard !settlement.isPending else { return due[known.host].push(UInt64(number), due: instant) }
        messages[number].isSettled = true
        pending -= 1
        lines[known.task]?.removeFirst()
        if let next = lines[known.task]?.first {
            due[known.host].push(UInt64(next), due: instant)
        } else {
            lines[known.task] = nil
        }
    }
}
