import HTTP
import HTTPServer
import JSON
import Telemetry

/// The double of one host of the family: sounds by `generate/sounds`, polled by `generate/record-info`.
///
/// It calls back where a job says so.
final class SunoDouble: VendorDouble {
    let faults: [VendorOperation: [FaultKind]] = [
        .poll: [.snakeCase, .createFailed], .callback: [.unknownWord, .createFailed],
    ]

    let profile: SunoProfile
    let books: SunoBooks
    let callbacks: CallbackDesk
    private let exchange: Exchange
    private let assets: AssetDesk
    private let time: EmulatorTime
    let speed: Double

    init(_ profile: SunoProfile, _ house: EmulatorHouse) {
        self.profile = profile
        books = SunoBooks(profile, capacity: house.options.retention)
        let (code, message) = profile.refusal(.scripted(500))
        exchange = house.exchange(
            for: profile.name,
            breakdown: .sunoRefusal(code, message, trueStatus: true)
        )
        assets = house.assets
        callbacks = house.callbacks
        time = house.time
        speed = house.options.speed
    }

    var name: String { profile.name }
    var imitates: String { profile.imitates }

    func addRoutes(to router: inout Router) {
        router.on(.post, "/\(name)/api/v1/generate/sounds") { [self] request in
            await exchange.answer(request, as: .create, create)
        }
        router.on(.get, "/\(name)/api/v1/generate/record-info") { [self] request in
            let id = request.target.query["taskId"]
            let job = id.flatMap { books.job($0) }
            let subject = CallSubject(task: id, isDecided: job.map { $0.fate != nil } ?? true)
            return await exchange.answer(request, as: .poll, about: subject, poll)
        }
        router.on(.post, "/\(name)/api/v1/generate/get-timestamped-lyrics") { [self] request in
            await exchange.answer(request, as: .lyrics, lyrics)
        }
        router.on(.get, "/\(name)\(profile.creditPath)") { [self] request in
            await exchange.answer(request, as: .credits, credits)
        }
        router.on(.get, "/\(name)/files/{file}") { [self] request in
            let file = FileName(request.parameters["file"] ?? "")
            return await exchange.answer(request, as: .asset, about: CallSubject(task: file?.task)) { call in
                await serve(file, call)
            }
        }
    }

    func unrouted(_ request: Request, _ status: Status) async -> Response {
        await exchange.answer(request, as: .unknown) { _ in
            answer { () throws(SunoRefusal) in throw .noPath }
        }
    }

    // MARK: The vendor's calls

    private func create(_ call: VendorCall) async -> VendorAnswer {
        answer { () throws(SunoRefusal) in
            try refuseIfScripted(call)
            let key = try key(of: call)
            let request = try SunoSoundRequest(
                call.body,
                contentType: call.request.fields["Content-Type"],
                models: profile.models
            )
            let taken = books.take(
                request,
                key: key,
                address: address(call),
                at: call.time,
                date: time.date(at: call.time)
            )
            guard let job = taken else { throw .noCredits }
            callbacks.carryOut(plan(for: job))
            let response = Response.sunoSuccess(["taskId": .string(job.id)])
            return VendorAnswer(response: response, outcome: "accepted", task: job.id)
        }
    }

    private func poll(_ call: VendorCall) async -> VendorAnswer {
        answer { () throws(SunoRefusal) in
            try refuseIfScripted(call)
            let key = try key(of: call)
            guard let id = call.request.target.query["taskId"], !id.isEmpty else {
                throw .missing("taskId")
            }
            guard call.fault?.kind != .notFound, books.job(id)?.key == key else { throw .noTask }
            if let kind = call.fault?.kind, kind.isFate { books.decide(id, kind) }
            guard let job = books.job(id) else { throw .noTask }
            return record(of: job, for: call)
        }
    }

    private func record(of job: SunoJob, for call: VendorCall) -> VendorAnswer {
        let settings = books.settings
        let status = job.polledStatus(at: call.time, settings, speed: speed)
        var body = SunoRecordBody(job: job, status: status, address: address(call)).json
        var outcome = status.rawValue
        if let fault = call.fault, fault.kind == .unknownWord {
            outcome = fault.word ?? "REGENERATING"
            body["status"] = .string(outcome)
        }
        let isSnake = settings.snakeCase || call.fault?.kind == .snakeCase
        let data = JSONValue.object(body)
        return VendorAnswer(response: .sunoSuccess(isSnake ? data.snakeCased : data), outcome: outcome)
    }

    /// The words with their times, which only a job that asked for them has.
    private func lyrics(_ call: VendorCall) async -> VendorAnswer {
        answer { () throws(SunoRefusal) in
            try refuseIfScripted(call)
            let key = try key(of: call)
            let request = try SunoLyricsRequest(call.body)
            guard let job = books.job(request.task), job.key == key else { throw .noTask }
            let status = job.status(at: call.time, books.settings.timeline(speed: speed))
            let clip = (0..<job.readyClips(in: status)).first { job.clipID($0) == request.clip }
            guard let clip else { throw .noTask }
            guard job.request.grabsLyrics else { throw .malformed("The task was created without grabLyrics") }
            let data = SunoLyricsBody(job: job, clip: clip).json
            return VendorAnswer(response: .sunoSuccess(data), outcome: "told", task: job.id)
        }
    }

    private func credits(_ call: VendorCall) async -> VendorAnswer {
        answer { () throws(SunoRefusal) in
            try refuseIfScripted(call)
            _ = try key(of: call)
            return VendorAnswer(response: .sunoSuccess(.number(books.settings.credits)), outcome: "told")
        }
    }

    private func serve(_ file: FileName?, _ call: VendorCall) async -> VendorAnswer {
        let settings = books.settings
        let job = file.flatMap { books.job($0.task) }
        let status = job?.status(at: call.time, settings.timeline(speed: speed))
        let isReady = file.map { file in status.map { job?.readyClips(in: $0) ?? 0 > file.clip } ?? false }
        let clip = file?.clip ?? 0
        return await assets.answer(
            call,
            name: job?.audioName(clip) ?? "",
            isReady == true ? job?.specification(clip) : nil,
            refusesCredentials: settings.refusesAssetCredentials
        )
    }

    // MARK: What they have in common

    private func answer(_ body: () throws(SunoRefusal) -> VendorAnswer) -> VendorAnswer {
        do throws(SunoRefusal) {
            return try body()
        } catch {
            let (code, message) = profile.refusal(error)
            let response = Response.sunoRefusal(code, message, trueStatus: books.settings.trueStatus)
            return VendorAnswer(response: response, outcome: "code \(code)")
        }
    }

    private func refuseIfScripted(_ call: VendorCall) throws(SunoRefusal) {
        if let fault = call.fault, fault.kind == .refuse { throw .scripted(fault.code ?? 500) }
    }

    /// The double's own address, as a caller reached it.
    private func address(_ call: VendorCall) -> String { "\(call.origin)/\(name)" }

    private func key(of call: VendorCall) throws(SunoRefusal) -> String {
        guard let key = call.bearerKey else { throw .noKey }
        return key
    }
}

extension SunoDouble {
    // MARK: Control

    var settings: JSONObject { books.settings.json }

    func change(_ settings: JSONObject) throws(ControlError) {
        try books.change { (current) throws(ControlError) in try current.changed(by: settings) }
    }

    var acceptedCount: Int { books.acceptedCount }

    func tasks(last limit: Int) -> [JSONValue] {
        let timeline = books.settings.timeline(speed: speed)
        let now = time.elapsed
        return books.last(limit).map { job in
            [
                "vendor": .string(name),
                "id": .string(job.id),
                "status": .string(job.status(at: now, timeline).rawValue),
                "fate": JSONValue(orNull: job.fate?.rawValue),
                "time": .string(job.date.description),
                "age_seconds": .number((now - job.accepted) / .seconds(1)),
                "clips": JSONValue(job.clips),
                "request": .object(job.request.json),
            ]
        }
    }

    func reset() { books.reset() }
}

extension FaultKind {
    /// The record's names in snake_case, as some hosts of the family have them.
    static let snakeCase = FaultKind(rawValue: "snake_case")
}

/// The name of a clip's file: a task's id, a number from 1, and an extension unless it is the stream.
private struct FileName {
    let task: String
    /// From 0.
    let clip: Int

    init?(_ name: String) {
        let stem = name.hasSuffix(".mp3") ? name.dropLast(4) : name[...]
        let parts = stem.split(separator: "-")
        guard parts.count == 2, let number = Int(parts[1]), number > 0 else { return nil }
        task = String(parts[0])
        clip = number - 1
    }
}
