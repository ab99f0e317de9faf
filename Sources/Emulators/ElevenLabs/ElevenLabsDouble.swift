import HTTP
import HTTPServer
import JSON
import Telemetry

/// The double of ElevenLabs: sounds and music in the answer to the call that asks for them.
final class ElevenLabsDouble: VendorDouble {
    let name = "elevenlabs"
    let imitates = "https://api.elevenlabs.io"
    let faults: [VendorOperation: [FaultKind]] = [
        .create: [.sensitive, .truncated, .html, .empty, .slowBody]
    ]

    private let books: ElevenLabsBooks
    private let exchange: Exchange
    private let shelf: AudioShelf
    private let time: EmulatorTime
    private let speed: Double
    private let log: Log

    init(_ house: EmulatorHouse) {
        books = ElevenLabsBooks(capacity: house.options.retention)
        exchange = house.exchange(
            for: name,
            breakdown: ElevenLabsRefusal.status("internal_server_error").response()
        )
        shelf = house.shelf
        time = house.time
        speed = house.options.speed
        log = house.log
    }

    func addRoutes(to router: inout Router) {
        router.on(.post, "/\(name)/v1/sound-generation") { [self] request in
            await exchange.answer(request, as: .create, about: .undecided) { call in
                await create(call) { (settings) throws(ElevenLabsRefusal) in
                    try ElevenLabsRequest(sound: call, textLimit: settings.soundTextLimit)
                }
            }
        }
        // The second differs in how early the first bytes come, which is no matter here.
        for path in ["music", "music/stream"] {
            router.on(.post, "/\(name)/v1/\(path)") { [self] request in
                await exchange.answer(request, as: .create, about: .undecided) { call in
                    await create(call) { (settings) throws(ElevenLabsRefusal) in
                        try ElevenLabsRequest(music: call, textLimit: settings.musicTextLimit)
                    }
                }
            }
        }
        router.on(.get, "/\(name)/v1/user/subscription") { [self] request in
            await exchange.answer(request, as: .credits, subscription)
        }
    }

    func unrouted(_ request: Request, _ status: Status) async -> Response {
        await exchange.answer(request, as: .unknown) { _ in
            let words = status == .methodNotAllowed ? "Method Not Allowed" : "Not Found"
            let body: JSONValue = ["detail": .string(words)]
            let response = Response(status, contentType: "application/json", body.serialized())
            return VendorAnswer(response: response, outcome: "no path")
        }
    }

    // MARK: The vendor's calls

    private func create(
        _ call: VendorCall,
        reading: (ElevenLabsSettings) throws(ElevenLabsRefusal) -> ElevenLabsRequest
    ) async -> VendorAnswer {
        let job: ElevenLabsJob
        do throws(ElevenLabsRefusal) {
            try check(call)
            if call.fault?.kind == .sensitive {
                throw ElevenLabsRefusal.scripted(code: nil, word: "bad_prompt").refusal
            }
            job = try books.take(try reading(books.settings), date: time.date(at: call.time))
        } catch {
            return refused(error, call)
        }
        defer { books.end() }
        let seconds = job.request.isMusic ? job.settings.musicSeconds : job.settings.soundSeconds
        await time.sleep(.seconds(seconds / speed))
        var answer = await audio(of: job, call)
        answer.response.fields["request-id"] = job.id
        answer.response.fields["character-cost"] = String(job.request.cost)
        answer.response.fields["current-concurrent-requests"] = String(job.running)
        answer.response.fields["maximum-concurrent-requests"] = String(job.settings.maximumConcurrency)
        answer.task = job.id
        return answer
    }

    private func audio(of job: ElevenLabsJob, _ call: VendorCall) async -> VendorAnswer {
        let type = job.request.format.contentType
        switch call.fault?.kind {
        case .html?:
            let page = Array("<!doctype html>\n<title>Just a moment...</title>\n".utf8)
            return VendorAnswer(response: Response(.ok, contentType: "text/html", page), outcome: "html")
        case .empty?:
            return VendorAnswer(response: Response(.ok, contentType: type, []), outcome: "empty")
        default: break
        }
        do {
            let rendering = job.rendering
            let file = try await shelf.file(job.audioName) { try rendering.write(to: $0) }
            let isWhole = call.fault?.kind != .truncated
            let pause = call.fault?.kind == .slowBody ? call.fault?.seconds ?? 0 : 0
            let body = AudioPieces(
                file: file,
                length: isWhole ? file.size : file.size / 2,
                lasting: .seconds(pause),
                time: time
            )
            let response = Response(
                .ok,
                fields: ["Content-Type": type],
                body: .stream { try await body.send(to: $0) }
            )
            return VendorAnswer(response: response, outcome: isWhole ? "accepted" : "truncated")
        } catch {
            log(.error, "a sound could not be made", ["error": "\(error)"])
            return refused(.status("internal_server_error"), call)
        }
    }

    private func subscription(_ call: VendorCall) async -> VendorAnswer {
        do throws(ElevenLabsRefusal) {
            try check(call)
        } catch {
            return refused(error, call)
        }
        let body = JSONValue.object(ElevenLabsSubscription(books.settings).json)
        let response = Response(.ok, contentType: "application/json", body.serialized())
        return VendorAnswer(response: response, outcome: "told")
    }

    // MARK: What they have in common

    /// Refuses a call without the key, and what a fault refuses.
    private func check(_ call: VendorCall) throws(ElevenLabsRefusal) {
        if let fault = call.fault, fault.kind == .refuse {
            throw ElevenLabsRefusal.scripted(code: fault.code, word: fault.word).refusal
        }
        guard let key = call.request.fields["xi-api-key"], !key.isEmpty else {
            throw .status("needs_authorization")
        }
        let expected = books.settings.key
        guard expected.isEmpty || key == expected else { throw .status("invalid_api_key") }
    }

    private func refused(_ refusal: ElevenLabsRefusal, _ call: VendorCall) -> VendorAnswer {
        let forced = call.fault?.kind == .refuse ? call.fault?.code : nil
        return VendorAnswer(response: refusal.response(forced), outcome: refusal.outcome)
    }
}

extension ElevenLabsDouble {
    // MARK: Control

    var settings: JSONObject { books.settings.json }

    func change(_ settings: JSONObject) throws(ControlError) {
        try books.change { (current) throws(ControlError) in try current.changed(by: settings) }
    }

    var acceptedCount: Int { books.acceptedCount }

    func tasks(last limit: Int) -> [JSONValue] {
        books.last(limit).map { job in
            [
                "vendor": .string(name),
                "id": .string(job.id),
                "time": .string(job.date.description),
                "cost": JSONValue(job.request.cost),
                "request": .object(job.request.json),
            ]
        }
    }

    func reset() { books.reset() }
}

extension CallSubject {
    /// A call whose end the double decides while it is answered.
    fileprivate static let undecided = CallSubject(isDecided: false)
}

extension FaultKind {
    /// The head of the answer comes at once, and its body over `seconds` (5 unless told).
    static let slowBody = FaultKind(rawValue: "slow_body")
}
