import HTTP
import HTTPServer
import Testing
import Threads

private let getAndClose = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

private func echo(_ request: Request) async -> Response {
    do {
        let bytes = try await request.body.collect(upTo: 1 << 20)
        return Response(
            .ok,
            contentType: "text/plain",
            Array("\(request.method) \(request.target) ".utf8) + bytes
        )
    } catch {
        return Response(.badRequest, text: "\(error)")
    }
}

@Suite struct ServerTests {
    @Test(arguments: HostileCase.all)
    func hostileRequestsGetTheirStatusAndAClosedConnection(_ hostile: HostileCase) async throws {
        try await withServer(handler: echo) { _, port in
            let client = try RawClient(port: port)
            try await client.send(hostile.bytes)
            let answer = try await client.readToEnd()
            #expect(answer.hasPrefix("HTTP/1.1 \(hostile.status) "), "\(answer.prefix(80))")
            #expect(answer.contains("\r\nConnection: close\r\n"))
            #expect(answer.components(of: "\r\nConnection: close\r\n") == 1)
        }
    }

    @Test func pipelinedRequestsAreAnsweredInOrder() async throws {
        try await withServer(handler: echo) { _, port in
            let client = try RawClient(port: port)
            var text = ""
            for index in 0..<200 {
                text += "POST /\(index) HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"
            }
            try await client.send(text + getAndClose)
            let answer = try await client.readToEnd()
            #expect(answer.components(of: "HTTP/1.1 200 OK") == 201)
            var rest = answer[...]
            for index in 0..<200 {
                let found = rest.firstRange(of: "POST /\(index) hi")
                guard let found else {
                    Issue.record("no answer \(index) in its place")
                    return
                }
                rest = rest[found.upperBound...]
            }
        }
    }

    @Test func anAnswerHasADateAndALengthAndNoServerName() async throws {
        try await withServer(handler: { _ in Response(.ok, text: "hello") }) { _, port in
            let client = try RawClient(port: port)
            try await client.send(getAndClose)
            let answer = try await client.readToEnd()
            #expect(answer.contains("\r\nDate: "))
            #expect(answer.contains("\r\nContent-Length: 5\r\n"))
            #expect(!answer.contains("Server:"))
            #expect(answer.hasSuffix("\r\n\r\nhello"))
        }
    }

    @Test func oneConnectionServesManyRequestsByTurns() async throws {
        try await withServer(handler: echo) { _, port in
            let client = try RawClient(port: port)
            for index in 0..<20 {
                try await client.send("GET /\(index) HTTP/1.1\r\nHost: a\r\n\r\n")
                let answer = try await client.read(until: "GET /\(index) ")
                #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
                #expect(!answer.contains("Connection: close"))
            }
        }
    }

    @Test func http10ClosesUnlessAskedToStay() async throws {
        try await withServer(handler: echo) { _, port in
            let client = try RawClient(port: port)
            try await client.send("GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            let first = try await client.read(until: "GET /1 ")
            #expect(first.contains("Connection: keep-alive\r\n"))
            try await client.send("GET /2 HTTP/1.0\r\n\r\n")
            let second = try await client.readToEnd()
            #expect(second.contains("Connection: close\r\n"))
        }
    }

    @Test func headHasTheLengthButNoBody() async throws {
        try await withServer(handler: { _ in Response(.ok, text: "hello") }) { _, port in
            let client = try RawClient(port: port)
            try await client.send("HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            let answer = try await client.readToEnd()
            #expect(answer.contains("Content-Length: 5\r\n"))
            #expect(answer.hasSuffix("\r\n\r\n"))
        }
    }

    @Test func fieldsOfAHandlerCannotSplitAnAnswer() async throws {
        let handler: Handler = { _ in
            Response(.ok, fields: ["X": "a\r\nSet-Cookie: b", "Content-Length": "99"], body: .bytes([0x61]))
        }
        try await withServer(handler: handler) { _, port in
            let client = try RawClient(port: port)
            try await client.send(getAndClose)
            let answer = try await client.readToEnd()
            #expect(answer.contains("X: a  Set-Cookie: b\r\n"))
            #expect(!answer.contains("99"))
        }
    }

    @Test func continueIsSentWhenTheBodyIsAskedFor() async throws {
        try await withServer(handler: echo) { _, port in
            let client = try RawClient(port: port)
            let head = "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n"
            try await client.send(head + "\r\n")
            #expect(try await client.read(until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
            try await client.send("hi" + getAndClose)
            let answer = try await client.readToEnd()
            #expect(answer.contains("PUT / hi"))
            #expect(answer.contains("GET / "))
        }
    }

    @Test func aHandlerThatDoesNotWantTheBodyAnswersWithoutContinue() async throws {
        try await withServer(handler: { _ in Response(.forbidden) }) { _, port in
            let client = try RawClient(port: port)
            try await client.send(
                "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
            )
            let answer = try await client.readToEnd()
            #expect(answer.hasPrefix("HTTP/1.1 403 "))
            #expect(answer.contains("Connection: close"))
        }
    }

    @Test func anUnreadBodyIsDiscardedBeforeTheNextRequest() async throws {
        try await withServer(handler: { Response(.ok, text: $0.target.path) }) { _, port in
            let client = try RawClient(port: port)
            let body = String(repeating: "x", count: 300_000)
            try await client.send(
                "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n\(body)\(getAndClose)"
            )
            let answer = try await client.readToEnd()
            #expect(answer.components(of: "HTTP/1.1 200 OK") == 2)
        }
    }

    @Test func aBodyThatBreaksTheRulesIsAnsweredByTheServer() async throws {
        try await withServer(handler: echo) { _, port in
            let client = try RawClient(port: port)
            try await client.send(
                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\nzz\r\n"
            )
            let answer = try await client.readToEnd()
            #expect(answer.hasPrefix("HTTP/1.1 400 "))
            #expect(answer.contains("malformed chunk size"))
        }
    }

    @Test func aBodyKeptBeyondItsAnswerGivesNothingOfTheNextRequest() async throws {
        let kept = Mailbox<RequestBody>()
        let handler: Handler = { request in
            if request.target.path == "/keep" {
                kept.put(request.body)
                return Response(.accepted)
            }
            guard let old = await kept.next() else { return Response(.internalServerError) }
            do { return Response(.ok, text: "stole \(try await old.collect(upTo: 100).count)") } catch {
                return await echo(request)
            }
        }
        try await withServer(handler: handler) { _, port in
            let client = try RawClient(port: port)
            let end = "HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
            try await client.send("POST /keep \(end)\r\none")
            #expect(try await client.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 202 "))
            try await client.send("POST /steal \(end)Connection: close\r\n\r\ntwo")
            #expect(try await client.readToEnd().hasSuffix("POST /steal two"))
        }
    }

    @Test func aHandlerCanCloseTheConnection() async throws {
        try await withServer(handler: { _ in Response(.ok, fields: ["connection": "Close"]) }) { _, port in
            let client = try RawClient(port: port)
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            let answer = try await client.readToEnd()
            #expect(answer.contains("\r\nConnection: close\r\n"))
        }
    }

    @Test func aHandlerMayComeBackFromAnotherExecutor() async throws {
        let handler: Handler = { request in
            await MainActor.run {}
            return await echo(request)
        }
        try await withServer(handler: handler) { _, port in
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        let client = try RawClient(port: port)
                        let many = String(repeating: "GET /x HTTP/1.1\r\nHost: a\r\n\r\n", count: 50)
                        try await client.send(many + getAndClose)
                        return try await client.readToEnd().components(of: "HTTP/1.1 200 OK")
                    }
                }
                for try await count in group { #expect(count == 51) }
            }
        }
    }

    @Test(arguments: [
        ("OPTIONS * HTTP/1.1", 204, "Allow: GET, HEAD, OPTIONS\r\n"),
        ("OPTIONS /a HTTP/1.1", 204, "Allow: GET, HEAD, OPTIONS\r\n"),
        ("PUT /a HTTP/1.1", 405, "Allow: GET, HEAD, OPTIONS\r\n"), ("TRACE /a HTTP/1.1", 405, "Allow: "),
        ("QUERY /a HTTP/1.1", 405, "Allow: GET, HEAD, OPTIONS\r\n"),
        ("GET /b HTTP/1.1", 404, "Content-Length: "),
        ("GET http://x/a HTTP/1.1", 200, "Content-Length: 2\r\n"),
    ])
    func aRouterAnswersOverASocketAsInProcess(_ line: String, _ status: Int, _ field: String) async throws {
        var router = Router()
        router.on(.get, "/a") { _ in Response(.ok, text: "hi") }
        let routes = router
        try await withServer(handler: { await routes.respond(to: $0) }) { _, port in
            let client = try RawClient(port: port)
            try await client.send("\(line)\r\nHost: a\r\nConnection: close\r\n\r\n")
            let answer = try await client.readToEnd()
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "))
            #expect(answer.contains(field))
        }
    }

    @Test func theAccessHookSeesEveryAnswerOnce() async throws {
        let mailbox = Mailbox<AccessRecord>()
        var router = Router()
        router.on(.get, "/v1/{id}") { _ in Response(.ok, text: "hello") }
        let routes = router
        try await withServer(access: { mailbox.put($0) }, handler: { await routes.respond(to: $0) }) {
            _,
            port in
            let client = try RawClient(port: port)
            try await client.send("GET /v1/7 HTTP/1.1\r\nHost: a\r\n\r\nbad\r\n\r\n")
            _ = try await client.readToEnd()
            let first = await mailbox.next()
            #expect(first?.route == "/v1/{id}")
            #expect(first?.path == "/v1/7")
            #expect(first?.status == .ok)
            #expect(first?.bytes == 5)
            #expect(first?.peer.isLoopback == true)
            let second = await mailbox.next()
            #expect(second?.method == nil)
            #expect(second?.status == .badRequest)
        }
    }
}

extension String {
    /// How often the text occurs.
    func components(of text: String) -> Int {
        var count = 0
        var rest = self[...]
        while let range = rest.firstRange(of: text) {
            count += 1
            rest = rest[range.upperBound...]
        }
        return count
    }
}
