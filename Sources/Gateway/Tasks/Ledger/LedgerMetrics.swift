package import SQLite
package import Telemetry

/// What is measured of the ledger's writing: how long a commit takes, and how many changes share one.
package struct LedgerMetrics: Sendable {
    private let commits: MetricFamily<Histogram>
    private let batches: Histogram

    /// Declares them.
    package init(_ registry: MetricRegistry) {
        commits = registry.histogram(
            "soundgate_ledger_commit_duration_seconds",
            "Time of a commit, from its first change until it was on the disk, or failed.",
            labels: ["outcome"],
            buckets: .commits
        )
        batches =
            registry.histogram(
                "soundgate_ledger_batch_size",
                "Changes that shared a commit.",
                buckets: .batches
            )[]
    }

    /// What a database is told to call after each batch; it is called on the writer's thread.
    package var written: @Sendable (WrittenBatch) -> Void {
        { [self] batch in
            commits[batch.isCommitted ? "committed" : "failed"].observe(batch.duration)
            batches.observe(Double(batch.jobs))
        }
    }

    /// What a ledger is told to call after each change that is a transaction of its own.
    package var changed: @Sendable (Duration, _ isCommitted: Bool) -> Void {
        { [self] duration, isCommitted in
            commits[isCommitted ? "committed" : "failed"].observe(duration)
            batches.observe(1)
        }
    }

    static func failedChanges(_ registry: MetricRegistry) -> Counter {
        registry.counter(
            "soundgate_ledger_failed_changes_total",
            "Changes that the ledger did not take; a quota that is used up is one reason."
        )[]
    }
}

extension SQLiteLedger {
    /// Has what the database counts by itself looked up whenever somebody asks.
    package func report(to registry: MetricRegistry) {
        let queued = registry.gauge(
            "soundgate_ledger_queued_changes",
            "Changes that wait for the ledger's writer."
        )[]
        let failed = LedgerMetrics.failedChanges(registry)
        let checkpoints = registry.counter(
            "soundgate_ledger_checkpoints_total",
            "Times that the write-ahead log was copied into the file, or was kept from it.",
            labels: ["outcome"]
        )
        registry.collect { [self] in
            queued.set(Double(queuedWrites))
            let statistics = statistics
            failed.follow(statistics.failedJobs)
            checkpoints["done"].follow(statistics.checkpoints)
            checkpoints["failed"].follow(statistics.failedCheckpoints)
        }
    }
}
