package import Assets
package import Audit
package import HTTPClient
package import Providers
package import Telemetry
package import Threads
package import Timing

extension Engine {
    /// What the engine works with.
    package struct Parts: Sendable {
        package var providers: [Provider]
        package var ledger: any Ledger
        package var store: AssetStore
        package var fetcher: AssetFetcher
        package var client: any HTTPTransport
        /// Threads for rendering and other long work.
        package var pool: WorkerPool
        /// What the disks have room for; `nil` when nobody looks.
        package var room: DiskRoom?
        package var time: any Timekeeper
        package var log: Log
        /// Where it is recorded what vendors are asked for.
        package var audit = AuditLog.off
        /// What is measured of tasks.
        package var metrics = EngineMetrics()
        /// Where it is recorded how the work went.
        package var tracer = Tracer()
        package var policy = TaskMachine.Policy()
        /// How long a result that cannot be fetched is tried again.
        package var fetchFor = Duration.seconds(120)
        /// How long tasks are held without another word; renewed at each third of it.
        package var leaseTerm = LeaseHolder.term
        /// Where vendors can reach this gateway, without a slash at its end; `nil` when they cannot.
        package var publicURL: String?
        /// Writes what the webhook address of a task is told of a milestone; nobody is told of anything without it.
        package var announce: Announcing?
        /// What clients may have.
        package var quotas = QuotaBook()
        /// How other gateways over the same ledger are reached; `nil` for one that is alone.
        package var bus: (any ReplicaBus)?
        /// What gateways may do with keys, all together; `nil` for one that is alone.
        package var keyLimits: (any KeyLimits)?
        /// Called when messages have been stored, on any thread; whoever delivers them need not wait for their time.
        package var messagesStored: @Sendable () -> Void = {}

        /// The parts of an engine, with the usual policy.
        package init(
            providers: [Provider],
            ledger: any Ledger,
            store: AssetStore,
            fetcher: AssetFetcher,
            client: any HTTPTransport,
            pool: WorkerPool,
            time: any Timekeeper,
            log: Log
        ) {
            self.providers = providers
            self.ledger = ledger
            self.store = store
            self.fetcher = fetcher
            self.client = client
            self.pool = pool
            self.time = time
            self.log = log
        }
    }
}
