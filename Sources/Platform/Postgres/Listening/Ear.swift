import EventLoop
import Telemetry

/// The loop's side of a listener: the connection, the channels, and the attempts to have it back.
///
/// Confined to its loop's thread.
@safe final class Ear: ConnectionHolder, @unchecked Sendable {
    let loop: EventLoop
    private let options: PostgresPool.Options
    private let log: Log
    private let hear: @Sendable (PostgresListener.Event) -> Void

    private var channels: [String] = []
    /// The channels that the server has been told of on this connection.
    private var told = 0
    private var connection: Connection?
    private var isHearing = false
    private var backoff: Backoff
    private var generator = SystemRandomNumberGenerator()
    private var timer: Timer?
    private var isClosed = false

    init(
        _ options: PostgresPool.Options,
        on loop: EventLoop,
        log: Log,
        _ hear: @escaping @Sendable (PostgresListener.Event) -> Void
    ) {
        self.loop = loop
        self.options = options
        self.log = log
        self.hear = hear
        backoff = options.backoff
    }

    func listen(to names: [String]) {
        guard !isClosed else { return }
        for name in names where !channels.contains(name) { channels.append(name) }
        guard let connection else {
            if timer == nil { open() }
            return
        }
        if connection.isOpen { tell(connection) }
    }

    func close() {
        isClosed = true
        stopTimer()
        connection?.close()
        connection = nil
    }

    private func open() {
        do throws(PostgresError) {
            let connection = Connection(try ConnectionURL(options.url), on: loop, options, log: log)
            connection.holder = self
            self.connection = connection
            told = 0
            connection.open()
        } catch {
            // Nothing will come of another try: the URL does not change.
            log(.error, "nothing is heard from PostgreSQL", error.fields)
            hear(.lost)
        }
    }

    /// Tells the server of the channels that are new to it.
    private func tell(_ connection: Connection) {
        do throws(PostgresError) {
            var statements: [EncodedStatement] = []
            for channel in channels[told...] {
                // A name is no value, so there is no parameter for it; within quotes, nothing but a quote is special.
                let name = channel.split(separator: "\"", omittingEmptySubsequences: false).joined(
                    separator: "\"\""
                )
                statements.append(
                    try EncodedStatement(PostgresStatement("LISTEN \"\(name)\""), isKept: false)
                )
            }
            told = channels.count
            let batch = Batch(.statements(statements), .part)
            batch.whenEnded { [weak self] outcome in self?.toldOf(outcome, on: connection) }
            connection.send(batch)
        } catch {
            log(.error, "a channel cannot be listened to", error.fields)
        }
    }

    private func toldOf(_ outcome: Batch.Outcome, on connection: Connection) {
        guard self.connection === connection, !isClosed else { return }
        switch outcome {
        case .success:
            isHearing = true
            hear(.connected)
            if timer == nil { beat() }
        case .failure(let error):
            // A lost connection is told of by itself.
            guard error.kind == .server, connection.isOpen else { return }
            log(.error, "a channel cannot be listened to", error.fields)
        }
    }

    // MARK: What the connection tells

    func opened(_ connection: Connection) { tell(connection) }

    func hasRoom(_ connection: Connection) {}

    func heard(_ channel: String, _ payload: String) {
        guard !isClosed else { return }
        hear(.notification(channel: channel, payload: payload))
    }

    func ended(_ connection: Connection, _ error: PostgresError) {
        guard self.connection === connection, !isClosed else { return }
        self.connection = nil
        stopTimer()
        if isHearing { hear(.lost) }
        // Once for each time without: attempts that fail are many.
        if isHearing || backoff.failures == 0 {
            log(.warning, "nothing is heard from PostgreSQL", error.fields)
        }
        isHearing = false
        if let openedAt = connection.openedAt, monotonicNow() &- openedAt > 1_000_000_000 { backoff.reset() }
        timer = loop.schedule(after: backoff.next(using: &generator)) { [weak self] in
            guard let self else { return }
            timer = nil
            open()
        }
    }

    // MARK: Time

    /// Asks now and then whether the server is still there: whoever only listens would not notice that it is not.
    private func beat() {
        timer = loop.schedule(after: options.heartbeat) { [weak self] in
            guard let self else { return }
            timer = nil
            guard let connection, connection.isOpen else { return }
            connection.send(Batch(.statements([EncodedStatement(plain: "SELECT 1")]), .part))
            beat()
        }
    }

    private func stopTimer() {
        if let timer { loop.cancel(timer) }
        timer = nil
    }
}
