import Crypto
import Emulators
import HTTP
import HTTPClient
import HTTPServer
import Threads

/// The line to the doubles, without sockets: every exchange is a step.
struct StepLine: HTTPTransport {
    let host: EmulatorHost
    let script: StepScript
    let process: StepProcess
    let faults: StepPlayer
    /// The digests of all content that was served whole.
    let served: Guarded<Set<String>>

    func send(_ request: UpstreamRequest) async throws(TransportFailure) -> UpstreamResponse {
        script.exchangeBegins()
        defer { script.exchangeEnds() }
        let fault = try await begin(request)
        let (answer, body) = try await exchange(request)
        try await play(fault, .after, request)
        try await play(fault, .answered, request)
        try await goOn()
        return UpstreamResponse(
            status: answer.status,
            fields: answer.fields,
            body: body,
            effectiveURL: request.url
        )
    }

    func download(
        _ request: UpstreamRequest,
        to sink: some ByteSink
    ) async throws(TransportFailure) -> UpstreamResponse {
        script.exchangeBegins()
        defer { script.exchangeEnds() }
        let fault = try await begin(request)
        let (answer, body) = try await exchange(request)
        do {
            if case .refuse(let why) = try await sink.head(answer.status, answer.fields) {
                throw TransportFailure(.unknown, .sink, why, status: answer.status)
            }
            try await sink.write(Array(body[..<(body.count / 2)]))
            try await play(fault, .after, request)
            try await sink.write(Array(body[(body.count / 2)...]))
        } catch let failure as TransportFailure {
            throw failure
        } catch {
            throw TransportFailure(.unknown, .sink, "the sink failed: \(error)", status: answer.status)
        }
        if answer.status == .ok { _ = served.withLock { $0.insert(SHA256.hash(body).hex) } }
        try await play(fault, .answered, request)
        try await goOn()
        return UpstreamResponse(
            status: answer.status,
            fields: answer.fields,
            body: [],
            effectiveURL: request.url
        )
    }

    private func begin(_ request: UpstreamRequest) async throws(TransportFailure) -> StepFault? {
        try await goOn()
        let path = HTTPURL(request.url)?.path ?? "-"
        let fault = script.next(.line, "\(request.method) \(path)")
        faults.beginStep()
        try await play(fault, .before, request)
        if Task.isCancelled { throw TransportFailure(.notSent, .cancelled, "no longer wanted") }
        return fault
    }

    private func exchange(_ request: UpstreamRequest) async throws(TransportFailure) -> (Response, [UInt8]) {
        guard let url = HTTPURL(request.url) else { throw TransportFailure(.notSent, .badURL, "no URL") }
        var fields = request.fields
        fields["Host"] = "\(url.authority)"
        let target = url.path + (url.query.map { "?\($0)" } ?? "")
        guard let call = Request(request.method, target, fields: fields, body: request.body ?? []) else {
            throw TransportFailure(.notSent, .badURL, "no target")
        }
        let response = await host.respond(to: call)
        do {
            return (response, try await response.collectBody())
        } catch {
            throw TransportFailure(.unknown, .truncated, "\(error)", status: response.status)
        }
    }

    private func play(
        _ fault: StepFault?,
        _ point: StepFault.Point,
        _ request: UpstreamRequest
    ) async throws(TransportFailure) {
        guard let fault, fault.point == point else { return }
        switch fault.mishap {
        case .refused: throw TransportFailure(.notSent, .connect, "scripted")
        case .cut: throw TransportFailure(.unknown, .closed, "scripted")
        case .silent:
            // A peer that says nothing is waited for less long than one that stops in the midst.
            let isBefore = point == .before
            faults.time.advance(by: isBefore ? request.timeouts.firstByte : request.timeouts.total)
            throw TransportFailure(.unknown, .timeout(isBefore ? .firstByte : .total), "scripted")
        default: await faults.play(fault, in: process)
        }
        try await goOn()
        if Task.isCancelled { throw TransportFailure(.unknown, .cancelled, "no longer wanted") }
    }

    private func goOn() async throws(TransportFailure) {
        guard await process.goesOn() else {
            throw TransportFailure(.unknown, .unavailable, "the process is dead")
        }
    }
}
