import HTTP
import HTTPServer
import Testing

@Suite struct RouterTests {
    private let router: Router = {
        var router = Router()
        for pattern in [
            "/", "/v1/sounds", "/v1/sounds/{id}", "/v1/sounds/latest", "/v1/sounds/{sound}/audio/{index}",
        ] {
            router.on(.get, pattern) { Response(.ok, text: "\(pattern) \($0.parameters["id"] ?? "-")") }
        }
        router.on(.post, "/v1/sounds") { request in
            do {
                return Response(.created, contentType: "x/y", try await request.body.collect(upTo: 4))
            } catch {
                return Response(.contentTooLarge)
            }
        }
        router.on(.delete, "/v1/sounds/{id}") { _ in Response(.noContent) }
        router.on(.get, "/v1/numbers/{n}") { request in
            Response(.ok, text: "\(request.parameters.value("n", as: Int.self) ?? -1)")
        }
        return router
    }()

    @Test(arguments: [
        ("/", "/ -"), ("/v1/sounds", "/v1/sounds -"), ("/v1/sounds/a%2Fb", "/v1/sounds/{id} a/b"),
        ("/v1/sounds/latest", "/v1/sounds/latest -"),
        ("/v1/sounds/latest/audio/1", "/v1/sounds/{sound}/audio/{index} -"),
        ("/v1/sounds/x?limit=3", "/v1/sounds/{id} x"), ("/v1/numbers/42", "42"), ("/v1/numbers/x", "-1"),
    ])
    func theBestPatternAnswers(_ target: String, _ text: String) async throws {
        let response = await router.respond(to: .get, target)
        let body = try await response.collectBody()
        #expect(String(decoding: body, as: UTF8.self) == text)
        #expect(response.route != nil)
    }

    @Test(arguments: ["/v1", "/v1/sounds/", "/v1/sounds//audio/1", "/v1/sounds/x/audio", "/nothing", "//"])
    func aPathNobodyHasIsNotFound(_ target: String) async {
        let response = await router.respond(to: .get, target)
        #expect(response.status == .notFound)
        #expect(response.route == nil)
    }

    @Test func aMethodNobodyHasIsNotAllowed() async {
        let response = await router.respond(to: .put, "/v1/sounds/1")
        #expect(response.status == .methodNotAllowed)
        #expect(response.fields["Allow"] == "DELETE, GET, HEAD, OPTIONS")
        #expect(response.route == "/v1/sounds/{id}")
    }

    @Test func optionsTellsWhatIsAllowed() async {
        #expect(
            await router.respond(to: .options, "/v1/sounds").fields["Allow"] == "GET, HEAD, OPTIONS, POST"
        )
        let request = Request(head: RequestHead(method: .options, target: .asterisk))
        let all = await router.respond(to: request)
        #expect(all.status == .noContent)
        #expect(all.fields["Allow"] == "DELETE, GET, HEAD, OPTIONS, POST")
    }

    @Test func headGoesToTheHandlerOfGet() async {
        #expect(await router.respond(to: .head, "/v1/sounds").status == .ok)
    }

    @Test func bodiesAreCollectedUpToTheirLimit() async throws {
        let good = await router.respond(to: .post, "/v1/sounds", body: [1, 2, 3, 4])
        #expect(try await good.collectBody() == [1, 2, 3, 4])
        #expect(
            await router.respond(to: .post, "/v1/sounds", body: [1, 2, 3, 4, 5]).status == .contentTooLarge
        )
    }

    @Test func streamsAreCollectedInProcess() async throws {
        let response = Response(.ok, body: .stream { for piece in ["a", "b"] { try await $0.write(piece) } })
        #expect(try await response.collectBody() == Array("ab".utf8))
    }
}
