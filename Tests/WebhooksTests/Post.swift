import Crypto
import EventLoop
import HTTP
import HTTPClient
import HTTPServer
import Sound
import Telemetry
import Testing
import Threads
import Webhooks

/// A courier between an outbox in memory and a receiver on loopback.
struct Post {
    /// Something that came to the receiver.
    struct Letter: Sendable {
        let fields: Fields
        let path: String
        let host: String
        let body: [UInt8]

        var id: String? { fields["webhook-id"] }
    }

    let outbox: MemoryOutbox
    let time: ManualTime
    let log: LogMemory
    let courier: Courier
    let receiver: Receiver
    /// Where the receiver is reached.
    let port: UInt16

    /// Puts a message into the outbox.
    @discardableResult
    func add(
        _ id: String,
        task: String? = nil,
        number: Int = 1,
        client: String? = nil,
        host: String = "127.0.0.1",
        path: String = "/hook",
        body: String = "{}"
    ) -> String {
        outbox.add(
            OutboxMessage(
                id: id,
                task: TaskID(rawValue: task ?? "snd_of_\(id)"),
                number: number,
                client: client,
                url: "http://\(host):\(port)\(path)",
                type: "sound.succeeded",
                createdAt: time.moment,
                body: Array(body.utf8)
            )
        )
        return id
    }

    /// Waits until something holds; a failure when it does not in time.
    func until(
        _ what: String,
        sourceLocation: SourceLocation = #_sourceLocation,
        _ condition: () async throws -> Bool
    ) async throws {
        for _ in 0..<5_000 {
            if try await condition() { return }
            try await Task.sleep(for: .milliseconds(2))
        }
        Issue.record("never: \(what)", sourceLocation: sourceLocation)
        throw Never(what: what)
    }

    struct Never: Error { let what: String }

    /// Waits until a message has been tried so often and nobody holds it.
    func tried(_ id: String, _ count: Int, sourceLocation: SourceLocation = #_sourceLocation) async throws
        -> OutboxMessage
    {
        try await until("\(id) is tried \(count) times", sourceLocation: sourceLocation) {
            outbox[id]?.tries == count && !outbox.leased.contains(id)
        }
        return try #require(outbox[id], sourceLocation: sourceLocation)
    }

    /// Moves the clock to a moment, once the courier waits for it.
    func pass(to moment: Moment, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        try await until("the courier waits for its time", sourceLocation: sourceLocation) {
            time.next.map { $0 <= moment } ?? false
        }
        let left = moment.milliseconds - time.moment.milliseconds
        time.advance(by: .milliseconds(max(left, 0) + 1))
    }
}

/// What a receiver has got, and how it answers.
final class Receiver: Sendable {
    typealias Answer = @Sendable (Post.Letter) async -> Response

    private struct State {
        var letters: [Post.Letter] = []
        var answer: Answer = { _ in Response(.ok) }
        var waiting: [CheckedContinuation<Void, Never>] = []
        var isOpen = false
    }

    private let state = Guarded(State())

    var letters: [Post.Letter] { state.withLock { $0.letters } }

    /// Answers from now on in this way.
    func answers(_ answer: @escaping Answer) { state.withLock { $0.answer = answer } }

    /// Answers with a status.
    func answers(_ status: Int, fields: Fields = [:]) {
        answers { _ in Response(Status(status), fields: fields) }
    }

    func take(_ letter: Post.Letter) async -> Response {
        let answer = state.withLock { state in
            state.letters.append(letter)
            return state.answer
        }
        return await answer(letter)
    }

    /// Waits until ``open()``; an answer that waits for this takes as long as the test likes.
    func gate() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}

/// Lends a courier and takes it down afterwards.
func withPost(
    _ configure: (inout Courier.Parts) -> Void = { _ in },
    _ body: (Post) async throws -> Void
) async throws {
    let loop = try EventLoop(name: "post")
    try loop.start()
    let client = HTTPClient(loops: [loop])
    let receiver = Receiver()
    let server = Server(addresses: [.tcp(host: "127.0.0.1", port: 0)], loops: [loop]) { request in
        do {
            let letter = Post.Letter(
                fields: request.fields,
                path: request.target.path,
                host: request.fields["Host"] ?? "",
                body: try await request.body.collect(upTo: 1 << 20)
            )
            return await receiver.take(letter)
        } catch {
            return Response(.badRequest)
        }
    }
    let result: Result<Void, any Error>
    do {
        let port = try #require(try await server.start().first?.port)
        let (outbox, time, log) = (MemoryOutbox(), ManualTime(), LogMemory())
        var parts = Courier.Parts(
            outbox: outbox,
            client: client,
            time: time,
            log: Log(level: .debug, sink: log)
        )
        parts.settings.destinations.allowsLoopback = true
        configure(&parts)
        let courier = Courier(loop: loop, parts: parts)
        let post = Post(
            outbox: outbox,
            time: time,
            log: log,
            courier: courier,
            receiver: receiver,
            port: port
        )
        do {
            try await body(post)
            result = .success(())
        } catch {
            result = .failure(error)
        }
        receiver.open()
        // An answer may hold its receiver.
        receiver.answers(200)
        await courier.stop(within: .zero)
        time.forget()
    } catch {
        result = .failure(error)
    }
    await server.stop(within: .zero)
    await client.shutdown()
    loop.stop()
    loop.join()
    try result.get()
}
