import Assets
import Configuration
import Crypto
import HTTP
import HTTPServer
import JSON
import Providers
import Routing
import Sound
import Spelling
import Tasks
import Telemetry
import Threads
import Timing

extension Gateway {
    /// The longest that `Prefer: wait` waits, in seconds.
    private static let longestWait = 120
    /// The most values that the JSON of a request may have; a real one has some dozens.
    private static let mostValues = 10_000

    // MARK: Create and plan

    func createSound(_ call: Request, _ caller: Caller) async throws -> Response {
        if isDraining {
            throw ProblemDetails(
                .serviceUnavailable,
                code: "draining",
                detail: "The gateway is shutting down."
            )
        }
        let key = try idempotencyKey(of: call, caller)
        let json = try await readJSON(call)
        guard let key else { return try await createSound(json, call, caller, under: nil) }
        // Of two at once the second would have to wait for the first one's answer: it is told to come again.
        guard creating.withLock({ $0.insert(key).inserted }) else { throw Self.createUnderWay }
        defer { creating.withLock { _ = $0.remove(key) } }
        let claim = KeyedCreate(key: key, fingerprint: fingerprint(of: json))
        if let first = try await parts.ledger.firstAnswer(to: key, now: parts.time.moment) {
            return try replay(first, claim)
        }
        return try await createSound(json, call, caller, under: claim)
    }

    private func createSound(
        _ json: JSONValue,
        _ call: Request,
        _ caller: Caller,
        under claim: KeyedCreate?
    ) async throws -> Response {
        let request = try SoundRequest(json, knownProviders: providerNames)
        noteWords(of: request)
        try checkDestination(of: request)
        try checkPermit(request, caller)
        let plan = traced { planner.plan(request, states: troubledStates, permit: caller.permit) }
        guard !plan.eligible.isEmpty else { throw NoProvider(plan: await shownPlan(request, caller)) }
        let routes = plan.eligible.map(\.route)
        await watch(request, routes, caller)
        try await takePlace(caller, plan)
        let creation: Engine.Creation
        do {
            defer { caller.standing?.leave() }
            if let refusal = await refusalForWantOfDisk() { throw refusal }
            creation = try await create(request, routes, call, caller, under: claim)
        } catch LedgerError.tooManyTasks(let most) {
            // At other gateways too: its own look above sees only those that are here.
            throw await noRoom(ofClientWith: most, plan)
        }
        if case .created(let record) = creation {
            Exchange.note("task", record.id.rawValue)
            Exchange.note(task: record.id)
        }
        switch (creation, claim) {
        case (.known(let first), let claim?): return try replay(first, claim)
        case (.created(let record), let claim?):
            return await firstAnswer(with: record, to: call, of: caller, claim)
        case (.created(let record), nil): return await answer(with: record, to: call, of: caller)
        case (.known, nil):
            preconditionFailure("only a key has a first answer")
        }
    }

    /// Stores the task, under its key where it has one.
    private func create(
        _ request: SoundRequest,
        _ routes: [Route],
        _ call: Request,
        _ caller: Caller,
        under claim: KeyedCreate?
    ) async throws(LedgerError) -> Engine.Creation {
        let deadline =
            request.deadline.map { Duration.milliseconds(Int64($0 * 1000)) }
            ?? configuration.routing.deadline
        guard let claim else {
            let record = try await parts.engine.create(
                request,
                routes: routes,
                client: caller.name,
                deadline: deadline,
                from: Exchange.current?.provenance
            )
            return .created(record)
        }
        return try await parts.engine.create(
            request,
            routes: routes,
            client: caller.name,
            deadline: deadline,
            from: Exchange.current?.provenance
        ) { record in
            FirstAnswer(
                key: claim.key,
                fingerprint: claim.fingerprint,
                task: record.id,
                status: Status.accepted.code,
                body: rendered(record, for: call, queuePosition: nil),
                createdAt: record.createdAt
            )
        }
    }

    /// The answer to a create, after the wait that was asked for.
    private func answer(with admitted: TaskRecord, to call: Request, of caller: Caller) async -> Response {
        var record = admitted
        let wait = wait(asked: call, of: caller)
        if let wait {
            await waitForEnd(of: record.id, wait)
            record = parts.engine.board.record(record.id) ?? record
        }
        var response = show(
            record,
            for: call,
            status: wait != nil && record.status.hasEnded ? .ok : .accepted
        )
        response.fields["Location"] = "/v1/sounds/\(record.id)"
        if let wait { response.fields["Preference-Applied"] = "wait=\(wait.seconds)" }
        return response
    }

    func createPlan(_ call: Request, _ caller: Caller) async throws -> Response {
        let request = try await readRequest(call)
        return json(.ok, .object(PlanWire.json(await shownPlan(request, caller))))
    }

    /// The plan with what is known of the providers' load, which a create need not ask for: it changes no choice.
    private func shownPlan(_ request: SoundRequest, _ caller: Caller) async -> Plan {
        var states = troubledStates
        for (name, load) in await parts.engine.load() {
            states[name, default: ProviderState()].expectedWait = load.expectedWait
        }
        return traced { planner.plan(request, states: states, permit: caller.permit) }
    }

    /// Makes a plan within a span of its own.
    private func traced(_ body: () -> Plan) -> Plan {
        let span = parts.tracer.begin("plan", in: Exchange.current?.span?.context)
        let plan = body()
        span?["soundgate.plan.eligible"] = SpanValue(plan.eligible.count)
        span?["soundgate.plan.chosen"] = plan.eligible.first.map { "\($0.route.name)" }
        span?.end()
        return plan
    }

    /// What changes a choice: which operations had better not be called just now.
    var troubledStates: [String: ProviderState] {
        parts.engine.troubles.reduce(into: [:]) { states, trouble in
            states[trouble.key.provider, default: ProviderState()].troubles[trouble.key.operation] =
                switch trouble.value {
                case .failing: "its calls fail just now"
                case .keysRefused: "it refuses every key that is configured"
                case .outOfCredit: "its accounts are out of credits"
                }
        }
    }

    private func readRequest(_ call: Request) async throws -> SoundRequest {
        let request = try SoundRequest(try await readJSON(call), knownProviders: providerNames)
        try checkDestination(of: request)
        return request
    }

    private func readJSON(_ call: Request) async throws -> JSONValue {
        if let type = call.fields["Content-Type"] {
            guard MediaType(type)?.isJSON == true else {
                throw ProblemDetails(
                    .unsupportedMediaType,
                    code: "unsupported_media_type",
                    detail: "The body must be JSON: send \"Content-Type: application/json\"."
                )
            }
        }
        let bytes = try await call.body.collect(upTo: configuration.server.limits.body)
        do throws(JSONError) {
            return try JSONValue(parsing: bytes, maximumValues: Self.mostValues)
        } catch {
            throw ProblemDetails(
                .badRequest,
                code: "malformed_json",
                detail: bytes.isEmpty
                    ? "The body is empty; it must be a JSON object." : "The body is not JSON: \(error)."
            )
        }
    }

    // MARK: One task

    func showSound(_ call: Request, _ caller: Caller) async throws -> Response {
        var record = try await record(call, caller)
        var applied: Int?
        if !record.status.hasEnded, let wait = wait(asked: call, of: caller) {
            await waitForEnd(of: record.id, wait)
            record = try await parts.engine.current(record.id) ?? record
            applied = wait.seconds
        }
        var response = show(record, for: call)
        if let applied { response.fields["Preference-Applied"] = "wait=\(applied)" }
        return response
    }

    func cancelSound(_ call: Request, _ caller: Caller) async throws -> Response {
        let record = try await record(call, caller)
        return show(try await parts.engine.cancel(record.id) ?? record, for: call, status: .accepted)
    }

    func deleteSound(_ call: Request, _ caller: Caller) async throws -> Response {
        let record = try await record(call, caller)
        guard record.status.hasEnded else {
            throw ProblemDetails(
                .conflict,
                code: "task_running",
                detail: "The task has not ended; cancel it first, then delete it."
            )
        }
        try await parts.engine.remove(record.id)
        return Response(.noContent)
    }

    /// The task that the path names, if the caller may see it; the same 404 for one that is somebody else's.
    func record(_ call: Request, _ caller: Caller) async throws -> TaskRecord {
        guard let text = call.parameters["id"], text.hasPrefix("snd_"), text.utf8.count <= 64 else {
            throw ProblemDetails.notFound("task")
        }
        let id = TaskID(rawValue: text)
        let record = try await parts.engine.current(id)
        guard let record, caller.isAdmin || record.client == caller.name else {
            throw ProblemDetails.notFound("task")
        }
        Self.note(record, seenBy: caller)
        Exchange.note(task: record.id)
        return record
    }

    /// A task as it is shown to this caller.
    func rendered(_ record: TaskRecord, for call: Request, queuePosition: Int?) -> [UInt8] {
        let wire = TaskWire(
            record: record,
            baseURL: baseURL(for: call),
            queuePosition: queuePosition,
            expectedEnd: queuePosition == nil ? nil : parts.engine.board.expectedEnd(record.id)
        )
        var json = JSONWriter()
        wire.write(to: &json)
        return json.bytes
    }

    func show(_ record: TaskRecord, for call: Request, status: Status = .ok) -> Response {
        let bytes = rendered(record, for: call, queuePosition: parts.engine.board.position(record.id))
        return show(bytes, for: call, status: status)
    }

    /// A rendered task with its tag.
    func show(_ bytes: [UInt8], for call: Request, status: Status) -> Response {
        let tag = EntityTag(String(SHA256.hash(bytes).hex.prefix(24)))
        let fields: Fields = ["ETag": tag.description]
        let isRead = call.method == .get || call.method == .head
        let condition = Preconditions.evaluate(method: call.method, fields: call.fields, entityTag: tag)
        if isRead, condition == .notModified { return Response(.notModified, fields: fields) }
        return Response(status, contentType: "application/json", bytes, fields: fields)
    }

    /// What stands before `/v1/…` for this caller: the configured address, else the one that was called.
    func baseURL(for call: Request) -> String {
        configuration.server.publicURL ?? call.fields["Host"].map {
            "\(call.isSecure ? "https" : "http")://\($0)"
        } ?? ""
    }

    /// A wait that was asked for and is granted.
    struct Wait {
        let seconds: Int
        fileprivate let place: WaitBook.Place
    }

    /// How long the caller wants to wait; `nil` also for one who has as many waits under way as it may have, for a
    /// preference binds nobody (RFC 7240) and the task is taken all the same.
    func wait(asked call: Request, of caller: Caller) -> Wait? {
        guard call.fields.contains("Prefer"), let wait = Preferences(call.fields).wait, wait > 0,
            let place = place(for: caller, call)
        else { return nil }
        return Wait(seconds: min(wait, Self.longestWait), place: place)
    }

    /// Waits for a task's end in the place that was granted.
    func waitForEnd(of id: TaskID, _ wait: Wait) async {
        defer { withExtendedLifetime(wait.place) {} }
        await parts.engine.waitForEnd(of: id, atMost: .seconds(wait.seconds))
    }

    func json(_ status: Status, _ value: JSONValue) -> Response {
        Response(status, contentType: "application/json", value.serialized())
    }
}
