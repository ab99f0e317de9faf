import Assets
import EventLoop
import HTTPServer
import S3
import TLS
import Telemetry
import Threads

/// What only the process as a whole can measure: its connections, loops, disks, and lines that were lost.
struct ServiceMetrics: Sendable {
    let registry: MetricRegistry
    /// Counts what an object store is asked for, and what comes of it.
    let storeReport: @Sendable (S3Client.Operation, S3Error?) -> Void

    /// Declares what is there in any case; the texts are written on the pool.
    init(pool: WorkerPool) {
        registry = MetricRegistry(pool: pool)
        _ = ProcessMetrics(registry)
        let calls = registry.counter(
            "soundgate_object_store_calls_total",
            "Calls to the object store that audio is kept in, by what was asked and what came of it.",
            labels: ["operation", "outcome"]
        )
        storeReport = { operation, error in
            calls[operation.rawValue, error?.kind.rawValue ?? "ok"].add()
        }
        registry.gauge(
            "soundgate_build_info",
            "One, with the version of this build.",
            labels: ["version"]
        )[version].set(1)
    }

    /// Lines of the log and records of the audit log that could not be written in time.
    func watch(_ log: LogWriter, _ records: RecordFile?) {
        let dropped = registry.counter(
            "soundgate_log_lines_dropped_total",
            "Lines that whoever reads them was too slow for, by log.",
            labels: ["log"]
        )
        registry.collect {
            dropped["main"].follow(log.dropped)
            if let records { dropped["audit"].follow(records.dropped) }
        }
    }

    /// What a server has taken on, and turned away.
    func watch(_ server: Server) {
        let open = registry.gauge("soundgate_http_connections", "Connections that are open.")[]
        let held = registry.gauge(
            "soundgate_http_connection_memory_bytes",
            "Bytes that the buffers of all connections hold."
        )[]
        let refused = registry.counter(
            "soundgate_http_connections_refused_total",
            "Connections turned away or closed for want of room, by what was wanting.",
            labels: ["reason"]
        )
        let failed = registry.counter(
            "soundgate_tls_handshake_failures_total",
            "Handshakes that came to nothing."
        )[]
        registry.collect {
            open.set(Double(server.openConnections))
            held.set(Double(server.memoryHeld))
            let refusals = server.refusals
            refused["connections"].follow(refusals.connections)
            refused["address"].follow(refusals.address)
            refused["memory"].follow(refusals.memory)
            refused["descriptors"].follow(refusals.descriptors)
            failed.follow(server.handshakeFailures)
        }
    }

    /// How late the loops are.
    func watch(_ loops: [EventLoop]) {
        let lag = registry.histogram(
            "soundgate_event_loop_lag_seconds",
            "How late an event loop got to a timer, asked once a second.",
            labels: ["loop"],
            buckets: .delays
        )
        for loop in loops { _ = LoopProbe(loop, lag[loop.name]) }
    }

    /// What the disks have room for; `names` stand for their paths, in their order.
    func watch(_ room: DiskRoom, names: [String]) {
        let level = registry.gauge(
            "soundgate_disk_room",
            "One for what the disks have room for: tasks (all is well), calls, audio, ledger, or nothing.",
            labels: ["level"]
        )
        let free = registry.gauge(
            "soundgate_disk_free_bytes",
            "Bytes that may still be written.",
            labels: ["disk"]
        )
        registry.collect {
            // Not waited for: a disk that hangs must not keep anybody from seeing that it does.
            let known = room.known
            for (one, name) in zip(room.spaces, names) { if let one { free[name].set(Double(one.free)) } }
            for other in DiskRoom.Level.allCases { level["\(other)"].set(other == known ? 1 : 0) }
        }
    }

    /// Whether the gateway is stopping.
    func watch(_ isDraining: @escaping @Sendable () -> Bool) {
        let draining = registry.gauge(
            "soundgate_draining",
            "One while the gateway is stopping and takes no new work."
        )[]
        registry.collect { draining.set(isDraining() ? 1 : 0) }
    }

    /// When the listener's certificate ends; nothing is told without one.
    func watch(_ identity: TLSIdentity?) {
        let expiry = registry.gauge(
            "soundgate_tls_certificate_expiry_timestamp_seconds",
            "When a certificate that is shown to clients ends, in seconds since 1970.",
            labels: ["certificate"]
        )
        guard let identity else { return }
        registry.collect {
            guard let left = identity.timeLeft else { return }
            let now = Double(Timestamp.now().milliseconds) / 1000
            expiry["listener"].set((now + left / .seconds(1)).rounded())
        }
    }

    /// What becomes of spans on their way to a collector.
    func watch(_ spans: SpanBuffer) {
        let ended = registry.counter(
            "soundgate_trace_spans_total",
            "Spans of traces, by what became of them.",
            labels: ["outcome"]
        )
        let waiting = registry.gauge("soundgate_trace_spans_waiting", "Spans that wait for the collector.")[]
        registry.collect {
            let counts = spans.counts
            ended["exported"].follow(counts.exported)
            ended["dropped"].follow(counts.dropped)
            ended["rejected"].follow(counts.rejected)
            waiting.set(Double(counts.waiting))
        }
    }
}
