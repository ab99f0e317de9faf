import API
import Assets
import Configuration
import EventLoop
import Glibc
import HTTPClient
import HTTPServer
import OpenTelemetry
import SQLite
import Tasks
import Telemetry
import Threads
import Timing
import Webhooks

/// From the first request to the last.
extension House {
    func serve(until interruption: Interruption) async -> Int32 {
        let bound: [HTTPServer.ListenAddress]
        let isAtWork: Bool
        do {
            // Before anybody can ask: what an earlier process left goes on first.
            isAtWork = try await takeUpWork()
            bound = try await server.start()
            for address in try await redirecting?.start() ?? [] {
                log(.notice, "redirecting to HTTPS", ["address": "http://\(address)"])
            }
            if isAtWork { await retention.start() }
            tendStore()
        } catch LedgerError.corrupt(let reason) {
            log(
                .error,
                "cannot start: the ledger is damaged",
                ["reason": "\(reason)", "remedy": "\(LedgerDamage.advice)"]
            )
            await close()
            return ExitStatus.damagedData.rawValue
        } catch {
            log(.error, "cannot start", ["reason": "\(error)"])
            await close()
            return EX_UNAVAILABLE
        }
        let ownScheme = held.withLock(\.server.scheme)
        for address in bound {
            let scheme = address.port == nil ? "" : ownScheme
            log(.notice, "listening on", ["address": "\(scheme)\(address)"])
        }
        // Owned here: it ends with the wait for a signal.
        let waiting = isAtWork ? nil : Task { await awaitDatabase() }
        let following = Task { await followTime() }
        _ = await interruption.first()
        waiting?.cancel()
        await waiting?.value
        following.cancel()
        await following.value
        await drain()
        log(.notice, "stopped")
        return EX_OK
    }

    /// Goes by another configuration from now on, as far as that needs no restart; cannot fail.
    ///
    /// What each part takes up is a snapshot of its own, swapped whole. The engine is first: what is planned by the new
    /// one must find its providers there.
    func adopt(_ configuration: GatewayConfiguration) async {
        let providers = configuration.configuredProviders
        await engine.adopt(configuration.engineSettings(providers))
        gateway.adopt(configuration, providers: providers)
        courier.adopt(configuration.courierSettings)
        await retention.keep(for: configuration.assets.period)
        if let s3 = configuration.assets.s3 { shelf?.adopt(s3) }
        log.adopt(configuration.log)
        tracer.adopt(configuration.tracerSettings)
        exporter.adopt(configuration.exporterSettings)
        held.withLock { $0 = configuration }
    }

    /// What else is read or opened anew on SIGHUP, besides the configuration: one line for each.
    ///
    /// Called on a thread that may block, before the configuration is read again.
    func reopen() {
        security?.reload()
    }

    /// Answers what is in flight and lets vendors' answers come in, both within the time to drain.
    private func drain() async {
        let configuration = held.withLock { $0 }
        log(.notice, "stopping", ["drain": .duration(configuration.server.drain)])
        // First of all, so that a balancer goes elsewhere. What it had sent here is still taken: it would not send a create
        // to another gateway again.
        await server.stopListening(within: min(.seconds(1), configuration.server.drain))
        gateway.beginDraining()
        await retention.stop()
        await engine.beginStopping()
        await courier.beginStopping()
        async let redirects: Void? = redirecting?.stop(within: .seconds(1))
        async let requests: Void = server.stop(within: configuration.server.drain)
        async let work: Void = engine.stop(within: configuration.server.drain)
        async let delivery: Void = courier.stop(within: configuration.server.drain)
        _ = await (redirects, requests, work, delivery)
        await store.stop()
        await exporter.stop(within: .seconds(3))
        await client.shutdown()
        await bus?.close()
        await ledger.close()
    }

    /// Looks whether the object store is there, and sees to what an earlier process had not brought to it.
    ///
    /// Nobody waits for it: sounds that are there already can be asked for, and new ones wait for the store themselves.
    private func tendStore() {
        guard let shelf else { return }
        // It ends with its calls, at the latest when the client is shut down.
        Task {
            do throws(ShelfError) {
                try await shelf.check()
                log.module(.assets)(.notice, "audio is kept in an object store", ["store": "\(shelf.name)"])
            } catch {
                log.module(.assets)(
                    .error,
                    "the object store cannot be used; new audio waits for it",
                    ["store": "\(shelf.name)", "reason": "\(error)"]
                )
            }
            await store.takeOver()
        }
    }

    func recover() async throws(LedgerError) {
        let began = monotonicNow()
        let count = try await engine.recover()
        guard count > 0 else { return }
        let spent = Duration.nanoseconds(Int64(clamping: monotonicNow() - began))
        log(.notice, "unfinished tasks taken up", ["recovered": .init(count), "duration": .duration(spent)])
    }

    private func close() async {
        await retention.stop()
        await engine.stop(within: .zero)
        await courier.stop(within: .zero)
        await store.stop()
        await exporter.stop(within: .seconds(1))
        await client.shutdown()
        await bus?.close()
        await ledger.close()
    }
}
