import EventLoop
import HTTP
import HTTPClient
import Testing

@Suite struct RedirectTests {
    private static let credentials: [(String, String)] = [
        ("Authorization", "Bearer t"), ("X-API-Key", "k"), ("xi-api-key", "k"), ("Cookie", "c=1"),
        ("Accept", "audio/*"),
    ]

    private func redirect(_ location: String, _ status: Int = 302) -> String {
        answer(status, "moved", fields: ["Location: \(location)"])
    }

    @Test(arguments: [301, 302, 303, 307, 308])
    func aRedirectIsAnAnswerUnlessAskedToFollow(_ status: Int) async throws {
        let elsewhere = try ScriptedPeer(answering: answer())
        let peer = try ScriptedPeer(answering: redirect(elsewhere.url, status))
        let response = try await withClient { client, _ in try await client.send(.post(peer.url)) }
        #expect(response.status.code == status)
        #expect(elsewhere.connections == 0)
    }

    @Test func aMethodWithAnEffectNeverFollows() async throws {
        let elsewhere = try ScriptedPeer(answering: answer())
        let peer = try ScriptedPeer(answering: redirect(elsewhere.url, 307))
        let response = try await withClient { client, _ in
            try await client.send(.post(peer.url).with { $0.redirects = .follow(max: 5) })
        }
        #expect(response.status == .temporaryRedirect)
        #expect(elsewhere.connections == 0)
    }

    @Test func credentialsStayWithTheirOrigin() async throws {
        let second = try ScriptedPeer(answering: answer(200, "there"))
        let first = try ScriptedPeer { connection, _ in
            while let request = connection.readRequest() {
                connection.send(
                    request.head.hasPrefix("GET /a/start ")
                        ? redirect("next?x=1") : redirect("http://localhost:\(second.port)/end")
                )
            }
        }
        let response = try await withClient { client, _ in
            try await client.send(
                UpstreamRequest(
                    .get,
                    first.url + "/a/start",
                    fields: Fields(Self.credentials),
                    redirects: .follow(max: 3)
                )
            )
        }
        #expect(response.text == "there")
        #expect(response.effectiveURL == "http://localhost:\(second.port)/end")
        #expect(
            first.requests.map { $0.head.prefix { $0 != "\r\n" } } == [
                "GET /a/start HTTP/1.1", "GET /a/next?x=1 HTTP/1.1",
            ]
        )
        #expect(
            first.requests.allSatisfy {
                $0.field("authorization") == "Bearer t" && $0.field("x-api-key") == "k"
            }
        )
        let last = try #require(second.requests.first)
        #expect(last.field("accept") == "audio/*")
        for name in ["authorization", "x-api-key", "xi-api-key", "cookie"] {
            #expect(last.field(name) == nil)
        }
    }

    @Test func theNumberOfHopsIsLimited() async throws {
        let peer = try ScriptedPeer(answering: redirect("/again"))
        let failure = try await withClient { client, _ in
            try await failing {
                try await client.send(.get(peer.url).with { $0.redirects = .follow(max: 2) })
            }
        }
        #expect(failure.reason == .tooManyRedirects)
        #expect(failure.status == .found)
        #expect(peer.requests.count == 3)
    }

    @Test(arguments: [
        "file:///etc/passwd", "ftp://127.0.0.1/", "http://a:b@127.0.0.1/", "gopher://127.0.0.1/",
    ])
    func aTargetThatIsNotPlainHTTPIsRefused(_ target: String) async throws {
        let peer = try ScriptedPeer(answering: redirect(target))
        let failure = try await withClient { client, _ in
            try await failing {
                try await client.send(.get(peer.url).with { $0.redirects = .follow(max: 2) })
            }
        }
        #expect(failure.reason == .badURL)
        #expect(peer.requests.count == 1)
    }

    @Test func everyHopMeetsTheAddressPolicy() async throws {
        let inside = try ScriptedPeer(answering: answer(200, "secret"))
        let peer = try ScriptedPeer(answering: redirect(inside.url))
        let failure = try await withClient { client, _ in
            try await failing {
                try await client.send(
                    .get(peer.url).with {
                        $0.redirects = .follow(max: 2)
                        $0.addresses = .publicOnly(except: [Authority(host: "127.0.0.1", port: peer.port)])
                    }
                )
            }
        }
        #expect(failure.reason == .addressRefused)
        #expect(inside.connections == 0)
    }
}
