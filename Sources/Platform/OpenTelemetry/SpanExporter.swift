package import Crypto
package import EventLoop
import HTTP
package import HTTPClient
package import Telemetry
import Threads

/// Brings ended spans to a collector, by OTLP over HTTP in JSON.
///
/// Pinned to one loop, and out of everybody's way: it looks when a batch has come, or a while after the first span. While
/// the collector is away it asks again at longer and longer pauses; what waits is bounded by the buffer, where the newest
/// spans take the place of the oldest.
package actor SpanExporter {
    /// Where spans go.
    package struct Settings: Sendable, Equatable {
        /// What spans are told under.
        package var service: String
        /// The whole URL, as `https://collector.example/v1/traces`.
        package var endpoint: String
        /// Fields of each request, by their names; keys as a rule.
        package var fields: [String: Secret<String>]
        /// A PEM file with the authorities that may vouch for the collector; `nil` for the system's.
        package var authorities: String?

        /// A collector by its URL.
        package init(
            service: String,
            endpoint: String,
            fields: [String: Secret<String>] = [:],
            authorities: String? = nil
        ) {
            self.service = service
            self.endpoint = endpoint
            self.fields = fields
            self.authorities = authorities
        }
    }

    /// How it goes about it.
    package struct Pace: Sendable {
        /// The most spans in one request.
        package var batch = 256
        /// How long a span waits for others at most.
        package var interval = Duration.seconds(2)
        /// The first pause after a failure; it doubles up to `longestPause`.
        package var firstPause = Duration.seconds(1)
        package var longestPause = Duration.seconds(60)
        /// The most that is waited because the collector asks for it.
        package var longestWish = Duration.seconds(300)
        /// A whole request.
        package var total = Duration.seconds(10)
        /// How often the log is told that the collector is still away.
        package var reminder = Duration.seconds(600)
        /// Suspends for a span, or until the task is cancelled.
        package var sleep: @Sendable (Duration) async -> Void = { span in
            do { try await Task.sleep(for: span) } catch { return }
        }

        /// The usual pace.
        package init() {}
    }

    private enum Answer {
        case taken(rejected: Int)
        case refused(String)
        case later(String, wish: Duration?)
    }

    nonisolated let loop: EventLoop
    private nonisolated let spans: SpanBuffer
    private nonisolated let held = Guarded<Settings?>(nil)
    private let client: any HTTPTransport
    private let process: Process
    private let pace: Pace
    private let log: Log

    private var isArmed = false
    private var isStopping = false
    private var sending: Task<Void, Never>?
    private var pause: Task<Void, Never>?
    /// When it was last said that the collector is away, in monotonic nanoseconds.
    private var toldAt: UInt64?

    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// An exporter of what is in the buffer; it rests until it has settings.
    package init(
        _ spans: SpanBuffer,
        loop: EventLoop,
        client: any HTTPTransport,
        process: Process,
        log: Log,
        pace: Pace = Pace()
    ) {
        self.spans = spans
        self.loop = loop
        self.client = client
        self.process = process
        self.log = log
        self.pace = pace
        spans.wake(atBatchOf: pace.batch) { [weak self] isBatch in self?.wake(isBatch) }
    }

    /// Brings spans there from now on; nowhere with `nil`.
    package nonisolated func adopt(_ settings: Settings?) { held.withLock { $0 = settings } }

    /// Sends what is left, within a time, and rests from then on.
    ///
    /// Each batch is tried once; what is not taken is given up and counted.
    package func stop(within limit: Duration) async {
        isStopping = true
        pause?.cancel()
        let work = sending ?? Task { await sendWhatWaits() }
        let guardian = Task {
            do { try await Task.sleep(for: limit) } catch { return }
            work.cancel()
        }
        await work.value
        // What came while the last batch of an earlier round was under way.
        if !guardian.isCancelled, spans.count > 0, !work.isCancelled { await sendWhatWaits() }
        guardian.cancel()
        lose(spans.take(atMost: .max).count)
    }

    // MARK: Waking

    private nonisolated func wake(_ isBatch: Bool) {
        loop.execute { self.assumeIsolated { $0.woken(isBatch) } }
    }

    private func woken(_ isBatch: Bool) {
        guard !isStopping else { return }
        if isBatch { send() } else { arm() }
    }

    private func arm() {
        guard !isArmed else { return }
        isArmed = true
        _ = loop.schedule(after: pace.interval) { [weak self] in
            self?.assumeIsolated { exporter in
                exporter.isArmed = false
                exporter.send()
            }
        }
    }

    private func send() {
        guard sending == nil, !isStopping, spans.count > 0 else { return }
        // Owned here: `stop` waits for it.
        sending = Task {
            await sendWhatWaits()
            sending = nil
            if spans.count > 0, !isStopping { arm() }
        }
    }

    // MARK: Sending

    private func sendWhatWaits() async {
        repeat {
            let batch = spans.take(atMost: pace.batch)
            guard !batch.isEmpty, await deliver(batch) else { return }
        } while !Task.isCancelled && (isStopping || spans.count >= pace.batch)
    }

    /// Sends a batch until it is taken or refused; `false` when there is no more time for that.
    private func deliver(_ first: [SpanRecord]) async -> Bool {
        var batch = first
        var length = pace.firstPause
        while true {
            guard let settings = held.withLock({ $0 }) else {
                lose(batch.count)
                return true
            }
            let body = await Self.encode(batch, settings.service, process)
            let answer = await post(body, settings)
            switch answer {
            case .taken(let rejected):
                spans.settle(batch.count - min(rejected, batch.count), as: .exported)
                if rejected > 0 {
                    spans.settle(min(rejected, batch.count), as: .rejected)
                    log(.warning, "the collector refused some spans", ["spans": .init(rejected)])
                }
                recovered()
                return true
            case .refused(let reason):
                spans.settle(batch.count, as: .rejected)
                complain(reason)
                return true
            case .later(let reason, let wish):
                complain(reason)
                guard !isStopping, !Task.isCancelled else {
                    lose(batch.count)
                    return false
                }
                let scattered = length / 2 + (length / 2) * Double.random(in: 0...1)
                await wait(wish.map { min(max($0, .zero), pace.longestWish) } ?? scattered)
                length = min(length * 2, pace.longestPause)
                // What has come meanwhile is newer, and there is room for so much.
                if spans.isFull {
                    lose(batch.count)
                    batch = spans.take(atMost: pace.batch)
                }
            }
        }
    }

    /// Off the loop: a batch is some hundred kilobytes.
    @concurrent
    private static func encode(_ batch: [SpanRecord], _ service: String, _ process: Process) async -> [UInt8]
    {
        TraceWire.encode(batch, of: service, process)
    }

    private func post(_ body: [UInt8], _ settings: Settings) async -> Answer {
        var request = UpstreamRequest(.post, settings.endpoint, body: body, maximumBytes: 64 << 10)
        request.fields["Content-Type"] = "application/json"
        for (name, value) in settings.fields { value.reveal { request.fields[name] = $0 } }
        request.timeouts = .init(
            connect: pace.total,
            firstByte: pace.total,
            total: pace.total,
            stall: pace.total
        )
        if let authorities = settings.authorities { request.trust = .only(authorities) }
        let response: UpstreamResponse
        do throws(TransportFailure) {
            response = try await client.send(request)
        } catch {
            return .later(error.message, wish: nil)
        }
        return Self.read(response)
    }

    /// What an answer says, by OTLP's rules for failures.
    private static func read(_ response: UpstreamResponse) -> Answer {
        switch response.status.code {
        case 200..<300: .taken(rejected: PartialSuccess.rejected(response.body))
        case 429, 502, 503, 504:
            .later(
                "status \(response.status.code)",
                wish: RetryWish.read(response.fields["Retry-After"], now: Timestamp.now())
            )
        default: .refused("status \(response.status.code)")
        }
    }

    private func wait(_ span: Duration) async {
        let sleeping = Task { await pace.sleep(span) }
        pause = sleeping
        if isStopping { sleeping.cancel() }
        await withTaskCancellationHandler {
            await sleeping.value
        } onCancel: {
            sleeping.cancel()
        }
        pause = nil
    }

    // MARK: Telling

    private func lose(_ count: Int) { if count > 0 { spans.settle(count, as: .dropped) } }

    /// Says once in a while that spans go nowhere: it matters to nobody but who looks for them.
    private func complain(_ reason: String) {
        let now = monotonicNow()
        if let toldAt, now &- toldAt < pace.reminder.wholeNanoseconds { return }
        toldAt = now
        let counts = spans.counts
        log(
            .warning,
            "spans cannot be brought to the collector",
            ["reason": "\(reason)", "waiting": .init(counts.waiting), "dropped": .init(counts.dropped)]
        )
    }

    private func recovered() {
        guard toldAt != nil else { return }
        toldAt = nil
        log(.notice, "the collector takes spans again", ["dropped": .init(spans.counts.dropped)])
    }
}
