import HTTP
import HTTPServer
import JSON
import Telemetry

/// The double of VideoGen: executions of its sound tools, their files, and the account's webhooks.
final class VideoGenDouble: VendorDouble {
    let name = "videogen"
    let imitates = "https://api.videogen.io"
    let faults: [VendorOperation: [FaultKind]] = [:]

    let books: VideoGenBooks
    let callbacks: CallbackDesk
    let exchange: Exchange
    let assets: AssetDesk
    let time: EmulatorTime
    let links = VideoGenLinks()
    private let speed: Double

    init(_ house: EmulatorHouse) {
        books = VideoGenBooks(capacity: house.options.retention)
        exchange = house.exchange(
            for: name,
            breakdown: VideoGenRefusal(500, "internal_error", "Something went wrong on our side.").response
        )
        assets = house.assets
        callbacks = house.callbacks
        time = house.time
        speed = house.options.speed
    }

    func addRoutes(to router: inout Router) {
        for tool in VideoGenTool.allCases {
            router.on(.post, "/\(name)/v1/tools/\(tool.path)") { [self] request in
                await exchange.answer(request, as: .create) { create(tool, $0) }
            }
        }
        router.on(.get, "/\(name)/v1/tools/executions") { [self] request in
            await exchange.answer(request, as: .poll, list)
        }
        router.on(.get, "/\(name)/v1/tools/executions/{id}") { [self] request in
            await exchange.answer(request, as: .poll, about: subject(request), poll)
        }
        router.on(.post, "/\(name)/v1/tools/executions/{id}/cancel") { [self] request in
            await exchange.answer(request, as: .cancel, about: subject(request), cancel)
        }
        router.on(.get, "/\(name)/v1/me") { [self] request in
            await exchange.answer(request, as: .credits) { call in
                answer(call) { (_) throws(VideoGenRefusal) in
                    good(["email": "double@videogen.invalid"], "told")
                }
            }
        }
        addFileRoutes(to: &router)
        addWebhookRoutes(to: &router)
    }

    func unrouted(_ request: Request, _ status: Status) async -> Response {
        await exchange.answer(request, as: .unknown) { _ in
            let refusal = VideoGenRefusal(status.code, "not_found", "There is no such path or method.")
            return identified(VendorAnswer(response: refusal.response, outcome: refusal.code))
        }
    }

    private func subject(_ request: Request) -> CallSubject {
        let id = request.parameters["id"] ?? ""
        let job = VideoGenJob.root(id).flatMap { books.job($0) }
        return CallSubject(task: id, isDecided: job?.status(at: time.elapsed).isEnd ?? true)
    }

    // MARK: Executions

    private func create(_ tool: VideoGenTool, _ call: VendorCall) -> VendorAnswer {
        answer(call) { (key) throws(VideoGenRefusal) in
            let job = try books.take(
                try VideoGenRequest(tool, call),
                key: key,
                address: "\(call.origin)/\(name)",
                speed: speed,
                at: call.time,
                date: time.date(at: call.time)
            )
            callbacks.carryOut(plan(for: job))
            return accepted(job, "accepted")
        }
    }

    private func poll(_ call: VendorCall) -> VendorAnswer {
        answer(call) { (key) throws(VideoGenRefusal) in
            let job = try job(call, key)
            if let kind = call.fault?.kind, kind.isFate { books.update(job.root) { $0.fate = kind } }
            guard let job = books.job(job.root) else { throw .notFound }
            var (body, status) = execution(job, at: call.time)
            var outcome = status.rawValue
            if let fault = call.fault, fault.kind == .unknownWord {
                outcome = fault.word ?? "rethinking"
                body["status"] = .string(outcome)
            }
            return good(body, outcome)
        }
    }

    /// The newest first; that order is a guess.
    private func list(_ call: VendorCall) -> VendorAnswer {
        answer(call) { (key) throws(VideoGenRefusal) in
            let jobs = books.last(.max).filter { $0.key == key }.reversed()
            let page = try VideoGenPage(Array(jobs), call.request.target.query) { $0.id }
            return good(page.json("toolExecutions") { execution($0, at: call.time).body }, "listed")
        }
    }

    private func cancel(_ call: VendorCall) -> VendorAnswer {
        answer(call) { (key) throws(VideoGenRefusal) in
            let job = try job(call, key)
            let settings = books.settings
            guard !job.status(at: call.time).isEnd else {
                if settings.refusesLateCancel { throw .invalid("the execution has ended") }
                return accepted(job, "too late")
            }
            guard job.cancelled == nil else { return accepted(job, "again") }
            let moment = call.time + .seconds(settings.cancelSeconds / speed)
            books.update(job.root) { $0.cancelled = moment }
            callbacks.carryOut(plan(for: job, at: moment, isCancellation: true))
            return accepted(job, "cancelling")
        }
    }

    private func execution(_ job: VideoGenJob, at now: Duration) -> (body: JSONObject, VideoGenStatus) {
        let settings = books.settings
        let isHidden = settings.callbacks.hidesProgress(isAccepted: job.isEndAccepted == true)
        let status = isHidden ? .pending : job.status(at: now)
        let body = VideoGenBody(job: job, links: settings.hydratesResults ? links(settings, at: now) : nil)
        return (body.execution(status, progress: isHidden ? 0 : job.progress(at: now)), status)
    }

    // MARK: What they have in common

    /// An answer to a call with a key, or the vendor's refusal.
    func answer(
        _ call: VendorCall,
        _ body: (_ key: String) throws(VideoGenRefusal) -> VendorAnswer
    ) -> VendorAnswer {
        do throws(VideoGenRefusal) {
            return identified(try body(try key(of: call)))
        } catch {
            return identified(VendorAnswer(response: error.response, outcome: error.code))
        }
    }

    /// The same answer with the id that the vendor gives each.
    func identified(_ answer: VendorAnswer) -> VendorAnswer {
        var answer = answer
        answer.response.fields["x-request-id"] = "req_\(UInt64.random(in: 0 ... .max))"
        return answer
    }

    func good(_ body: JSONObject, _ outcome: String, status: Status = .ok) -> VendorAnswer {
        let bytes = JSONValue.object(body).serialized()
        return VendorAnswer(
            response: Response(status, contentType: "application/json", bytes),
            outcome: outcome
        )
    }

    /// Links that hold from a moment since the start for as long as the switch says.
    func links(_ settings: VideoGenSettings, at now: Duration) -> VideoGenBody.Links {
        let expiry = Double(time.date(at: now).milliseconds) / 1000 + settings.linkSeconds
        return VideoGenBody.Links(signer: links, expiry: Int64(expiry))
    }

    /// The caller's key; what a fault refuses is refused here.
    func key(of call: VendorCall) throws(VideoGenRefusal) -> String {
        if let fault = call.fault, fault.kind == .refuse {
            throw .scripted(code: fault.code, word: fault.word)
        }
        guard let key = call.bearerKey else { throw .missingKey }
        let expected = books.settings.key
        guard expected.isEmpty || key == expected else { throw .invalidKey }
        guard call.fault?.kind != .notFound else { throw .notFound }
        return key
    }

    private func job(_ call: VendorCall, _ key: String) throws(VideoGenRefusal) -> VideoGenJob {
        guard let root = VideoGenJob.root(call.request.parameters["id"] ?? "") else { throw .invalidID }
        guard let job = books.job(root), job.key == key else { throw .notFound }
        return job
    }

    private func accepted(_ job: VideoGenJob, _ outcome: String) -> VendorAnswer {
        var answer = good(["toolExecutionId": .string(job.id)], outcome, status: .accepted)
        answer.task = job.id
        return answer
    }
}

extension VideoGenDouble {
    // MARK: Control

    var settings: JSONObject { books.settings.json }

    func change(_ settings: JSONObject) throws(ControlError) {
        let approved = try books.change { (current) throws(ControlError) in
            try current.changed(by: settings)
        }
        let now = time.elapsed
        // Those that would end later have their callback planned already.
        for job in approved where job.natural <= now && job.fate == nil {
            callbacks.carryOut(plan(for: job, at: now))
        }
    }

    var acceptedCount: Int { books.acceptedCount }

    func tasks(last limit: Int) -> [JSONValue] {
        let now = time.elapsed
        return books.last(limit).map { job in
            [
                "vendor": .string(name),
                "id": .string(job.id),
                "status": .string(job.status(at: now).rawValue),
                "fate": JSONValue(orNull: job.fate?.rawValue),
                "time": .string(job.date.description),
                "age_seconds": .number((now - job.accepted) / .seconds(1)),
                "request": .object(job.request.json),
            ]
        }
    }

    func reset() { books.reset() }
}
