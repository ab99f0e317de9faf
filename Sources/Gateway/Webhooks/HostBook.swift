import EventLoop
import Timing

/// How the courier stands with each host: what is under way there, what waits in line, and whether it is of any use.
///
/// Pure bookkeeping over monotonic nanoseconds.
package struct HostBook: Sendable {
    private struct Entry: Sendable {
        var flights = 0
        var line: [OutboxMessage] = []
        var breaker = Breaker()
        var usedAt: UInt64 = 0

        var isIdle: Bool { flights == 0 && line.isEmpty }
    }

    /// What is to be done with a message that was claimed.
    package enum Admission: Sendable { case fly, waitInLine, giveBack }

    /// Hosts that are remembered only because they failed once.
    private static let remembered = 1024

    private let perHost: Int
    private var entries: [String: Entry] = [:]

    /// A book for at most so many calls to a host at once.
    package init(perHost: Int) { self.perHost = perHost }

    /// Hosts from which nothing more is to be claimed for now.
    package func closed(at now: UInt64) -> Set<String> {
        Set(entries.filter { isClosed($0.value, now) }.keys)
    }

    /// How long until the first host that has failed may be tried; `nil` when none waits for that.
    package func opening(at now: UInt64) -> Duration? {
        entries.values.filter { $0.flights == 0 }.map { $0.breaker.wait(at: now) }.filter { $0 > .zero }.min()
    }

    private func isClosed(_ entry: Entry, _ now: UInt64) -> Bool {
        entry.flights + entry.line.count >= perHost || entry.breaker.wait(at: now) > .zero
    }

    /// Finds a place for a message; one that may fly must be followed by ``landed(_:isWell:at:)``.
    package mutating func admit(_ message: OutboxMessage, at now: UInt64) -> Admission {
        var entry = entries[message.host] ?? Entry()
        defer { entries[message.host] = entry }
        entry.usedAt = now
        if entry.flights < perHost, entry.line.isEmpty {
            guard entry.breaker.admits(at: now) else { return .giveBack }
            entry.flights += 1
            return .fly
        }
        // A line is short, for each message in it is leased meanwhile.
        guard entry.line.count < 3 * perHost, entry.breaker.state(at: now) == .closed else {
            return .giveBack
        }
        entry.line.append(message)
        return .waitInLine
    }

    /// Takes in how a call ended; the result is the messages that may fly now, and those that are to be given back.
    package mutating func landed(
        _ host: String,
        isWell: Bool?,
        at now: UInt64
    ) -> (fly: [OutboxMessage], giveBack: [OutboxMessage], hasOpened: Bool) {
        guard var entry = entries[host] else { return ([], [], false) }
        entry.flights -= 1
        entry.usedAt = now
        var hasOpened = false
        switch isWell {
        case true: entry.breaker.succeeded()
        case false: hasOpened = entry.breaker.failed(at: now)
        case nil: entry.breaker.abandoned()
        }
        var fly: [OutboxMessage] = []
        while entry.flights < perHost, !entry.line.isEmpty, entry.breaker.admits(at: now) {
            fly.append(entry.line.removeFirst())
            entry.flights += 1
        }
        var giveBack: [OutboxMessage] = []
        if entry.breaker.state(at: now) != .closed { swap(&giveBack, &entry.line) }
        entries[host] = entry.isIdle && entry.breaker == Breaker() ? nil : entry
        forgetOldest()
        return (fly, giveBack, hasOpened)
    }

    /// Empties every line.
    mutating func clearLines() -> [OutboxMessage] {
        var messages: [OutboxMessage] = []
        for host in Array(entries.keys) {
            messages += entries[host]?.line ?? []
            entries[host]?.line = []
        }
        return messages
    }

    private mutating func forgetOldest() {
        guard entries.count > Self.remembered else { return }
        let idle = entries.filter(\.value.isIdle).sorted { $0.value.usedAt < $1.value.usedAt }
        for (host, _) in idle.prefix(Self.remembered / 2) { entries[host] = nil }
    }
}
