package import Assets
package import Audit
package import Configuration
import EventLoop
import HTTP
package import HTTPServer
import JSON
package import Providers
import Sound
import Synchronization
package import Tasks
package import Telemetry
import Threads
package import Timing
package import Webhooks

/// The HTTP face of the gateway: every route of the API over one engine.
package final class Gateway: Sendable {
    /// What the routes work with.
    package struct Parts: Sendable {
        /// What it begins with, as are the providers; see ``Gateway/adopt(_:providers:)``.
        package var configuration: GatewayConfiguration
        /// All that are configured, the disabled ones included: they still end what they have taken.
        package var providers: [Provider]
        package var engine: Engine
        package var balances: BalanceBook
        package var ledger: any Ledger
        package var store: AssetStore
        package var courier: Courier
        /// What the disks have room for; `nil` when nobody looks.
        package var room: DiskRoom?
        /// The time by which clients' limits go.
        package var time: any Timekeeper = SystemTime()
        /// What gateways over one ledger hold clients to, all together; `nil` for one that is alone.
        package var keyLimits: (any KeyLimits)?
        package var log: Log
        /// Where it is recorded who did what.
        package var audit = AuditLog.off
        /// What is measured, and shown at `/metrics`.
        package var metrics = MetricRegistry()
        /// Where it is recorded how the work went.
        package var tracer = Tracer()
        package var version: String

        /// The parts of a gateway.
        package init(
            configuration: GatewayConfiguration,
            providers: [Provider],
            engine: Engine,
            balances: BalanceBook,
            ledger: any Ledger,
            store: AssetStore,
            courier: Courier,
            log: Log,
            version: String
        ) {
            self.configuration = configuration
            self.providers = providers
            self.engine = engine
            self.balances = balances
            self.ledger = ledger
            self.store = store
            self.courier = courier
            self.log = log
            self.version = version
        }
    }

    let parts: Parts
    /// What is counted of clients; it outlives any configuration.
    let standings = ClientStandings()
    /// What other gateways let clients do too; `nil` where there are no others.
    let rates: SharedRates?
    /// Where wrong keys came from.
    let guesses = Guarded(GuessLimit<PeerAddress>())
    let documents: Documents
    private let held: Guarded<Snapshot>
    /// Keyed creates that are being answered.
    let creating = Guarded(Set<IdempotencyKey>())
    /// Everybody who waits for news.
    let waits = WaitBook()
    let measures: FrontMetrics
    private let draining = Atomic(false)
    /// When the ledger last took a write of ours, in monotonic nanoseconds.
    private let wroteAt = Atomic<UInt64>(0)

    /// A gateway over its parts.
    package init(_ parts: Parts) {
        self.parts = parts
        rates = parts.keyLimits.map { SharedRates($0, log: parts.log) }
        let clients = ClientDirectory(parts.configuration.clients, standings: standings, guesses: guesses)
        held = Guarded(Snapshot(parts.configuration, providers: parts.providers, clients: clients))
        parts.holdClients(to: parts.configuration)
        documents = Documents(version: parts.version)
        measures = FrontMetrics(parts.metrics)
        measures.watch(
            waits,
            mostTasks: { [held] in held.withLock(\.configuration.server.limits.tasks) },
            in: parts.metrics
        )
    }

    /// What the next request begins with.
    var present: Snapshot { held.withLock { $0 } }

    func hold(_ snapshot: Snapshot) { held.withLock { $0 = snapshot } }

    /// From now on `/readyz` says no, and new work is refused.
    package func beginDraining() { draining.store(true, ordering: .relaxed) }

    /// Whether it is stopping.
    package var isDraining: Bool { draining.load(ordering: .relaxed) }

    /// The handler for the server: ids, routes, errors, one log line.
    package func handler() -> Handler {
        let router = router()
        let log = parts.log
        return { [self] request in
            let snapshot = present
            var request = request
            request.peer = snapshot.proxies.origin(of: request)
            var opening = Exchange(
                request,
                snapshot,
                tracer: parts.tracer,
                isAudited: parts.audit.isOn
            )
            if Self.asksForCaller(request) {
                let entrance = snapshot.clients.enter(request, at: parts.time)
                opening.entrance = await rates?.settle(entrance, at: parts.time.instant) ?? entrance
            }
            let exchange = opening
            let began = log.isEnabled(.info) ? monotonicNow() : 0
            measures.inFlight.add(1)
            defer { measures.inFlight.add(-1) }
            var response = await Exchange.$current.withValue(exchange) { await router.respond(to: request) }
            response.fields["X-Request-Id"] = exchange.requestID
            response.fields["traceparent"] = exchange.traceparent
            if let entrance = exchange.entrance { await tellWhatIsLeft(entrance, in: &response) }
            audit(request, response, exchange)
            exchange.endSpan(request, response)
            if log.isEnabled(.info) {
                let spent = Duration.nanoseconds(Int64(clamping: monotonicNow() - began))
                log(
                    .info,
                    "request",
                    [
                        "request_id": "\(exchange.requestID)", "trace_id": "\(exchange.trace.trace)",
                        "method": "\(request.method)", "route": "\(response.route ?? "-")",
                        "status": .init(response.status.code), "duration": .duration(spent),
                        "peer": "\(request.peer.host)",
                    ]
                )
            }
            return response
        }
    }

    /// How the server says that a request is malformed.
    package static let renderProblem: ProblemRenderer = { problem in
        var problem = problem
        problem.requestID = problem.requestID ?? Exchange.current?.requestID
        Exchange.note("code", problem.code)
        return (ProblemWire.contentType, ProblemWire.bytes(problem))
    }

    private func router() -> Router {
        var router = Router(renderProblem: Self.renderProblem)
        open(&router, .get, "/healthz") { _ in Self.alive }
        open(&router, .get, "/readyz") { [self] _ in try await readiness() }
        open(&router, .get, "/metrics") { [self] in try await showMetrics($0) }
        open(&router, .get, "/openapi.yaml") { [documents] in documents.openAPIYAML(for: $0) }
        open(&router, .get, "/openapi.json") { [documents] in documents.openAPIJSON(for: $0) }
        open(&router, .get, "/") { [documents] in documents.consolePage(for: $0) }
        guarded(&router, .post, "/v1/sounds") { [self] in try await createSound($0, $1) }
        guarded(&router, .get, "/v1/sounds") { [self] in try await listSounds($0, $1) }
        guarded(&router, .get, "/v1/sounds/{id}") { [self] in try await showSound($0, $1) }
        guarded(&router, .delete, "/v1/sounds/{id}") { [self] in try await deleteSound($0, $1) }
        guarded(&router, .post, "/v1/sounds/{id}/cancel") { [self] in try await cancelSound($0, $1) }
        guarded(&router, .get, "/v1/sounds/{id}/audio/{index}") { [self] in try await soundAudio($0, $1) }
        guarded(&router, .get, "/v1/sounds/{id}/events") { [self] in try await soundEvents($0, $1) }
        guarded(&router, .get, "/v1/webhooks") { [self] in try await listWebhooks($0, $1) }
        guarded(&router, .post, "/v1/webhooks/{id}/resend") { [self] in try await resendWebhook($0, $1) }
        guarded(&router, .get, "/v1/usage") { [self] in try await showUsage($0, $1) }
        guarded(&router, .post, "/v1/plans") { [self] in try await createPlan($0, $1) }
        guarded(&router, .get, "/v1/providers") { [self] in await listProviders($0, $1) }
        guarded(&router, .get, "/v1/providers/{name}") { [self] in try await showProvider($0, $1) }
        // Vendors have no key of ours: the token or the signature stands for one.
        open(&router, .post, "/v1/callbacks/{provider}/{token}") { [self] in
            try await callBackAboutAttempt($0)
        }
        open(&router, .post, "/v1/callbacks/{provider}") { [self] in try await callBackAboutAccount($0) }
        return router
    }

    /// A route for anybody.
    private func open(
        _ router: inout Router,
        _ method: HTTP.Method,
        _ pattern: String,
        _ body: @escaping @Sendable (Request) async throws -> Response
    ) {
        router.on(method, pattern) { [self] request in await answer(request) { try await body(request) } }
    }

    /// A route for callers with a key, where keys are asked for.
    private func guarded(
        _ router: inout Router,
        _ method: HTTP.Method,
        _ pattern: String,
        _ body: @escaping @Sendable (Request, Caller) async throws -> Response
    ) {
        router.on(method, pattern) { [self] request in
            await answer(request) {
                let entrance = Exchange.current?.entrance ?? clients.enter(request, at: parts.time)
                // Who is refused for its rate is known too.
                if case .admitted(let known, _) = entrance { Self.note(known, of: request) }
                let caller = try entrance.caller
                if case .admitted(_, let rate?) = entrance, rate.wait != nil { spare(caller, "rate_limited") }
                return try await body(request, caller)
            }
        }
    }

    /// Turns what a handler throws into an answer; what nobody expected is logged and quoted by its request id.
    private func answer(_ request: Request, _ body: () async throws -> Response) async -> Response {
        do {
            return try await body()
        } catch let problem as ProblemDetails {
            return respond(problem)
        } catch let refused as Refused {
            return respond(refused)
        } catch LedgerError.overQuota(let excesses) {
            return respond(refusal(excesses))
        } catch let invalid as InvalidRequest {
            return respond(ProblemDetails(invalid))
        } catch let none as NoProvider {
            return respond(none.problem, candidates: PlanWire.candidates(none.plan))
        } catch let error as LedgerError {
            parts.log(.error, "the ledger failed a request", Exchange.about(["reason": "\(error)"]))
            return respond(ProblemDetails(error))
        } catch let error as BodyError {
            return respond(Self.problem(error))
        } catch {
            parts.log(
                .error,
                "a request failed unexpectedly",
                Exchange.about(["error": "\(error)"])
            )
            return respond(
                ProblemDetails(
                    .internalServerError,
                    code: "internal",
                    detail: "Something went wrong in the gateway; its log has more under this request id."
                )
            )
        }
    }

    func respond(_ refused: Refused) -> Response {
        var response = respond(refused.problem)
        response.fields["Retry-After"] = refused.retryAfter.map { "\($0)" }
        return response
    }

    func respond(_ problem: ProblemDetails, candidates: JSONValue? = nil) -> Response {
        var problem = problem
        problem.requestID = Exchange.current?.requestID
        Exchange.note("code", problem.code)
        measures.problems[problem.code].add()
        var response = Response(
            problem.status,
            contentType: ProblemWire.contentType,
            ProblemWire.bytes(problem, candidates: candidates)
        )
        switch problem.status.code {
        case 401: response.fields["WWW-Authenticate"] = "Bearer"
        case 429 where problem.code == "too_many_waits": response.fields["Retry-After"] = "5"
        case 503, 507: response.fields["Retry-After"] = "5"
        default: break
        }
        return response
    }

    private static func problem(_ error: BodyError) -> ProblemDetails {
        switch error {
        case .tooLarge(let limit):
            ProblemDetails(
                .contentTooLarge,
                code: "body_too_large",
                detail: "The body has more than \(limit) bytes."
            )
        case .timedOut:
            ProblemDetails(.requestTimeout, code: "body_timeout", detail: "The body came too slowly.")
        case .disconnected, .refused:
            ProblemDetails(
                .badRequest,
                code: "body_incomplete",
                detail: "The body could not be read to its end."
            )
        }
    }

    // MARK: Health

    private static let alive = Response(.ok, contentType: "application/json", Array(#"{"status":"ok"}"#.utf8))

    /// Whatever the reason, a probe understands 503; `code` tells which it is.
    private static func notReady(_ problem: ProblemDetails) -> ProblemDetails {
        ProblemDetails(.serviceUnavailable, code: problem.code, detail: problem.detail)
    }

    private func readiness() async throws -> Response {
        if isDraining {
            throw ProblemDetails(
                .serviceUnavailable,
                code: "draining",
                detail: "The gateway is shutting down."
            )
        }
        do throws(LedgerError) {
            try parts.engine.checkAtWork()
            // One look a second is enough, however many ask.
            let now = monotonicNow()
            if wroteAt.load(ordering: .relaxed) &+ 1_000_000_000 < now {
                try await parts.ledger.checkWritable()
                wroteAt.store(now, ordering: .relaxed)
            }
        } catch {
            throw Self.notReady(ProblemDetails(error))
        }
        if let refusal = await refusalForWantOfDisk() { throw Self.notReady(refusal) }
        return Response(.ok, contentType: "application/json", Array(#"{"status":"ready"}"#.utf8))
    }
}
