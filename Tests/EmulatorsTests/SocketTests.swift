import Emulators
import EventLoop
import HTTP
import HTTPClient
import HTTPServer
import JSON
import Testing
import Threads

/// The loop of all tests here; it lives as long as the process, as loops must.
private let testLoop: EventLoop = {
    do {
        let loop = try EventLoop(name: "doubles")
        try loop.start()
        return loop
    } catch {
        fatalError("the test machine has no room for a loop: \(error)")
    }
}()

@Suite struct SocketTests {
    /// The doubles behind a real server on a free port, with a real client.
    private func served<Result>(
        _ emulation: Emulation,
        _ body: (_ base: String, _ client: HTTPClient) async throws -> Result
    ) async throws -> Result {
        let loop = testLoop
        let server = Server(
            addresses: [.tcp(host: "127.0.0.1", port: 0)],
            loops: [loop],
            handler: { await emulation.host.respond(to: $0) }
        )
        let port = try #require(try await server.start().first?.port)
        let client = HTTPClient(loops: [loop])
        let result: Swift.Result<Result, any Error>
        do {
            result = .success(try await body("http://127.0.0.1:\(port)", client))
        } catch {
            result = .failure(error)
        }
        await client.shutdown()
        await server.stop(within: .seconds(1))
        return try result.get()
    }

    private func create(_ base: String) -> UpstreamRequest {
        UpstreamRequest(
            .post,
            "\(base)/sunoapi/api/v1/generate/sounds",
            fields: ["Authorization": "Bearer k-1", "Content-Type": "application/json"],
            body: JSONValue(dictionaryLiteral: ("prompt", "click, 1 second long"), ("model", "V5"))
                .serialized()
        )
    }

    @Test("over a socket a job is taken, ends, and its file decodes")
    func wholeWay() async throws {
        let emulation = try Emulation()
        try await served(emulation) { base, client in
            let created = try JSONValue(parsing: try await client.send(create(base)).body)
            let id = try #require(created["data"]?["taskId"]?.string)
            emulation.clock.advance(by: .seconds(20))
            let poll = UpstreamRequest(
                .get,
                "\(base)/sunoapi/api/v1/generate/record-info?taskId=\(id)",
                fields: ["Authorization": "Bearer k-1"]
            )
            let record = try JSONValue(parsing: try await client.send(poll).body)
            let url = try #require(record["data"]?["response"]?["sunoData"]?[0]?["audioUrl"]?.string)
            // The address is the one that the caller used.
            #expect(url.hasPrefix(base))
            let file = try await client.send(UpstreamRequest(.get, url))
            #expect(try Recording(file.body).duration == 1)
        }
    }

    @Test(
        "a client sees a cut connection as an outcome it cannot know",
        arguments: [("drop_before_accept", 0), ("drop_after_accept", 1), ("half_body", 1)]
            as [(String, Int64)]
    )
    func cut(_ fault: String, _ jobs: Int64) async throws {
        let emulation = try Emulation()
        try await emulation.script("create", fault)
        try await served(emulation) { base, client in
            let failure = await #expect(throws: TransportFailure.self) { try await client.send(create(base)) }
            #expect(failure?.delivery == .unknown)
            #expect(failure?.reason == (fault == "half_body" ? .truncated : .closed))
            let next = try await client.send(create(base))
            #expect(next.status == .ok)
        }
        #expect(try await emulation.control(.get, "tasks")["accepted"]?.integer == jobs + 1)
    }

    @Test("over a socket a callback arrives with its bytes, and its answer is told")
    func callback() async throws {
        let inbox = Guarded<[(target: String, type: String?, body: [UInt8])]>([])
        let loop = testLoop
        let gateway = Server(
            addresses: [.tcp(host: "127.0.0.1", port: 0)],
            loops: [loop],
            handler: { request in
                let body = (try? await request.body.collect(upTo: 1 << 20)) ?? []
                inbox.withLock { $0.append((request.target.path, request.fields["Content-Type"], body)) }
                return Response(inbox.withLock { $0.count } == 1 ? .ok : .notFound)
            }
        )
        let port = try #require(try await gateway.start().first?.port)
        let client = HTTPClient(loops: [loop])
        let emulation = try Emulation(carrier: ClientCarrier(client))
        try await emulation.turn("generation_seconds", 0)
        try await emulation.turn("phases", "direct")
        let url = "http://127.0.0.1:\(port)/v1/callbacks/x"
        let ids = [
            try await emulation.job("rain", ["callBackUrl": .string(url)]),
            try await emulation.job("rain", ["callBackUrl": .string(url)]),
            try await emulation.job("rain", ["callBackUrl": "http://127.0.0.1:1/"]),
        ]
        await emulation.host.settleCallbacks()
        let records = try await emulation.callbacks()
        let outcomes = Set(records.compactMap { $0["outcome"]?.string })
        #expect(outcomes.isSuperset(of: ["accepted", "refused"]))
        #expect(records.first { $0["task"]?.string == ids[2] }?["status"]?.isNull == true)
        let letters = inbox.withLock { $0 }
        #expect(letters.map(\.target) == ["/v1/callbacks/x", "/v1/callbacks/x"])
        #expect(letters.allSatisfy { $0.type == "application/json" })
        let told = try letters.map { try JSONValue(parsing: $0.body)["data"]?["task_id"]?.string }
        #expect(Set(told) == Set(ids.prefix(2)))
        await client.shutdown()
        await gateway.stop(within: .seconds(1))
    }
}
