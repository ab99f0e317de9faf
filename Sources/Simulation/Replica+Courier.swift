import EventLoop
import Sound
import Tasks
import Timing
import Webhooks

/// What the courier of a gateway has in hand.
struct CourierBook {
    let limits = Courier.Limits()
    let schedule = RetrySchedule()
    var hosts: HostBook
    /// Messages that are being sent, or whose outcome is being stored, by their number in the outbox.
    var flights: [Int: Try] = [:]
    /// Messages that are leased to it.
    var held: [Int: OutboxMessage] = [:]
    /// Messages of changes that are being stored.
    var expectsNews = false
    var isLooking = false
    var isNudged = false
    var armed: UInt64?

    init() { hosts = HostBook(perHost: limits.perHost) }
}

/// Bringing messages to their addresses, as the courier does.
extension Replica {
    func look() {
        courier.expectsNews = false
        if let armed = courier.armed, armed <= now { courier.armed = nil }
        guard !courier.isLooking else { return courier.isNudged = true }
        courier.isLooking = true
        claimMessages()
    }

    private func claimMessages() {
        courier.isNudged = false
        let room = courier.limits.inFlight - courier.flights.count
        guard room > 0 else { return courier.isLooking = false }
        ask(.messages(limit: min(room, Courier.batch), except: courier.hosts.closed(at: now)))
    }

    func claimed(_ messages: [(number: Int, message: OutboxMessage)], next: Moment?) {
        guard messages.isEmpty else {
            for (number, message) in messages { accept(number, message) }
            return claimMessages()
        }
        rest(until: next)
        if courier.isNudged { claimMessages() } else { courier.isLooking = false }
    }

    /// Wakes for the next message, or for a host that may be tried again before.
    private func rest(until next: Moment?) {
        let due = next.map { Duration.milliseconds($0.milliseconds - Codec.moment(now).milliseconds) }
        let opening = courier.hosts.opening(at: now)
        guard let first = [due, opening].compactMap(\.self).min() else { return }
        let span = max(first, Courier.shortestSleep)
        let at = now &+ span.wholeNanoseconds
        guard at < courier.armed ?? .max else { return }
        courier.armed = at
        push(.courier, after: span)
    }

    private func accept(_ number: Int, _ message: OutboxMessage) {
        courier.held[number] = message
        switch courier.hosts.admit(message, at: now) {
        case .fly: fly(number, message)
        case .waitInLine: break
        case .giveBack: ask(.settle(message: number, Settlement(message)))
        }
    }

    private func fly(_ number: Int, _ message: OutboxMessage) {
        tally.hooks += 1
        if message.tries == 0 {
            let late = Codec.moment(now).milliseconds - message.createdAt.milliseconds
            tally.hookLag.add(UInt64(max(late, 0)) * 1_000_000)
        }
        let isDead = codec.host(of: codec.task(of: message.task)).map { $0 < parameters.deadHosts } ?? false
        let outcome: Try
        let span: UInt64
        if isDead {
            outcome = .failed("no answer in time", isHosts: true)
            span = courier.limits.total.wholeNanoseconds
        } else {
            outcome = .answered(draws.happens(parameters.webhookFailures) ? 500 : 204)
            span = draws.span(parameters.latency, parameters.latencySpread)
        }
        courier.flights[number] = outcome
        expect(.landed(UInt32(clamping: number)), at: now + span)
    }

    /// A call to an address has ended.
    func landed(_ number: Int) {
        guard let outcome = courier.flights[number], var message = courier.held[number] else { return }
        let next = courier.hosts.landed(message.host, isWell: outcome.isHostWell, at: now)
        message.take(outcome, at: Codec.moment(now), by: courier.schedule)
        if message.state == .delivered {
            tally.delivered += 1
            let late = Codec.moment(now).milliseconds - message.createdAt.milliseconds
            tally.deliveryLag.add(UInt64(max(late, 0)) * 1_000_000)
        }
        if message.state == .dead { tally.dead += 1 }
        for message in next.fly { if let number = Self.number(of: message) { fly(number, message) } }
        for message in next.giveBack {
            if let number = Self.number(of: message) { ask(.settle(message: number, Settlement(message))) }
        }
        ask(.settle(message: number, Settlement(message)))
        look()
    }

    /// What came of a message is stored, or it was given back.
    func settled(_ number: Int) {
        courier.held[number] = nil
        guard courier.flights.removeValue(forKey: number) != nil else { return }
        look()
    }

    private static func number(of message: OutboxMessage) -> Int? { Int(message.id.dropFirst(4)) }
}
