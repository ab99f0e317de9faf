import EventLoop
import HTTP
import HTTPClient
import Testing

/// Whether a failed call may have been seen by the peer.
@Suite struct DeliveryTests {
    /// The essential one: libcurl by itself would send this job twice and report one success.
    @Test func aJobOnAReusedConnectionThatDiesUnansweredIsSentOnce() async throws {
        let peer = try ScriptedPeer { connection, number in
            while let request = connection.readRequest() {
                if request.head.contains("/take") { return number == 1 ? () : connection.send(answer()) }
                connection.send(answer())
            }
        }
        let failure = try await withClient { client, _ in
            _ = try await client.send(.post(peer.url + "/warm"))
            return try await failing { try await client.send(.post(peer.url + "/take")) }
        }
        #expect(failure.delivery == .unknown)
        #expect(failure.reason == .closed)
        #expect(failure.status == nil)
        #expect(peer.requests.filter { $0.head.contains("/take") }.count == 1)
    }

    @Test(arguments: [Method.post, .delete, .put])
    func aBodylessCallWithAnEffectIsNotRepeatedEither(_ method: Method) async throws {
        let peer = try ScriptedPeer { connection, _ in
            while let request = connection.readRequest() {
                if request.head.contains("/take") { return }
                connection.send(answer())
            }
        }
        let failure = try await withClient { client, _ in
            _ = try await client.send(.get(peer.url + "/warm"))
            return try await failing { try await client.send(UpstreamRequest(method, peer.url + "/take")) }
        }
        #expect(failure.delivery == .unknown)
        #expect(failure.reason == .closed)
        #expect(peer.requests.filter { $0.head.contains("/take") }.count == 1)
    }

    @Test func aResetOnAReusedConnectionIsUnknownToo() async throws {
        let peer = try ScriptedPeer { connection, _ in
            while let request = connection.readRequest() {
                if request.head.contains("/take") { return connection.reset() }
                connection.send(answer())
            }
        }
        let failure = try await withClient { client, _ in
            _ = try await client.send(.post(peer.url + "/warm"))
            return try await failing { try await client.send(.post(peer.url + "/take")) }
        }
        #expect(failure.delivery == .unknown)
        #expect(failure.reason == .closed)
        #expect(peer.requests.count == 2)
    }

    @Test func aCallWithoutEffectIsRepeatedOnAFreshConnection() async throws {
        let peer = try ScriptedPeer { connection, number in
            while let request = connection.readRequest() {
                if number == 1, request.head.contains("/look") { return }
                connection.send(answer())
            }
        }
        let response = try await withClient { client, _ in
            _ = try await client.send(.get(peer.url + "/warm"))
            return try await client.send(.get(peer.url + "/look"))
        }
        #expect(response.status == .ok)
        #expect(peer.connections == 2)
    }

    @Test func aConnectionThatDiedIdleIsReplacedWithoutANoise() async throws {
        let closed = Gate()
        let peer = try ScriptedPeer { connection, number in
            guard connection.readRequest() != nil else { return }
            connection.send(answer())
            if number == 1 {
                connection.close()
                return closed.open()
            }
            while connection.readRequest() != nil { connection.send(answer()) }
        }
        let response = try await withClient { client, _ in
            _ = try await client.send(.post(peer.url))
            await closed.passed()
            return try await client.send(.post(peer.url))
        }
        #expect(response.status == .ok)
        #expect(!response.connectionReused)
        #expect(peer.requests.count == 2)
        #expect(peer.connections == 2)
    }

    @Test func aRefusedPortIsNotSent() async throws {
        let port = try ScriptedPeer.refusedPort()
        let failure = try await withClient { client, _ in
            try await failing { try await client.send(.post("http://127.0.0.1:\(port)/")) }
        }
        #expect(failure.delivery == .notSent)
        #expect(failure.reason == .connect)
        #expect(failure.curlCode == 7)
    }

    @Test func anUnresolvableNameIsNotSent() async throws {
        let failure = try await withClient { client, _ in
            try await failing { try await client.send(.post("http://nohost.invalid/")) }
        }
        #expect(failure.delivery == .notSent)
        #expect(failure.reason == .resolve)
    }

    @Test func aPeerThatSpeaksNoTLSGetsNothing() async throws {
        let peer = try ScriptedPeer { connection, _ in
            _ = connection.read(1)
            connection.send("HTTP/1.1 400 Bad\r\n\r\n")
        }
        let failure = try await withClient { client, _ in
            try await failing { try await client.send(.post("https://127.0.0.1:\(peer.port)/")) }
        }
        #expect(failure.delivery == .notSent)
        #expect(failure.reason == .tls)
    }

    @Test(arguments: [
        "/relative", "ftp://127.0.0.1/x", "file:///etc/passwd", "http://user:pass@127.0.0.1/", "http://",
        "gopher://a/",
    ])
    func aBadURLIsNotSent(_ url: String) async throws {
        let failure = try await withClient { client, _ in
            try await failing { try await client.send(.get(url)) }
        }
        #expect(failure.delivery == .notSent)
        #expect(failure.reason == .badURL)
    }

    @Test(arguments: [
        ("X-A", "1\r\nX-B: 2"), ("X A", "1"), ("", "1"), ("Content-Length", "5"),
        ("transfer-encoding", "chunked"),
        ("Host", "other"), ("X-A", "nul\u{0}"),
    ])
    func aFieldThatWouldChangeTheMessageIsRefused(_ name: String, _ value: String) async throws {
        let peer = try ScriptedPeer(answering: answer())
        let failure = try await withClient { client, _ in
            try await failing {
                try await client.send(.post(peer.url).with { $0.fields.append(name, value) })
            }
        }
        #expect(failure.delivery == .notSent)
        #expect(failure.reason == .badRequest)
        #expect(peer.connections == 0)
    }

    struct Fault: Sendable, CustomTestStringConvertible {
        let name: String
        let answer: String
        let reason: TransportFailure.Reason
        var status: Int?
        var testDescription: String { name }
    }

    static let faults = [
        Fault(name: "nothing", answer: "", reason: .closed),
        Fault(name: "half a status line", answer: "HTTP/1.1 2", reason: .closed),
        Fault(name: "half a head", answer: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", reason: .closed),
        Fault(name: "interim only", answer: "HTTP/1.1 100 Continue\r\n\r\n", reason: .closed),
        Fault(
            name: "no body",
            answer: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
            reason: .truncated,
            status: 200
        ),
        Fault(
            name: "half a body",
            answer: "HTTP/1.1 503 No\r\nContent-Length: 5\r\n\r\nab",
            reason: .truncated,
            status: 503
        ),
        Fault(
            name: "half a chunk",
            answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
            reason: .truncated,
            status: 200
        ),
        Fault(
            name: "no last chunk",
            answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
            reason: .truncated,
            status: 200
        ),
        Fault(name: "garbage", answer: "SSH-2.0-OpenSSH_9.2\r\n", reason: .malformed),
        Fault(name: "bad status", answer: "HTTP/1.1 2x0 OK\r\n\r\n", reason: .malformed),
        Fault(name: "field without colon", answer: "HTTP/1.1 200 OK\r\nnonsense\r\n\r\n", reason: .malformed),
        Fault(
            name: "too many fields",
            answer: "HTTP/1.1 200 OK\r\n" + String(repeating: "A: b\r\n", count: 101) + "\r\n",
            reason: .malformed
        ),
        Fault(
            name: "too large a head",
            answer: "HTTP/1.1 200 OK\r\n"
                + String(repeating: "A: \(String(repeating: "b", count: 4000))\r\n", count: 20)
                + "\r\n",
            reason: .malformed
        ),
    ]

    @Test(arguments: faults)
    func aPeerThatFailsAfterTheRequestLeavesTheOutcomeUnknown(_ fault: Fault) async throws {
        let peer = try ScriptedPeer { connection, _ in
            _ = connection.readRequest()
            connection.send(fault.answer)
        }
        let failure = try await withClient { client, _ in
            try await failing { try await client.send(.post(peer.url)) }
        }
        #expect(failure.delivery == .unknown)
        #expect(failure.reason == fault.reason, "\(failure) \(failure.curlCode)")
        #expect(failure.status?.code == fault.status)
        #expect(peer.requests.count == 1)
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nhello world\r\n0\r\n\r\n",
    ])
    func contentBeyondTheCapEndsTheCall(_ answer: String) async throws {
        let peer = try ScriptedPeer(answering: answer)
        try await withClient { client, _ in
            let failure = try await failing {
                try await client.send(.post(peer.url).with { $0.maximumBytes = 10 })
            }
            #expect(failure.reason == .tooLarge)
            #expect(failure.delivery == .unknown)
            #expect(failure.status == .ok)
            let whole = try await client.send(.post(peer.url).with { $0.maximumBytes = 11 })
            #expect(whole.text == "hello world")
        }
    }

    @Test func afterShutdownNothingIsSent() async throws {
        let peer = try ScriptedPeer(answering: answer())
        let failure = try await withClient { client, _ in
            await client.shutdown()
            return try await failing { try await client.send(.get(peer.url)) }
        }
        #expect(failure.delivery == .notSent)
        #expect(failure.reason == .unavailable)
        #expect(peer.connections == 0)
    }

    @Test func aFailureNeverQuotesQueryFieldsOrBody() async throws {
        let port = try ScriptedPeer.refusedPort()
        let request = UpstreamRequest.post("http://127.0.0.1:\(port)/p?token=hush", "hush").with {
            $0.fields.append("Authorization", "hush")
        }
        let failure = try await withClient { client, _ in try await failing { try await client.send(request) }
        }
        #expect(!"\(failure) \(failure.message) \(request)".contains("hush"))
    }
}
