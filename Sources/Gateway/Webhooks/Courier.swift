package import Crypto
package import EventLoop
package import HTTPClient
import HTTP
import Sound
package import Telemetry
import Threads
package import Timing

/// Brings messages from the outbox to their addresses, signed, until each is delivered or dead.
///
/// Pinned to one loop. It claims what is due, sends it, and stores what came of it; a crash in between means that the
/// message is sent again, with the same id. It sleeps until the next message comes due or somebody nudges it.
package actor Courier {
    /// What the courier works with.
    package struct Parts: Sendable {
        package var outbox: any Outbox
        package var client: HTTPClient
        package var time: any Timekeeper
        package var log: Log
        /// Where it is recorded how deliveries went.
        package var tracer = Tracer()
        /// What it begins with; see ``Courier/adopt(_:)``.
        package var settings = Settings()
        package var schedule = RetrySchedule()
        package var limits = Limits()
        /// What is measured of what it does.
        package var metrics = CourierMetrics()

        /// The parts of a courier, with the usual schedule and limits.
        package init(outbox: any Outbox, client: HTTPClient, time: any Timekeeper, log: Log) {
            self.outbox = outbox
            self.client = client
            self.time = time
            self.log = log
        }
    }

    /// What an operator may change while the courier is at work.
    package struct Settings: Sendable {
        /// What signs each client's messages, by its name; a client without keys gets them unsigned.
        package var keys: [String: [WebhookKey]] = [:]
        package var destinations = DestinationPolicy()

        /// Nobody signs, and messages go to public addresses alone.
        package init() {}
    }

    /// How much is done at once, and how long it may take.
    package struct Limits: Sendable {
        /// Calls under way.
        package var inFlight = 64
        /// Calls under way to one host.
        package var perHost = 4
        /// A whole call.
        package var total = Duration.seconds(15)

        /// The usual limits.
        package init() {}
    }

    nonisolated let loop: EventLoop
    package nonisolated let parts: Parts
    private nonisolated let heldSettings: Guarded<Settings>
    nonisolated let holder = Hex.encode(randomBytes(8))

    /// How many messages are claimed at once.
    package static let batch = 16
    /// How much of an answer is read.
    static let answerBytes = 64 << 10
    /// What is due and was not given to us would be asked for again and again without it.
    package static let shortestSleep = Duration.milliseconds(10)
    private static let shortestPause = Duration.milliseconds(250)
    private static let longestPause = Duration.seconds(30)

    /// The clocks when it was made.
    private let began: (moment: Moment, instant: UInt64)
    var hosts: HostBook
    /// Messages that are leased to us, until what came of them is stored.
    var held: Set<String> = []
    /// Messages that are being sent, or whose outcome is being stored.
    var flights: [String: Task<Void, Never>] = [:]
    /// Tasks whose receiver has said that it is gone.
    ///
    /// In memory alone: after a restart the receiver may say it once more.
    var gone: Set<TaskID> = []
    private var isLooking = false
    private var isNudged = false
    private var claimPause = Courier.shortestPause
    /// Work besides flights that has to end before the courier has stopped.
    private var errands = 0
    /// Times for which a wake-up is under way, each earlier than the one before it.
    private var armed: [UInt64] = []
    private var sleepers: [Int: CheckedContinuation<Void, Never>] = [:]
    private var lastSleeper = 0
    private var isStopping = false
    /// When a stopping courier gives up on the outbox, in monotonic nanoseconds.
    private var stopsAt = UInt64.max
    private var stopping: [CheckedContinuation<Void, Never>] = []

    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// A courier on a loop, which rests until it is nudged.
    package init(loop: EventLoop, parts: Parts) {
        self.loop = loop
        self.parts = parts
        heldSettings = Guarded(parts.settings)
        began = (parts.time.moment, parts.time.instant)
        hosts = HostBook(perHost: parts.limits.perHost)
    }

    // MARK: From outside

    /// Makes it look for messages that are due: at the start, and whenever some have been added.
    package nonisolated func nudge() { loop.execute { self.assumeIsolated { $0.look() } } }

    /// What it goes by now.
    package nonisolated var settings: Settings { heldSettings.withLock { $0 } }

    /// Goes by other settings from the next try on.
    package nonisolated func adopt(_ settings: Settings) { heldSettings.withLock { $0 = settings } }

    /// Tells it that somebody wants a message to be sent again, whatever its receiver has said.
    package nonisolated func resent(_ message: OutboxMessage) {
        loop.execute {
            self.assumeIsolated { courier in
                courier.gone.remove(message.task)
                courier.look()
            }
        }
    }

    /// Begins nothing new from now on.
    package func beginStopping() {
        guard !isStopping else { return }
        isStopping = true
        for message in hosts.clearLines() { giveBackLater(message) }
        for token in Array(sleepers.keys) { wake(token) }
    }

    /// Lets what is under way come to its end, and cuts off what has not after `limit`; every lease is given back.
    package func stop(within limit: Duration) async {
        beginStopping()
        stopsAt = parts.time.instant &+ limit.wholeNanoseconds
        parts.time.wake(on: loop, after: limit) {
            self.assumeIsolated { courier in
                for flight in courier.flights.values { flight.cancel() }
                for token in Array(courier.sleepers.keys) { courier.wake(token) }
            }
        }
        await withCheckedContinuation { continuation in
            // Asked here and not before: until a continuation is made, other work may go on.
            if hasStopped { continuation.resume() } else { stopping.append(continuation) }
        }
    }

    private var hasStopped: Bool { flights.isEmpty && errands == 0 }

    func tellIfStopped() {
        guard isStopping, hasStopped else { return }
        for continuation in stopping { continuation.resume() }
        stopping = []
    }

    // MARK: Claiming

    /// Looks for what is due, once at a time.
    func look() {
        guard !isStopping else { return }
        guard !isLooking else { return isNudged = true }
        isLooking = true
        run {
            await $0.claimWhatIsDue()
            $0.isLooking = false
            // Between its last look and here somebody may have nudged it, or its time have come.
            if $0.isNudged { $0.look() }
        }
    }

    private func claimWhatIsDue() async {
        repeat {
            isNudged = false
            // Whoever lands looks again.
            let room = parts.limits.inFlight - flights.count
            guard room > 0 else { return }
            let (now, instant) = (now, parts.time.instant)
            let closed = hosts.closed(at: instant)
            do {
                let messages = try await parts.outbox.claimMessages(
                    min(room, Self.batch),
                    for: holder,
                    until: now.advanced(by: lease),
                    now: now,
                    except: closed
                )
                if messages.isEmpty {
                    let next = try await parts.outbox.nextMessageDue(except: closed)
                    claimPause = Self.shortestPause
                    // As it was when these hosts were left out: one that has opened since has not been asked for.
                    sleep(until: next, orOpening: hosts.opening(at: instant))
                    if !isNudged { return }
                }
                for message in messages { await accept(message) }
            } catch {
                parts.log(.error, "the outbox cannot be read", ["reason": "\(error)"])
                arm(after: claimPause)
                claimPause = min(claimPause * 2, Self.longestPause)
                return
            }
        } while !isStopping
    }

    /// Long enough for everything ahead in a host's line, and then some.
    private var lease: Duration { parts.limits.total * 8 }

    private func accept(_ message: OutboxMessage) async {
        // Its lease had run out while its outcome waits to be stored, and is ours again.
        guard held.insert(message.id).inserted else { return }
        if isStopping { return await giveBack(message) }
        if gone.contains(message.task) { return work(on: message) { await $0.giveUpAsGone(message) } }
        switch hosts.admit(message, at: parts.time.instant) {
        case .fly: fly(message)
        case .waitInLine: break
        case .giveBack: await giveBack(message)
        }
    }

    private func fly(_ message: OutboxMessage) { work(on: message) { await $0.deliver(message) } }

    private func work(on message: OutboxMessage, _ body: @escaping (isolated Courier) async -> Void) {
        flights[message.id] = Task {
            await body(self)
            flights[message.id] = nil
            look()
            tellIfStopped()
        }
    }

    /// Takes the next ones out of a host's line when a call there has ended.
    func land(_ host: String, isWell: Bool?) {
        let now = parts.time.instant
        let next = hosts.landed(host, isWell: isWell, at: now)
        if next.hasOpened {
            parts.log(
                .warning,
                "a host of webhooks keeps failing and is left alone for a while",
                ["host": "\(host)"]
            )
        }
        for message in next.fly { fly(message) }
        for message in next.giveBack { giveBackLater(message) }
        look()
    }

    // MARK: Storing

    /// Stores what came of a message, and tries that again until it is stored: what was sent shall not be sent twice.
    func store(_ message: OutboxMessage) async {
        var pause = Self.shortestPause
        while true {
            do {
                let isOurs = try await parts.outbox.settleMessage(message, for: holder)
                if !isOurs { parts.log(.debug, "a webhook's lease was lost", message.about()) }
                break
            } catch {
                parts.log(
                    .error,
                    "what came of a webhook cannot be stored",
                    message.about(["reason": "\(error)"])
                )
            }
            guard !isStopping || parts.time.instant < stopsAt else { break }
            await sleep(isStopping ? min(pause, .seconds(1)) : pause)
            pause = min(pause * 2, Self.longestPause)
        }
        held.remove(message.id)
    }

    /// Gives a lease back and leaves the message as it was; one that cannot be given back runs out.
    func giveBack(_ message: OutboxMessage) async {
        do {
            _ = try await parts.outbox.settleMessage(message, for: holder)
        } catch {
            parts.log(.debug, "a webhook's lease cannot be given back", message.about(["reason": "\(error)"]))
        }
        held.remove(message.id)
    }

    private func giveBackLater(_ message: OutboxMessage) { run { await $0.giveBack(message) } }

    // MARK: Time

    /// The time by which messages come due.
    ///
    /// The wall clock, but it goes on as before when that is put back: nobody shall wait for an hour twice.
    var now: Moment {
        let passed = Duration.nanoseconds(Int64(clamping: parts.time.instant &- began.instant))
        return max(parts.time.moment, began.moment.advanced(by: passed))
    }

    /// Runs work of the courier's own; stopping waits for it.
    private func run(_ work: @escaping (isolated Courier) async -> Void) {
        errands += 1
        Task {
            await work(self)
            errands -= 1
            tellIfStopped()
        }
    }

    /// Wakes for the next message, or for a host that may be tried again before.
    private func sleep(until next: Moment?, orOpening opening: Duration?) {
        let now = now
        let due = next.map { Duration.milliseconds($0.milliseconds - now.milliseconds) }
        if let first = [due, opening].compactMap(\.self).min() { arm(after: max(first, Self.shortestSleep)) }
    }

    private func arm(after span: Duration) {
        let due = parts.time.instant &+ span.wholeNanoseconds
        guard due < armed.last ?? .max else { return }
        armed.append(due)
        parts.time.wake(on: loop, after: span) {
            self.assumeIsolated { courier in
                courier.armed.removeAll { $0 == due }
                courier.look()
            }
        }
    }

    /// Suspends for a span, or until the courier stops.
    private func sleep(_ span: Duration) async {
        lastSleeper += 1
        let token = lastSleeper
        await withCheckedContinuation { continuation in
            // Who comes too late for the last call would sleep through it.
            guard !isStopping || parts.time.instant < stopsAt else { return continuation.resume() }
            sleepers[token] = continuation
            parts.time.wake(on: loop, after: span) { self.assumeIsolated { $0.wake(token) } }
        }
    }

    private func wake(_ token: Int) { sleepers.removeValue(forKey: token)?.resume() }
}
