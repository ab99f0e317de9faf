import Audit
import Configuration
import Crypto
import Glibc
import SQLite
import Telemetry
import Threads

/// The gateway as a process: builds every part from the configuration, runs until a signal, stops in order.
enum Service {
    /// Serves until SIGINT or SIGTERM.
    ///
    /// - Returns: the exit status: 0 after an orderly stop, 69 when an address, a file or a thread cannot be had.
    static func run(
        _ configuration: GatewayConfiguration,
        from source: ConfigurationSource,
        _ reading: ConfigurationSource.Reading
    ) async -> Int32 {
        let sink: LogWriter
        let log: Log
        let records: RecordFile?
        let interruption: Interruption
        let security: Security?
        let (hangUps, hangUp) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        do {
            sink = try LogWriter(descriptor: STDERR_FILENO, format: configuration.log.lineFormat)
            log = Log(configuration.log, sink: sink)
            security = try Security(configuration.server, log: log.module(.tls))
            records = try configuration.audit?.open(log: log.module(.audit))
            interruption = try Interruption(others: [
                // One that comes while the gateway starts is kept.
                SIGHUP: { hangUp.yield() },
                SIGUSR1: { [records] in records?.reopen() },
            ])
        } catch {
            return refuse("\(error)")
        }
        defer {
            log.tellLeftOut(atEnd: true)
            sink.close()
        }
        let audit = AuditLog(records, configuration.audit)
        // Before the log: it may have something to say.
        defer { records?.close() }
        if LockedBytes.unlockedCount > 0 {
            log(
                .warning,
                "not all secrets are locked in memory: they could reach swap; raise RLIMIT_MEMLOCK",
                ["unlocked": .init(LockedBytes.unlockedCount)]
            )
        }
        do {
            let house = try await House(configuration, security: security, log: log, audit: audit)
            house.metrics.watch(sink, records)
            audit("started", ["version": "\(version)"])
            defer { audit("stopped", ["version": "\(version)"]) }
            let secrets = source.secrets
            let reloader = Reloader(
                source,
                running: configuration,
                from: reading,
                log: log.module(.configuration),
                metrics: ReloadMetrics(house.metrics.registry)
            ) { next in
                await house.adopt(next)
                await secrets.settle(on: next.vault?.hashicorp)
            }
            await secrets.settle(on: configuration.vault?.hashicorp)
            await secrets.serve(log.module(.hashiCorp)) { reloader.nudge(.secrets) }
            let upkeep = Task {
                await withTaskGroup(of: Void.self) { group in
                    group.addTask { await reloader.run() }
                    group.addTask { await tellLeftOut(by: log) }
                    group.addTask {
                        for await _ in hangUps {
                            house.reopen()
                            reloader.nudge(.signal)
                        }
                    }
                }
            }
            let status = await house.serve(until: interruption)
            upkeep.cancel()
            await upkeep.value
            await secrets.close()
            return status
        } catch let error as DatabaseOpeningError where error.isDamage {
            Console.complain("\(error)\n\(LedgerDamage.advice)")
            return ExitStatus.damagedData.rawValue
        } catch {
            return refuse("\(error)")
        }
    }

    /// Says now and then which lines were left out, until the task is cancelled: the next line does, but none may come.
    private static func tellLeftOut(by log: Log) async {
        while !Task.isCancelled {
            do { try await Task.sleep(for: .seconds(10)) } catch { return }
            log.tellLeftOut()
        }
    }

    private static func refuse(_ reason: String) -> Int32 {
        Console.complain(reason)
        return EX_UNAVAILABLE
    }
}
