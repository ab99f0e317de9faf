import AudioFile
import Crypto
import HTTP
import HTTPServer
import JSON
import Telemetry

/// The double of MusicGPT: effects by `sound_generator`, songs by `MusicAI`, both polled by `byId`.
///
/// The vendor's documents spell the first path in two ways; both are served, with or without `/api/public` before.
final class MusicGPTDouble: VendorDouble {
    let name = "musicgpt"
    let imitates = "https://api.musicgpt.com/api/public"
    let faults: [VendorOperation: [FaultKind]] = [:]

    let books: MusicGPTBooks
    let callbacks: CallbackDesk
    let time: EmulatorTime
    let speed: Double
    private let exchange: Exchange
    private let assets: AssetDesk

    init(_ house: EmulatorHouse) {
        books = MusicGPTBooks(capacity: house.options.retention, speed: house.options.speed)
        let breakdown = MusicGPTRefusal.scripted(500, retryAfter: nil)
        exchange = house.exchange(
            for: name,
            breakdown: .musicGPT(.internalServerError, breakdown.body(MusicGPTSettings()))
        )
        assets = house.assets
        callbacks = house.callbacks
        time = house.time
        speed = house.options.speed
    }

    func addRoutes(to router: inout Router) {
        for base in ["/\(name)/v1", "/\(name)/api/public/v1"] {
            for path in ["sound_generator", "SoundGenerator"] {
                router.on(.post, "\(base)/\(path)") { [self] request in
                    await exchange.answer(request, as: .create) { call in
                        await create(call) { fields throws(MusicGPTRefusal) in
                            .sound(try MusicGPTSoundRequest(fields))
                        }
                    }
                }
            }
            router.on(.post, "\(base)/MusicAI") { [self] request in
                await exchange.answer(request, as: .create) { call in
                    await create(call) { fields throws(MusicGPTRefusal) in
                        .music(try MusicGPTMusicRequest(fields))
                    }
                }
            }
            router.on(.get, "\(base)/byId") { [self] request in
                let job = subject(of: request)?.job
                let spelled = request.target.query["task_id"] ?? request.target.query["conversion_id"]
                let subject = CallSubject(
                    task: job?.id ?? spelled,
                    isDecided: job.map { $0.fate != nil } ?? true
                )
                return await exchange.answer(request, as: .poll, about: subject, poll)
            }
        }
        router.on(.get, "/\(name)/conversions/{file}") { [self] request in
            let file = file(request.parameters["file"] ?? "")
            let subject = CallSubject(task: file?.job.id)
            return await exchange.answer(request, as: .asset, about: subject) { await serve(file, $0) }
        }
        router.on(.get, "/\(name)/covers/{file}") { [self] request in
            await exchange.answer(request, as: .asset, cover)
        }
    }

    func unrouted(_ request: Request, _ status: Status) async -> Response {
        await exchange.answer(request, as: .unknown) { _ in
            answer { () throws(MusicGPTRefusal) in throw .noPath }
        }
    }

    // MARK: The vendor's calls

    private func create(
        _ call: VendorCall,
        _ read: (PostedFields?) throws(MusicGPTRefusal) -> MusicGPTRequest
    ) async -> VendorAnswer {
        answer { () throws(MusicGPTRefusal) in
            try refuseIfScripted(call)
            let key = try key(of: call)
            let contentType = call.request.fields["Content-Type"]
            let job = try books.take(
                try read(PostedFields(call.body, contentType: contentType)),
                key: key,
                address: "\(call.origin)/\(name)",
                at: call.time,
                date: time.date(at: call.time)
            )
            callbacks.carryOut(plan(for: job))
            return VendorAnswer(
                response: .musicGPT(.ok, acceptance(of: job)),
                outcome: "accepted",
                task: job.id
            )
        }
    }

    private func acceptance(of job: MusicGPTJob) -> JSONObject {
        var body: JSONObject = ["success": true, "task_id": .string(job.id)]
        if job.request.isMusic {
            for (version, conversion) in job.conversions.enumerated() {
                body["conversion_id_\(version + 1)"] = .string(conversion)
            }
        } else {
            body["conversion_id"] = .string(job.conversions[0])
        }
        body["eta"] = JSONValue(job.eta)
        body["credit_estimate"] = .number(MusicGPTSettings.price)
        body["message"] = "Message published to queue"
        // In the sample of sounds, not in its schema, and not with songs.
        if !job.request.isMusic { body["status"] = .string(books.settings.word(for: .queued)) }
        return body
    }

    private func poll(_ call: VendorCall) async -> VendorAnswer {
        answer { () throws(MusicGPTRefusal) in
            try refuseIfScripted(call)
            let key = try key(of: call)
            try books.poll(at: call.time)
            let query = call.request.target.query
            guard let type = query["conversionType"], MusicGPTRequest.conversionTypes.contains(type) else {
                throw .invalid("conversionType is missing or not known.")
            }
            guard (query["task_id"] == nil) != (query["conversion_id"] == nil) else {
                throw .invalid("Either task_id or conversion_id is required, not both.")
            }
            guard call.fault?.kind != .notFound, let (job, version) = subject(of: call.request),
                job.key == key, job.request.type == type
            else { throw .noConversion }
            if let kind = call.fault?.kind, kind.isFate { books.decide(job.id, kind) }
            return conversion(of: books.job(job.id) ?? job, version, for: call)
        }
    }

    private func conversion(of job: MusicGPTJob, _ version: Int, for call: VendorCall) -> VendorAnswer {
        let settings = books.settings
        let state = job.polledState(at: call.time, settings, speed: speed)
        var word = settings.word(for: state)
        if let fault = call.fault, fault.kind == .unknownWord { word = fault.word ?? "MASTERING" }
        let body = MusicGPTConversionBody(
            job: job,
            state: state,
            word: word,
            date: time.date(at: call.time)
        )
        let profile = job.request.isMusic ? settings.musicProfile : settings.soundProfile
        let conversion =
            switch profile {
            case .documented: body.documented(version)
            case .observed: body.observed
            case .maps: body.maps
            }
        let answer: JSONObject = ["success": true, "conversion": .object(conversion)]
        return VendorAnswer(response: .musicGPT(.ok, answer), outcome: word)
    }

    // MARK: Files

    /// A result file by its name.
    private struct ResultFile {
        let job: MusicGPTJob
        let version: Int
        let format: AudioFormat
    }

    private func file(_ name: String) -> ResultFile? {
        let parts = name.split(separator: ".")
        guard parts.count == 2, let format = AudioFormat(rawValue: String(parts[1])),
            format == .mp3 || format == .wav
        else { return nil }
        if parts[0].hasSuffix("_sound") {
            guard let job = books.job(String(parts[0].dropLast(6))), !job.request.isMusic else { return nil }
            return ResultFile(job: job, version: 0, format: format)
        }
        guard let (job, version) = books.job(ofConversion: String(parts[0])), job.request.isMusic else {
            return nil
        }
        return ResultFile(job: job, version: version, format: format)
    }

    private func serve(_ file: ResultFile?, _ call: VendorCall) async -> VendorAnswer {
        let settings = books.settings
        var isReady = false
        if let file {
            let timeline = settings.timeline(for: file.job.request, speed: speed)
            let state = file.job.state(at: call.time, timeline)
            isReady = file.job.readyVersions(in: state) > file.version
        }
        return await assets.answer(
            call,
            name: file?.job.audioName(file?.version ?? 0) ?? "",
            isReady ? file?.job.specification(file?.version ?? 0) : nil,
            as: file?.format ?? .mp3,
            refusesCredentials: settings.refusesAssetCredentials
        )
    }

    /// One transparent pixel: pictures are not what is tried here.
    private func cover(_ call: VendorCall) async -> VendorAnswer {
        let pixel =
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII="
        let bytes = Base64.standard.decode(pixel) ?? []
        return VendorAnswer(response: Response(.ok, contentType: "image/png", bytes), outcome: "served")
    }

    // MARK: What they have in common

    private func answer(_ body: () throws(MusicGPTRefusal) -> VendorAnswer) -> VendorAnswer {
        do throws(MusicGPTRefusal) {
            return try body()
        } catch {
            let response = Response.musicGPT(Status(error.status), error.body(books.settings))
            return VendorAnswer(response: response, outcome: "status \(error.status)")
        }
    }

    private func refuseIfScripted(_ call: VendorCall) throws(MusicGPTRefusal) {
        guard let fault = call.fault, fault.kind == .refuse else { return }
        throw .scripted(fault.code ?? 500, retryAfter: fault.retryAfter)
    }

    /// The job that a poll names, and which of its versions.
    private func subject(of request: Request) -> (job: MusicGPTJob, version: Int)? {
        let query = request.target.query
        if let id = query["task_id"] { return books.job(id).map { ($0, 0) } }
        return query["conversion_id"].flatMap { books.job(ofConversion: $0) }
    }

    /// The key stands in `Authorization` without a scheme.
    private func key(of call: VendorCall) throws(MusicGPTRefusal) -> String {
        if books.settings.toleratesBearer, let key = call.bearerKey { return key }
        guard let value = call.request.fields["Authorization"], !value.isEmpty, !value.contains(" ") else {
            throw .noKey
        }
        return value
    }
}

extension MusicGPTDouble {
    // MARK: Control

    var settings: JSONObject { books.settings.json }

    func change(_ settings: JSONObject) throws(ControlError) {
        try books.change { (current) throws(ControlError) in try current.changed(by: settings) }
    }

    var acceptedCount: Int { books.acceptedCount }

    func tasks(last limit: Int) -> [JSONValue] {
        let settings = books.settings
        let now = time.elapsed
        return books.last(limit).map { job in
            let state = job.state(at: now, settings.timeline(for: job.request, speed: speed))
            return [
                "vendor": .string(name),
                "id": .string(job.id),
                "conversions": .array(job.conversions.map { .string($0) }),
                "type": .string(job.request.type),
                "status": .string(settings.word(for: state)),
                "fate": JSONValue(orNull: job.fate?.rawValue),
                "time": .string(job.date.description),
                "age_seconds": .number((now - job.accepted) / .seconds(1)),
            ]
        }
    }

    func reset() { books.reset() }
}
