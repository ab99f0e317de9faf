import EventLoop
import HTTP
import HTTPClient
import Testing

@Suite struct DeadlineTests {
    @Test func aHeadThatDoesNotComeEndsTheCallUnknown() async throws {
        let peer = try ScriptedPeer { connection, _ in
            _ = connection.readRequest()
            connection.send("HTTP/1.1 200 OK\r\n")
            // Holds the line until the client hangs up.
            _ = connection.read(1)
        }
        let failure = try await withClient { client, _ in
            try await failing {
                try await client.send(.post(peer.url).with { $0.timeouts.firstByte = .milliseconds(60) })
            }
        }
        #expect(failure.reason == .timeout(.firstByte))
        #expect(failure.delivery == .unknown)
        #expect(peer.requests.count == 1)
    }

    @Test func silenceWithinTheContentEndsTheCall() async throws {
        let peer = try ScriptedPeer { connection, _ in
            _ = connection.readRequest()
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
            _ = connection.read(1)
        }
        let failure = try await withClient { client, _ in
            try await failing {
                try await client.send(.get(peer.url).with { $0.timeouts.stall = .milliseconds(60) })
            }
        }
        #expect(failure.reason == .timeout(.stall))
        #expect(failure.delivery == .unknown)
        #expect(failure.status == .ok)
    }

    @Test func aPeerThatDoesNotReadTheBodyEndsTheCall() async throws {
        let gate = Gate()
        let peer = try ScriptedPeer { connection, _ in
            _ = connection.readHead()
            gate.block()
        }
        let failure = try await withClient { client, _ in
            try await failing {
                try await client.send(
                    UpstreamRequest(.post, peer.url, body: [UInt8](repeating: 1, count: 16 << 20)).with {
                        $0.timeouts.stall = .milliseconds(60)
                    }
                )
            }
        }
        gate.open()
        #expect(failure.reason == .timeout(.send))
        #expect(failure.delivery == .unknown)
    }

    @Test func theWholeCallHasAnEnd() async throws {
        let peer = try ScriptedPeer { connection, _ in
            _ = connection.readRequest()
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
            while connection.send([1]) == 1 {}
        }
        let failure = try await withClient { client, _ in
            try await failing {
                try await client.send(
                    .get(peer.url).with {
                        $0.timeouts.total = .milliseconds(80)
                        $0.maximumBytes = .max
                    }
                )
            }
        }
        #expect(failure.reason == .timeout(.total))
    }

    /// A listener whose queue is full answers no further handshake.
    @Test func aConnectionThatIsNotMadeIsNotSent() async throws {
        let deaf = try DeafPort()
        let failure = try await withClient { client, _ in
            try await failing {
                try await client.send(
                    .post("http://127.0.0.1:\(deaf.port)/").with { $0.timeouts.connect = .milliseconds(60) }
                )
            }
        }
        #expect(failure.reason == .timeout(.connect))
        #expect(failure.delivery == .notSent)
    }

    @Test func aCallThatWaitsForAConnectionCountsItsTimeAndIsNotSent() async throws {
        let gate = Gate()
        let peer = try ScriptedPeer { connection, _ in
            _ = connection.readRequest()
            gate.block()
            connection.send(answer())
        }
        var configuration = HTTPClient.Configuration()
        configuration.connectionsPerHost = 1
        try await withClient(configuration) { client, _ in
            async let first = client.send(.post(peer.url + "/first"))
            while peer.requests.isEmpty { await Task.yield() }
            let failure = try await failing {
                try await client.send(
                    .post(peer.url + "/second").with { $0.timeouts.total = .milliseconds(60) }
                )
            }
            #expect(failure.reason == .timeout(.total))
            #expect(failure.delivery == .notSent)
            gate.open()
            _ = try await first
        }
        #expect(peer.requests.count == 1)
    }
}
