import Synchronization
package import Telemetry

extension PostgresLedger {
    /// Has what the ledger counts by itself looked up whenever somebody asks.
    package func report(to registry: MetricRegistry) {
        let failed = LedgerMetrics.failedChanges(registry)
        registry.collect { [state] in failed.follow(state.failedChanges.load(ordering: .relaxed)) }
    }
}
