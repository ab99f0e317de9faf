package import EventLoop
package import Postgres
package import Telemetry
import Threads

/// Signals between gateways by `NOTIFY`, over the database that they share.
///
/// There is a channel for all and one for each holder. What is said in one turn of things goes out in one transaction
/// that waits for no disk: a signal is a hint. Signals that the database does not take are dropped, and logged.
package final class PostgresBus: ReplicaBus {
    private struct Letter {
        let channel: String
        let text: String
    }

    private struct State {
        var holder: LeaseHolder?
        var hear: (@Sendable (ReplicaNews) -> Void)?
        var letters: [Letter] = []
        var isSending = false
        /// How many found no room since letters were last taken out.
        var overflow = 0
    }

    private static let everybody = "soundgate"
    /// Not by `SET LOCAL`: that holds only within a transaction that was begun in so many words.
    private static let notify = """
        SELECT pg_notify(channel, text) FROM unnest($1::text[], $2::text[]) AS letter (channel, text),
            (SELECT set_config('synchronous_commit', 'off', true)) AS setting
        """
    /// Beyond this the database is slower than we talk.
    private static let mostLetters = 2000
    /// The most that PostgreSQL takes as a payload is 7,999 bytes.
    private static let longestText = 7500

    private let pool: PostgresPool
    private let log: Log
    private let metrics: ReplicaMetrics
    private let state: Guarded<State>
    private let listener: PostgresListener

    /// A bus over a pool for what is sent, and a connection of its own for what is heard.
    package init(
        _ pool: PostgresPool,
        _ options: PostgresPool.Options,
        loop: EventLoop,
        log: Log,
        metrics: ReplicaMetrics
    ) {
        self.pool = pool
        self.metrics = metrics
        self.log = log
        let state = Guarded(State())
        self.state = state
        listener = PostgresListener(options, loop: loop, log: log) { event in
            let (holder, hear) = state.withLock { ($0.holder, $0.hear) }
            switch event {
            case .connected: hear?(.gap)
            case .lost: break
            case .notification(_, let payload):
                // "<sender> <signal>": whoever tells everybody need not hear it.
                let parts = payload.split(separator: " ", maxSplits: 1)
                guard parts.count == 2, parts[0] != holder?.name ?? "",
                    let signal = ReplicaSignal(text: String(parts[1]))
                else { return }
                metrics.heard()
                hear?(.signal(signal))
            }
        }
    }

    package func listen(as holder: LeaseHolder, _ hear: @escaping @Sendable (ReplicaNews) -> Void) {
        state.withLock { state in
            state.holder = holder
            state.hear = hear
        }
        listener.listen(to: [Self.everybody, Self.channel(of: holder)])
    }

    private static func channel(of holder: LeaseHolder) -> String { "\(everybody)_\(holder.name)" }

    package func send(_ signal: ReplicaSignal, to holder: LeaseHolder?) {
        let body = signal.text
        guard body.utf8.count < Self.longestText else {
            return log(.error, "a signal is too long to be sent", ["bytes": .init(body.utf8.count)])
        }
        let channel = holder.map(Self.channel) ?? Self.everybody
        let isIdle = state.withLock { state in
            guard state.letters.count < Self.mostLetters else {
                state.overflow += 1
                return false
            }
            state.letters.append(Letter(channel: channel, text: "\(state.holder?.name ?? "-") \(body)"))
            defer { state.isSending = true }
            return !state.isSending
        }
        guard isIdle else { return }
        // Owned by the bus: it ends with the last letter.
        Task { await self.deliver() }
    }

    private func deliver() async {
        while true {
            let (letters, overflow) = state.withLock { state in
                defer { (state.letters, state.overflow) = ([], 0) }
                if state.letters.isEmpty { state.isSending = false }
                return (state.letters, state.overflow)
            }
            if letters.isEmpty { return }
            if overflow > 0 { logLost(overflow, "the database is slower than what there is to say") }
            do throws(PostgresError) {
                try await pool.run([
                    PostgresStatement(
                        Self.notify,
                        [.texts(letters.map(\.channel)), .texts(letters.map(\.text))]
                    )
                ])
                metrics.sent(letters.count)
            } catch {
                logLost(letters.count, "\(error)")
            }
        }
    }

    private func logLost(_ count: Int, _ reason: String) {
        metrics.lost(count)
        log(
            .warning,
            "signals to other gateways were lost",
            ["signals": .init(count), "reason": "\(reason)"]
        )
    }

    /// Hears nothing any more.
    package func close() async { await listener.close() }
}
