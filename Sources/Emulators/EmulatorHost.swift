import HTTP
package import HTTPServer
import JSON
package import Telemetry
package import Threads

/// The vendor doubles behind one handler: `/sunoapi/...`, a list of them at `/`, `/healthz`, and the control route.
///
/// It makes a directory for rendered audio, which goes away with `close()` or with the host itself. It owns neither the
/// pool nor the server.
package final class EmulatorHost: Sendable {
    private let vendors: [any VendorDouble]
    private let router: Router
    private let directory: TemporaryDirectory
    private let callbacks: CallbackDesk

    /// Doubles without tasks, faults or records; fails when the directory cannot be made.
    ///
    /// The pool renders and encodes audio, and the carrier takes callbacks to whoever asked for them; without one none
    /// are sent. Tasks age by the clock, and delays wait on it.
    package init(
        _ options: EmulatorOptions,
        pool: WorkerPool,
        carrier: (any CallbackCarrier)? = nil,
        clock: some Clock<Duration> = ContinuousClock(),
        log: Log = .current
    ) throws(SystemError) {
        directory = try TemporaryDirectory(in: options.temporaryDirectory)
        let time = EmulatorTime(clock)
        let faults = FaultScript()
        callbacks = CallbackDesk(carrier, options, faults: faults, time: time, log: log)
        let house = EmulatorHouse(
            options: options,
            time: time,
            faults: faults,
            calls: CallLog(capacity: options.retention),
            shelf: AudioShelf(
                directory: directory,
                pool: pool,
                capacity: options.keptFiles,
                standIn: options.standIn
            ),
            callbacks: callbacks,
            log: log
        )
        vendors = [
            SunoDouble(.sunoapi, house),
            SunoDouble(.apibox, house),
            SunoDouble(.kie, house),
            VideoGenDouble(house),
            ElevenLabsDouble(house),
            MusicGPTDouble(house),
        ]
        var router = Router()
        for vendor in vendors { vendor.addRoutes(to: &router) }
        ControlDesk(house: house, vendors: vendors).addRoutes(to: &router)
        let list = EmulatorHost.list(vendors, hasControl: options.isOnLoopback)
        router.on(.get, "/") { _ in Response(.ok, contentType: "application/json", list) }
        router.on(.get, "/healthz") { _ in
            Response(.ok, contentType: "application/json", Array(#"{"status":"ok"}"#.utf8))
        }
        self.router = router
    }

    /// Answers one request; for a server, and for calls within the process.
    package func respond(to request: Request) async -> Response {
        let response = await router.respond(to: request)
        // The router speaks for itself where it has no handler; under a vendor's path the vendor speaks.
        let isRouters = response.route == nil || response.fields.contains("Allow")
        guard isRouters, response.status.code >= 400 else { return response }
        let name = request.target.path.split(separator: "/").first
        guard let vendor = vendors.first(where: { $0.name[...] == name }) else { return response }
        var answer = await vendor.unrouted(request, response.status)
        answer.route = response.route
        return answer
    }

    /// Returns when no callback that is due by now is left to be made; for tests.
    package func settleCallbacks() async { await callbacks.settle() }

    /// Drops callbacks that wait, and removes the rendered audio, when no request is under way any more.
    ///
    /// What is asked for later fails.
    package func close() {
        callbacks.close()
        directory.remove()
    }

    deinit { callbacks.close() }

    private static func list(_ vendors: [any VendorDouble], hasControl: Bool) -> [UInt8] {
        let doubles = vendors.map { vendor -> JSONValue in
            ["vendor": .string(vendor.name), "path": "/\(vendor.name)", "imitates": .string(vendor.imitates)]
        }
        let list: JSONValue = [
            "doubles": .array(doubles), "control": hasControl ? "/_control" : .null,
        ]
        return Array((list.prettyPrinted() + "\n").utf8)
    }
}
