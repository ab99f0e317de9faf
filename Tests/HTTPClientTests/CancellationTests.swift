import EventLoop
import HTTP
import HTTPClient
import Testing

@Suite struct CancellationTests {
    /// Starts a call, cancels it once `moment` has come, and gives its failure.
    private func cancelled(
        _ request: UpstreamRequest,
        on client: HTTPClient,
        at moment: () async -> Void
    ) async throws -> TransportFailure {
        let call = Task { try await client.send(request) }
        await moment()
        call.cancel()
        return try await failing { try await call.value }
    }

    @Test func beforeItStarts() async throws {
        let peer = try ScriptedPeer(answering: answer())
        let failure = try await withClient { client, _ in
            let call = Task {
                while !Task.isCancelled { await Task.yield() }
                return try await client.send(.post(peer.url))
            }
            call.cancel()
            return try await failing { try await call.value }
        }
        #expect(failure.reason == .cancelled)
        #expect(failure.delivery == .notSent)
        #expect(peer.connections == 0)
    }

    @Test func whileItConnects() async throws {
        let deaf = try DeafPort()
        let failure = try await withClient { client, loop in
            try await cancelled(.post("http://127.0.0.1:\(deaf.port)/"), on: client) {
                for _ in 0..<3 { await Task(executorPreference: loop) { await Task.yield() }.value }
            }
        }
        #expect(failure.reason == .cancelled)
        #expect(failure.delivery == .notSent)
    }

    @Test func whileItWaitsForTheAnswer() async throws {
        let (arrived, left) = (Gate(), Gate())
        let peer = try ScriptedPeer { connection, _ in
            _ = connection.readRequest()
            arrived.open()
            // The end of the stream: the client has closed.
            if connection.read(1).isEmpty { left.open() }
        }
        let failure = try await withClient { client, _ in
            let failure = try await cancelled(.post(peer.url), on: client) { await arrived.passed() }
            await left.passed()
            return failure
        }
        #expect(failure.reason == .cancelled)
        #expect(failure.delivery == .unknown)
        #expect(peer.requests.count == 1)
    }

    @Test func withinTheContent() async throws {
        let (sent, left) = (Gate(), Gate())
        let peer = try ScriptedPeer { connection, _ in
            _ = connection.readRequest()
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
            sent.open()
            if connection.read(1).isEmpty { left.open() }
        }
        let failure = try await withClient { client, _ in
            let failure = try await cancelled(.post(peer.url), on: client) { await sent.passed() }
            await left.passed()
            return failure
        }
        #expect(failure.reason == .cancelled)
        #expect(failure.delivery == .unknown)
    }

    @Test func shutdownEndsWhatIsUnderWay() async throws {
        let arrived = Gate()
        let peer = try ScriptedPeer { connection, _ in
            _ = connection.readRequest()
            arrived.open()
            _ = connection.read(1)
        }
        let failure = try await withClient { client, _ in
            let call = Task { try await client.send(.post(peer.url)) }
            await arrived.passed()
            await client.shutdown()
            return try await failing { try await call.value }
        }
        #expect(failure.reason == .cancelled)
        #expect(failure.delivery == .unknown)
    }

    @Test func theClientIsGoodForTheNextCall() async throws {
        let arrived = Gate()
        let peer = try ScriptedPeer { connection, number in
            while connection.readRequest() != nil {
                arrived.open()
                if number > 1 { connection.send(answer()) }
            }
        }
        try await withClient { client, _ in
            _ = try await cancelled(.post(peer.url), on: client) { await arrived.passed() }
            let response = try await client.send(.post(peer.url))
            #expect(response.text == "ok")
        }
    }
}
