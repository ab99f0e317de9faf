import Glibc
import HTTP
import HTTPServer
import TLS
import TLSTestSupport
import Testing
import Threads

private let getAndClose = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

/// An identity for loopback, and who vouches for it.
private struct Setting {
    let folder: TestFolder
    let authority = TestAuthority()
    let identity: TLSIdentity

    init(clients: TestAuthority? = nil, _ mode: TLSFiles.ClientCertificates = .none) throws {
        folder = try TestFolder()
        let paths = try folder.write(authority.identity(.loopback))
        var files = TLSFiles(certificate: paths.certificate, privateKey: paths.key)
        if let clients {
            files.clientAuthorities = try folder.write(clients.pem, to: "clients.pem")
            files.clientCertificates = mode
        }
        identity = try TLSIdentity(files)
    }

    var offer: TestClient.Offer {
        var offer = TestClient.Offer()
        offer.authority = authority.pem
        return offer
    }
}

private func echo(_ request: Request) async -> Response {
    do {
        let bytes = try await request.body.collect(upTo: 64 << 20)
        return Response(.ok, contentType: "text/plain", Array("\(request.target) ".utf8) + bytes)
    } catch {
        return Response(.badRequest, text: "\(error)")
    }
}

@Suite struct SecureServerTests {
    @Test(arguments: [0x0303, 0x0304])
    func bigBodiesGoBothWays(_ version: Int) async throws {
        let setting = try Setting()
        var limits = ServerLimits()
        limits.parser.body = 64 << 20
        try await withServer(identity: setting.identity, limits: limits, handler: echo) { _, port in
            var offer = setting.offer
            offer.versions = version...version
            let client = try await SecureClient(port: port, offer)
            let body = (0..<5_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 / 257) }
            // Both at once: the answer is larger than all buffers together.
            async let sent: Void = client.send(
                Array(
                    "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.count)\r\nConnection: close\r\n\r\n"
                        .utf8
                )
                    + body
            )
            try await sent
            let answer = try await client.read(count: .max)
            #expect(answer.suffix(body.count).elementsEqual(body))
            #expect(client.peerEnded)
        }
    }

    @Test func pipelinedRequestsAreAnsweredInOrder() async throws {
        let setting = try Setting()
        try await withServer(identity: setting.identity, handler: echo) { _, port in
            let client = try await SecureClient(port: port, setting.offer)
            var text = ""
            for index in 0..<200 {
                text += "POST /\(index) HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"
            }
            try await client.send(text + getAndClose)
            let answer = try await client.readToEnd()
            #expect(answer.components(of: "HTTP/1.1 200 OK") == 201)
            var rest = answer[...]
            for index in 0..<200 {
                guard let found = rest.firstRange(of: "/\(index) hi") else {
                    Issue.record("no answer \(index) in its place")
                    return
                }
                rest = rest[found.upperBound...]
            }
            #expect(client.peerEnded)
        }
    }

    @Test func oneConnectionServesManyRequestsByTurns() async throws {
        let setting = try Setting()
        try await withServer(identity: setting.identity, handler: echo) { server, port in
            let client = try await SecureClient(port: port, setting.offer)
            for index in 0..<20 {
                try await client.send("GET /\(index) HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await client.read(until: "/\(index) ").hasPrefix("HTTP/1.1 200 OK\r\n"))
            }
            #expect(server.handshakeFailures == 0)
        }
    }

    @Test func requestsKnowThatTheyAreSecure() async throws {
        let setting = try Setting()
        let handler: Handler = { Response(.ok, text: "\($0.isSecure) \($0.clientCertificate == nil)") }
        try await withServer(identity: setting.identity, handler: handler) { _, port in
            let client = try await SecureClient(port: port, setting.offer)
            try await client.send(getAndClose)
            #expect(try await client.readToEnd().hasSuffix("true true"))
        }
        try await withServer(handler: handler) { _, port in
            let client = try RawClient(port: port)
            try await client.send(getAndClose)
            #expect(try await client.readToEnd().hasSuffix("false true"))
        }
    }

    @Test func eachRequestHasTheCertificateOfItsConnection() async throws {
        let clients = TestAuthority("Clients")
        let setting = try Setting(clients: clients, .request)
        let handler: Handler = { request in
            let names = request.clientCertificate?.names ?? []
            return Response(.ok, text: names == [.dns("worker")] ? "worker" : "nobody")
        }
        try await withServer(identity: setting.identity, handler: handler) { _, port in
            var offer = setting.offer
            let stranger = try await SecureClient(port: port, offer)
            offer.identity = clients.identity(.init("worker", names: ["DNS:worker"]))
            let worker = try await SecureClient(port: port, offer)
            for _ in 0..<3 {
                try await worker.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await worker.read(until: "worker").hasSuffix("worker"))
                try await stranger.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await stranger.read(until: "nobody").hasSuffix("nobody"))
            }
        }
    }

    // MARK: Slow peers

    @Test func aWriterWaitsForASlowReader() async throws {
        let setting = try Setting()
        let written = Guarded(0)
        let total = 12 << 20
        let handler: Handler = { _ in
            Response(
                .ok,
                body: .stream { writer in
                    let piece = [UInt8](repeating: 0x61, count: 64 << 10)
                    for _ in 0..<total / piece.count {
                        try await writer.write(piece)
                        written.withLock { $0 += piece.count }
                    }
                }
            )
        }
        try await withServer(identity: setting.identity, handler: handler) { _, port in
            let client = try await SecureClient(port: port, setting.offer)
            try await client.send("GET / HTTP/1.0\r\n\r\n")
            var seen = try await client.read(count: 1 << 20).count
            #expect(written.withLock { $0 } < total / 2)
            seen += try await client.read(count: .max).count
            #expect(seen > total)
            #expect(client.peerEnded)
        }
    }

    @Test func aReaderThatWaitsHoldsBackTheClient() async throws {
        let setting = try Setting()
        let gate = Mailbox<Void>()
        var limits = ServerLimits()
        limits.parser.body = 12 << 20
        let size = 12 << 20
        let sent = Guarded(0)
        let handler = lateCount(gate)
        try await withServer(identity: setting.identity, limits: limits, handler: handler) { _, port in
            let client = try await SecureClient(port: port, setting.offer)
            try await client.send(
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(size)\r\nConnection: close\r\n\r\n"
            )
            let begun = Mailbox<Void>()
            async let upload: Void = {
                let piece = [UInt8](repeating: 0x61, count: 1 << 20)
                for _ in 0..<size / piece.count {
                    try await client.send(piece)
                    if sent.withLock({ count in
                        count += piece.count
                        return count == piece.count
                    }) {
                        begun.put(())
                    }
                }
            }()
            _ = await begun.next()
            #expect(sent.withLock { $0 } < size)
            gate.put(())
            try await upload
            #expect(try await client.readToEnd().hasSuffix("\r\n\r\n\(size)"))
        }
    }

    @Test func eventsArriveAsTheyAreSaid() async throws {
        let setting = try Setting()
        let turn = Mailbox<String>()
        let handler: Handler = { _ in
            Response(
                .ok,
                fields: ["Content-Type": "text/event-stream"],
                body: .stream { writer in
                    while let word = await turn.next(), word != "end" {
                        try await writer.write("data: \(word)\n\n")
                    }
                }
            )
        }
        try await withServer(identity: setting.identity, handler: handler) { _, port in
            let client = try await SecureClient(port: port, setting.offer)
            try await client.send(getAndClose)
            for word in ["one", "two", "three"] {
                turn.put(word)
                #expect(try await client.read(until: "data: \(word)\n\n").contains("data: \(word)"))
            }
            turn.put("end")
            #expect(try await client.readToEnd().hasSuffix("0\r\n\r\n"))
        }
    }

    @Test(arguments: [0..<3_000_000, 10..<11, 2_999_990..<3_000_000])
    func filesAreServedInParts(_ range: Range<Int>) async throws {
        let setting = try Setting()
        let content = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 / 257) }
        let path = try setting.folder.write(
            String(decoding: content.map { $0 & 0x7F }, as: UTF8.self),
            to: "a.wav"
        )
        let file = try OpenFile(path: path)
        let handler: Handler = {
            Response.file(file, contentType: "audio/wav", entityTag: EntityTag("x"), for: $0)
        }
        try await withServer(identity: setting.identity, handler: handler) { _, port in
            let client = try await SecureClient(port: port, setting.offer)
            let field = "Range: bytes=\(range.lowerBound)-\(range.upperBound - 1)"
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\(field)\r\n\r\n")
            let answer = try await client.read(count: .max)
            let end = try #require(answer.firstRange(of: Array("\r\n\r\n".utf8)))
            #expect(answer[end.upperBound...].elementsEqual(content[range].lazy.map { $0 & 0x7F }))
            #expect(client.peerEnded)
        }
    }

    // MARK: Ends

    @Test func aClientThatEndsAfterItsAnswerIsToldOfTheEnd() async throws {
        let setting = try Setting()
        try await withServer(identity: setting.identity, handler: { _ in Response(.ok, text: "there") }) {
            _,
            port in
            let client = try await SecureClient(port: port, setting.offer)
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            let answer = try await client.read(until: "there")
            #expect(answer.hasSuffix("there"))
            try await client.end()
            #expect(try await client.readToEnd() == "")
            #expect(client.peerEnded)
        }
    }

    @Test func aClientThatEndedItsSideStillGetsItsAnswer() async throws {
        let setting = try Setting()
        let gate = Mailbox<Void>()
        let handler: Handler = { _ in
            _ = await gate.next()
            return Response(.ok, text: "late")
        }
        try await withServer(identity: setting.identity, handler: handler) { _, port in
            let client = try await SecureClient(port: port, setting.offer)
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            try await client.end()
            gate.put(())
            #expect(try await client.readToEnd().hasSuffix("late"))
            #expect(client.peerEnded)
        }
    }

    @Test func aBodyThatBreaksOffIsNotTakenForWhole() async throws {
        let setting = try Setting()
        let handler: Handler = { _ in
            Response(
                .ok,
                body: .stream { writer in
                    try await writer.write("half")
                    throw CancellationError()
                }
            )
        }
        try await withServer(identity: setting.identity, handler: handler) { _, port in
            let client = try await SecureClient(port: port, setting.offer)
            try await client.send("GET / HTTP/1.0\r\n\r\n")
            #expect(try await client.readToEnd().hasSuffix("half"))
            #expect(!client.peerEnded)
        }
    }

    @Test func aConnectionThatRestsIsClosedWithAWord() async throws {
        let setting = try Setting()
        var limits = ServerLimits()
        limits.idleTimeout = .milliseconds(50)
        try await withServer(identity: setting.identity, limits: limits, handler: echo) { _, port in
            let client = try await SecureClient(port: port, setting.offer)
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try await client.readToEnd()
            #expect(client.peerEnded)
        }
    }

    @Test func aBrokenRecordEndsTheConnectionAndNoOther() async throws {
        let setting = try Setting()
        let gate = Mailbox<Void>()
        let cancelled = Mailbox<Bool>()
        let handler: Handler = { request in
            guard request.target.path == "/wait" else { return await echo(request) }
            await withTaskCancellationHandler {
                _ = await gate.next()
            } onCancel: {
                gate.put(())
            }
            cancelled.put(Task.isCancelled)
            return Response(.ok)
        }
        try await withServer(identity: setting.identity, handler: handler) { _, port in
            let other = try await SecureClient(port: port, setting.offer)
            for request in ["", "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n"] {
                let client = try await SecureClient(port: port, setting.offer)
                if !request.isEmpty { try await client.send(request) }
                try await client.sendRaw([23, 3, 3, 0, 20] + [UInt8](repeating: 9, count: 20))
                _ = try? await client.readToEnd()
                if !request.isEmpty { #expect(await cancelled.next() == true) }
            }
            try await other.send(getAndClose)
            #expect(try await other.readToEnd().hasPrefix("HTTP/1.1 200 OK"))
        }
    }

    // MARK: Handshakes

    @Test func aHandshakeThatComesToNothingIsCountedAndTold() async throws {
        let setting = try Setting()
        let told = Mailbox<String>()
        let failed: @Sendable (PeerAddress, String) -> Void = { peer, reason in
            told.put("\(peer.isLoopback) \(reason)")
        }
        try await withServer(identity: setting.identity, handshakeFailed: failed, handler: echo) {
            server,
            port in
            var offer = setting.offer
            offer.versions = 0x0301...0x0302
            await #expect(throws: SecureClient.Refused.self) { _ = try await SecureClient(port: port, offer) }
            #expect(await told.next() == "true unsupported protocol")
            let left = try RawClient(port: port)
            try await left.send([22, 3, 1])
            left.reset()
            #expect(await told.next() == "true it did not come to its end")
            #expect(server.handshakeFailures == 2)
        }
    }

    @Test func aHandshakeHasTheTimeOfAHeader() async throws {
        let setting = try Setting()
        var limits = ServerLimits()
        limits.headerTimeout = .milliseconds(50)
        try await withServer(identity: setting.identity, limits: limits, handler: echo) { server, port in
            let silent = try RawClient(port: port)
            #expect(try await silent.readToEnd().isEmpty)
            let slow = try RawClient(port: port)
            try await slow.send([22, 3, 1, 2, 0, 1])
            #expect(try await slow.readToEnd().isEmpty)
            #expect(server.handshakeFailures == 2)
        }
    }

    @Test func plainHTTPIsToldWhereItIs() async throws {
        let setting = try Setting()
        try await withServer(identity: setting.identity, handler: echo) { server, port in
            let client = try RawClient(port: port)
            try await client.send(getAndClose)
            let answer = try await client.readToEnd()
            #expect(answer.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
            #expect(answer.contains("HTTPS"))
            #expect(server.handshakeFailures == 1)
        }
    }

    @Test func garbageGetsNoAnswerOfHTTP() async throws {
        let setting = try Setting()
        try await withServer(identity: setting.identity, handler: echo) { server, port in
            let client = try RawClient(port: port)
            try await client.send((0..<3000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ 1) })
            #expect(try await !client.readToEnd().contains("HTTP"))
            #expect(server.handshakeFailures == 1)
        }
    }

    @Test func aUnixSocketStaysPlain() async throws {
        let setting = try Setting()
        let path = "\(setting.folder.path)/s"
        let server = Server(
            addresses: [.unix(path: path)],
            identity: setting.identity,
            loops: testLoops,
            handler: echo
        )
        _ = try await server.start()
        let client = try RawClient(path: path)
        try await client.send(getAndClose)
        #expect(try await client.readToEnd().hasPrefix("HTTP/1.1 200 OK"))
        await server.stop(within: .seconds(5))
    }

    @Test func newFilesAreForNewConnections() async throws {
        let setting = try Setting()
        try await withServer(identity: setting.identity, handler: echo) { _, port in
            let old = try await SecureClient(port: port, setting.offer)
            let identity = setting.authority.identity(.loopback)
            let paths = try setting.folder.write(identity)
            try setting.identity.reload(TLSFiles(certificate: paths.certificate, privateKey: paths.key))
            let new = try await SecureClient(port: port, setting.offer)
            #expect(new.peerFingerprint == identity.fingerprint)
            for client in [old, new] {
                try await client.send(getAndClose)
                #expect(try await client.readToEnd().hasPrefix("HTTP/1.1 200 OK"))
            }
        }
    }
}
