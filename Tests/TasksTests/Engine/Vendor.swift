import AudioFile
import EventLoop
import HTTP
import HTTPServer
import JSON
import Threads

/// A loopback double of sunoapi.org that does what a script says, and remembers what it was asked.
final class Vendor: Sendable {
    /// What a create comes to.
    enum Create: Sendable {
        case accept
        /// A code inside of HTTP 200.
        case refuse(Int)
        case page(Int)
        /// The job is taken, the answer is cut off.
        case acceptAndCut
        /// No answer before the gate opens.
        case hang
    }

    /// What a poll says.
    enum Poll: Sendable {
        case pending, first, success, failed
        /// No answer before the gate opens, then success.
        case hang
        case page(Int)
        case unauthorized
    }

    private struct State {
        var creates: [Create]
        var polls: [Poll]
        var asked: [String] = []
        var jobs = 0
        var running: Set<String> = []
        var mostRunning = 0
        var pollsOf: [String: Int] = [:]
        var downloads = 0
        var gate: [CheckedContinuation<Void, Never>] = []
        var isOpen = false
    }

    private let state: Guarded<State>
    private let audio: [UInt8]
    private let badDownloads: Int
    /// What is asked, as it comes: `create`, `poll`, `download`.
    let events: AsyncStream<String>
    private let told: AsyncStream<String>.Continuation

    /// A vendor that answers creates in turn as scripted (the last script again and again), and likewise the polls of
    /// each job.
    init(creates: [Create] = [.accept], polls: [Poll] = [.success], audio: [UInt8], badDownloads: Int = 0) {
        state = Guarded(State(creates: creates, polls: polls))
        self.audio = audio
        self.badDownloads = badDownloads
        (events, told) = AsyncStream.makeStream()
    }

    var creates: Int { state.withLock { $0.asked.count { $0 == "create" } } }
    var polls: Int { state.withLock { $0.asked.count { $0 == "poll" } } }
    var mostRunning: Int { state.withLock { $0.mostRunning } }

    /// Returns when the vendor has been asked for something.
    func isAsked(_ what: String) async {
        for await event in events where event == what { return }
    }

    /// Lets go what hangs, now and later.
    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.gate = [] }
            return state.gate
        }
        for one in waiting { one.resume() }
    }

    private func gate() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.gate.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    func answer(_ request: Request, base: String) async -> Response {
        switch request.target.path {
        case "/api/v1/generate/sounds": return await create(request)
        case "/api/v1/generate/record-info":
            return await poll(request.target.query["taskId"] ?? "", base)
        default: return download()
        }
    }

    private func create(_ request: Request) async -> Response {
        let isBearer = request.fields["authorization"]?.hasPrefix("Bearer key-") == true
        let (script, job) = state.withLock { state in
            let script = state.creates.count > 1 ? state.creates.removeFirst() : state.creates[0]
            state.asked.append("create")
            state.jobs += 1
            let job = "job\(state.jobs)"
            if case .accept = script {
                state.running.insert(job)
                state.mostRunning = max(state.mostRunning, state.running.count)
            }
            return (script, job)
        }
        told.yield("create")
        guard isBearer else { return envelope(401, nil) }
        switch script {
        case .accept: return envelope(200, ["taskId": .string(job)])
        case .refuse(let code): return envelope(code, nil)
        case .page(let code): return page(code)
        case .acceptAndCut:
            return Response(
                .ok,
                fields: ["Content-Type": "application/json"],
                body: .stream { writer in
                    try await writer.write(#"{"code":200,"msg":"success","da"#)
                    throw CutOff()
                }
            )
        case .hang:
            await gate()
            return envelope(200, ["taskId": .string(job)])
        }
    }

    private func poll(_ job: String, _ base: String) async -> Response {
        let script = state.withLock { state in
            state.asked.append("poll")
            let count = state.pollsOf[job, default: 0]
            state.pollsOf[job] = count + 1
            return state.polls[min(count, state.polls.count - 1)]
        }
        told.yield("poll")
        switch script {
        case .pending: return record(job, "PENDING", 0, base)
        case .first: return record(job, "FIRST_SUCCESS", 1, base)
        case .success: return record(job, "SUCCESS", 2, base)
        case .failed: return record(job, "GENERATE_AUDIO_FAILED", 0, base)
        case .hang:
            await gate()
            return record(job, "SUCCESS", 2, base)
        case .page(let code): return page(code)
        case .unauthorized: return envelope(401, nil)
        }
    }

    private func record(_ job: String, _ status: String, _ clips: Int, _ base: String) -> Response {
        if status != "PENDING", status != "FIRST_SUCCESS" { state.withLock { _ = $0.running.remove(job) } }
        let data = (0..<clips).map { index -> JSONValue in
            [
                "id": .string("\(job)-\(index)"), "audioUrl": .string("\(base)/audio/\(job)-\(index).wav"),
                "title": "Rain",
            ]
        }
        return envelope(200, ["status": .string(status), "response": ["sunoData": .array(data)]])
    }

    private func download() -> Response {
        let number = state.withLock { state in
            state.asked.append("download")
            state.downloads += 1
            return state.downloads
        }
        told.yield("download")
        guard number > badDownloads else { return page(404) }
        return Response(.ok, contentType: "audio/wav", audio)
    }

    private func envelope(_ code: Int, _ data: JSONValue?) -> Response {
        let body: JSONValue = ["code": .integer(Int64(code)), "msg": "word", "data": data ?? .null]
        return Response(.ok, contentType: "application/json", body.serialized())
    }

    private func page(_ code: Int) -> Response {
        Response(
            code == 502 ? .badGateway : .notFound,
            contentType: "text/html",
            Array("<html><body>502 Bad Gateway</body></html>".utf8)
        )
    }
}

private struct CutOff: Error {}

/// The bytes of a short, whole sound file.
func audioBytes(in folder: String, _ format: AudioFormat = .wav) throws -> [UInt8] {
    let path = "\(folder)/sample.\(format.fileExtension)"
    let writer = try AudioWriter(path: path, format: format, sampleRate: 8000, channels: 1)
    try writer.write((0..<4000).map { Float($0 % 40) / 80 })
    try writer.finish()
    return try bytes(ofFile: path)
}
