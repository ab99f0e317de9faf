import EventLoop
import HTTP
import HTTPClient
import Testing

@Suite struct AnswerTests {
    @Test func aPostArrivesOnceAndItsAnswerComesBackWhole() async throws {
        let peer = try ScriptedPeer(
            answering: answer(201, #"{"id":7}"#, fields: ["X-One: 1", "x-two:  b  "])
        )
        let response = try await withClient { client, _ in
            try await client.send(
                .post(peer.url + "/jobs?key=1").with { $0.fields.append("Authorization", "Bearer t") }
            )
        }
        #expect(response.status == .created)
        #expect(response.text == #"{"id":7}"#)
        #expect(response.fields["x-one"] == "1")
        #expect(response.fields["X-Two"] == "b")
        #expect(response.version == .http11)
        #expect(response.primaryAddress == "127.0.0.1")
        #expect(response.effectiveURL == peer.url + "/jobs?key=1")
        let request = try #require(peer.requests.first)
        #expect(peer.requests.count == 1)
        #expect(request.head.hasPrefix("POST /jobs?key=1 HTTP/1.1\r\n"))
        #expect(request.body == Array(#"{"a":1}"#.utf8))
        #expect(request.field("authorization") == "Bearer t")
        #expect(request.field("content-type") == "application/json")
        #expect(request.field("user-agent") == "soundgate")
        #expect(request.field("expect") == nil)
        #expect(request.field("accept-encoding") == nil)
    }

    @Test(arguments: [Method.get, .delete, .put, .patch, .options, .post])
    func aMethodIsSentByItsName(_ method: Method) async throws {
        let peer = try ScriptedPeer(answering: answer())
        let response = try await withClient { client, _ in
            try await client.send(UpstreamRequest(method, peer.url + "/x"))
        }
        #expect(response.text == "ok")
        #expect(peer.requests.map { String($0.head.prefix { $0 != "\r\n" }) } == ["\(method) /x HTTP/1.1"])
        #expect(peer.requests.first?.field("content-type") == nil)
    }

    @Test func headHasNoContentWhateverItsLengthSays() async throws {
        let peer = try ScriptedPeer { connection, _ in
            while connection.readRequest() != nil {
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n")
            }
        }
        let response = try await withClient { client, _ in
            _ = try await client.send(UpstreamRequest(.head, peer.url))
            return try await client.send(UpstreamRequest(.head, peer.url))
        }
        #expect(response.body.isEmpty)
        #expect(response.connectionReused)
    }

    @Test func aHandleKeepsNothingOfTheCallBefore() async throws {
        let peer = try ScriptedPeer(answering: answer())
        try await withClient { client, _ in
            _ = try await client.send(.post(peer.url).with { $0.fields.append("X-Secret", "1") })
            _ = try await client.send(UpstreamRequest(.delete, peer.url))
            _ = try await client.send(UpstreamRequest(.get, peer.url))
            _ = try await client.send(UpstreamRequest(.put, peer.url, body: [1, 2]))
            _ = try await client.send(.get(peer.url))
        }
        let methods = peer.requests.map { String($0.head.prefix { $0 != " " }) }
        #expect(methods == ["POST", "DELETE", "GET", "PUT", "GET"])
        #expect(peer.requests.dropFirst().allSatisfy { $0.field("x-secret") == nil })
        #expect(peer.requests.map(\.body.count) == [7, 0, 0, 2, 0])
        #expect(peer.connections == 1)
    }

    @Test func aLargeBodyArrivesWhole() async throws {
        let peer = try ScriptedPeer(answering: answer())
        let body = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        _ = try await withClient { client, _ in
            try await client.send(UpstreamRequest(.post, peer.url, body: body))
        }
        let request = try #require(peer.requests.first)
        #expect(request.body == body)
        #expect(request.field("expect") == nil)
    }

    @Test func chunkedContentIsPutTogetherAndTrailersAreNotFields() async throws {
        let peer = try ScriptedPeer(
            answering:
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX-Late: 1\r\n\r\n"
        )
        let response = try await withClient { client, _ in try await client.send(.get(peer.url)) }
        #expect(response.text == "abcde")
        #expect(response.fields["x-late"] == nil)
    }

    @Test func interimAnswersAreNotTheAnswer() async throws {
        let peer = try ScriptedPeer(
            answering: "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
                + answer(202, "yes")
        )
        let response = try await withClient { client, _ in try await client.send(.post(peer.url)) }
        #expect(response.status == .accepted)
        #expect(response.text == "yes")
        #expect(response.fields["link"] == nil)
    }

    @Test func contentWithoutLengthEndsWithTheConnection() async throws {
        let peer = try ScriptedPeer { connection, _ in
            _ = connection.readRequest()
            connection.send("HTTP/1.0 200 OK\r\n\r\nto the end")
        }
        let response = try await withClient { client, _ in try await client.send(.get(peer.url)) }
        #expect(response.text == "to the end")
        #expect(response.version == .http10)
    }

    @Test func anEmptyFieldValueIsSentEmpty() async throws {
        let peer = try ScriptedPeer(answering: answer())
        _ = try await withClient { client, _ in
            try await client.send(.get(peer.url).with { $0.fields.append("X-Empty", "") })
        }
        #expect(peer.requests.first?.head.contains("\r\nX-Empty:\r\n") == true)
    }

    @Test func connectionsAreReusedFromCallToCall() async throws {
        let peer = try ScriptedPeer(answering: answer())
        let reused = try await withClient { client, _ in
            var reused: [Bool] = []
            for _ in 0..<5 { reused.append(try await client.send(.post(peer.url)).connectionReused) }
            return reused
        }
        #expect(reused == [false, true, true, true, true])
        #expect(peer.connections == 1)
    }

    @Test func aCallMadeOnALoopEndsOnIt() async throws {
        let peer = try ScriptedPeer(answering: answer())
        try await withClient { client, loop in
            let stayed = try await Task(executorPreference: loop) {
                _ = try await client.send(.get(peer.url))
                return loop.isCurrent
            }.value
            #expect(stayed)
        }
    }

    @Test func manyCallsRunAtOnce() async throws {
        let gate = Gate()
        let peer = try ScriptedPeer { connection, number in
            // Nobody is answered before all are connected.
            if number == 200 { gate.open() }
            gate.block()
            while connection.readRequest() != nil { connection.send(answer(200, "\(number)")) }
        }
        let answers = try await withClient { client, _ in
            try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<200 { group.addTask { try await client.send(.post(peer.url)).text } }
                return try await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
        }
        #expect(answers.count == 200)
        #expect(peer.requests.count == 200)
    }

    @Test func callsBeyondTheConnectionCapWaitTheirTurn() async throws {
        let peer = try ScriptedPeer(answering: answer())
        var configuration = HTTPClient.Configuration()
        configuration.connectionsPerHost = 3
        let count = try await withClient(configuration) { client, _ in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<100 { group.addTask { _ = try await client.send(.post(peer.url)) } }
                try await group.waitForAll()
            }
            return peer.requests.count
        }
        #expect(count == 100)
        #expect(peer.connections <= 3)
    }
}
