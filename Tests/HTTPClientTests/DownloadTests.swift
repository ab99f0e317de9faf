import EventLoop
import HTTP
import HTTPClient
import Testing
import Threads

@Suite struct DownloadTests {
    /// Keeps what it gets; says yes to one status; can hold a write back.
    private actor Keeper: ByteSink {
        private(set) var bytes: [UInt8] = []
        private(set) var heads: [Status] = []
        private(set) var writes = 0
        private let onWrite: @Sendable (Int) async throws -> Void

        init(onWrite: @escaping @Sendable (Int) async throws -> Void = { _ in }) { self.onWrite = onWrite }

        func head(_ status: Status, _ fields: Fields) async throws -> Acceptance {
            heads.append(status)
            return status == .ok ? .accept : .refuse("status \(status.code)")
        }

        func write(_ piece: [UInt8]) async throws {
            writes += 1
            bytes += piece
            try await onWrite(writes)
        }
    }

    private static let content = (0..<5_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }

    private static func serve(_ connection: ScriptedPeer.Connection, _ sent: Guarded<Int> = Guarded(0)) {
        guard connection.readRequest() != nil else { return }
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(content.count)\r\n\r\n")
        for start in stride(from: 0, to: content.count, by: 50_000) {
            let count = connection.send(Array(content[start..<min(start + 50_000, content.count)]))
            sent.withLock { $0 += count }
        }
    }

    @Test func theSinkGetsTheContentInOrder() async throws {
        let peer = try ScriptedPeer { connection, _ in Self.serve(connection) }
        let keeper = Keeper()
        let response = try await withClient { client, _ in
            try await client.download(.get(peer.url), to: keeper)
        }
        #expect(response.status == .ok)
        #expect(response.body.isEmpty)
        #expect(await keeper.bytes == Self.content)
        #expect(await keeper.heads == [.ok])
    }

    @Test func aSlowSinkHoldsThePeerBack() async throws {
        let sent = Guarded(0)
        let stuck = Gate()
        let go = Gate()
        // Far more than kernel buffers and our own take in.
        let total = 64 << 20
        let peer = try ScriptedPeer { connection, _ in
            guard connection.readRequest() != nil else { return }
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(total)\r\n\r\n")
            let piece = [UInt8](repeating: 9, count: 1 << 16)
            for _ in 0..<total / piece.count {
                let count = connection.send(piece)
                sent.withLock { $0 += count }
            }
        }
        let counter = Guarded(0)
        struct Slow: ByteSink {
            let stuck: Gate
            let go: Gate
            let counter: Guarded<Int>
            func head(_ status: Status, _ fields: Fields) async throws -> Acceptance { .accept }
            func write(_ bytes: [UInt8]) async throws {
                counter.withLock { $0 += bytes.count }
                stuck.open()
                await go.passed()
            }
        }
        try await withClient { client, loop in
            let call = Task {
                try await client.download(
                    .get(peer.url).with {
                        $0.maximumBytes = total
                        // Its own slowness is no stall of the peer.
                        $0.timeouts.stall = .seconds(1)
                    },
                    to: Slow(stuck: stuck, go: go, counter: counter)
                )
            }
            await stuck.passed()
            // The peer's progress must come to a halt well before the end.
            var before = -1
            while true {
                let now = sent.withLock { $0 }
                if now == before { break }
                before = now
                await withCheckedContinuation { done in
                    loop.execute { _ = loop.schedule(after: .milliseconds(50)) { done.resume() } }
                }
            }
            #expect(before < total / 2)
            // Longer than the stall that is allowed, measured by the loop's own clock.
            await withCheckedContinuation { done in
                loop.execute { _ = loop.schedule(after: .milliseconds(1200)) { done.resume() } }
            }
            go.open()
            let response = try await call.value
            #expect(response.status == .ok)
        }
        #expect(counter.withLock { $0 } == total)
    }

    @Test func aRefusedHeadEndsTheCallWithoutReadingOn() async throws {
        let peer = try ScriptedPeer { connection, _ in
            _ = connection.readRequest()
            connection.send("HTTP/1.1 404 No\r\nContent-Length: 1000000\r\n\r\n")
            _ = connection.read(1)
        }
        let keeper = Keeper()
        let failure = try await withClient { client, _ in
            try await failing { try await client.download(.get(peer.url), to: keeper) }
        }
        #expect(failure.reason == .sink)
        #expect(failure.status == .notFound)
        #expect(failure.message == "status 404")
        #expect(await keeper.writes == 0)
    }

    @Test func aSinkThatFailsEndsTheCall() async throws {
        let peer = try ScriptedPeer { connection, _ in Self.serve(connection) }
        let keeper = Keeper { _ in throw Unexpected() }
        let failure = try await withClient { client, _ in
            try await failing { try await client.download(.get(peer.url), to: keeper) }
        }
        #expect(failure.reason == .sink)
        #expect(await keeper.writes == 1)
    }

    @Test func halfAContentIsAFailure() async throws {
        let peer = try ScriptedPeer { connection, _ in
            _ = connection.readRequest()
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
        }
        let failure = try await withClient { client, _ in
            try await failing { try await client.download(.get(peer.url), to: Keeper()) }
        }
        #expect(failure.reason == .truncated)
        #expect(failure.status == .ok)
    }

    @Test func contentBeyondTheCapIsCutOff() async throws {
        let peer = try ScriptedPeer { connection, _ in
            _ = connection.readRequest()
            connection.send("HTTP/1.1 200 OK\r\n\r\n")
            while connection.send([UInt8](repeating: 1, count: 4096)) == 4096 {}
        }
        let keeper = Keeper()
        let failure = try await withClient { client, _ in
            try await failing {
                try await client.download(.get(peer.url).with { $0.maximumBytes = 100_000 }, to: keeper)
            }
        }
        #expect(failure.reason == .tooLarge)
        #expect(await keeper.bytes.count <= 100_000)
    }

    @Test func theSinkSeesTheLastAnswerOnly() async throws {
        let target = try ScriptedPeer { connection, _ in Self.serve(connection) }
        let peer = try ScriptedPeer(answering: answer(302, "moved", fields: ["Location: \(target.url)/file"]))
        let keeper = Keeper()
        let response = try await withClient { client, _ in
            try await client.download(.get(peer.url).with { $0.redirects = .follow(max: 1) }, to: keeper)
        }
        #expect(response.effectiveURL == target.url + "/file")
        #expect(await keeper.heads == [.ok])
        #expect(await keeper.bytes.count == Self.content.count)
    }

    @Test func cancellingWithinAWriteEndsTheCall() async throws {
        let (writing, go) = (Gate(), Gate())
        let peer = try ScriptedPeer { connection, _ in Self.serve(connection) }
        let keeper = Keeper { _ in
            writing.open()
            await go.passed()
        }
        let failure = try await withClient { client, _ in
            let call = Task { try await client.download(.get(peer.url), to: keeper) }
            await writing.passed()
            call.cancel()
            go.open()
            return try await failing { try await call.value }
        }
        #expect(failure.reason == .cancelled)
        #expect(await keeper.bytes.count < Self.content.count)
    }
}
