import Crypto
import HTTP
import JSON
import Providers
import Sound
import Testing

/// A vendor's operation whose jobs are created, then polled.
struct PolledOperation: Sendable, CustomTestStringConvertible {
    let provider: String
    let operation: Operation
    let translator: any JobTranslating

    var testDescription: String { "\(provider)/\(operation.name)" }

    static let all: [PolledOperation] = catalog.flatMap { descriptor in
        descriptor.operations.compactMap { operation in
            guard case .polled(let translator) = operation.delivery else { return nil }
            return PolledOperation(provider: descriptor.id, operation: operation, translator: translator)
        }
    }

    /// What the answer to a create is taken for.
    func accepted(_ status: Int, _ body: String) -> Result<RemoteJob, SubmitError> {
        let reply = UpstreamReply(status: status, body: Array(body.utf8))
        return Result { () throws(SubmitError) in try translator.accepted(reply) }
    }

    /// What the answer to a poll is taken for.
    func observed(_ status: Int, _ body: String) -> Result<Observation, PollError> {
        let reply = UpstreamReply(status: status, body: Array(body.utf8))
        return Result { () throws(PollError) in try translator.observation(reply) }
    }
}

/// What every adapter must keep to, whoever writes it.
@Suite("The contract of adapters")
struct CatalogTests {
    static let pages = [
        "", " ", "null", "true", "<html><body>502 Bad Gateway</body></html>",
        "<!DOCTYPE html><title>Hi</title>",
        "upstream connect error", "{", "[", "{\"data\":", "{}", "[]", "\"ok\"", "{\"result\":{}}",
        "\u{0}\u{1}",
    ]

    @Test("ids are unique, in lower case, and safe in paths and metrics")
    func ids() {
        let ids = catalog.map(\.id)
        #expect(Set(ids).count == ids.count)
        for id in ids + catalog.flatMap({ $0.operations.map(\.name) }) {
            #expect(!id.isEmpty)
            #expect(id.allSatisfy { "abcdefghijklmnopqrstuvwxyz0123456789_".contains($0) }, "\(id)")
        }
        for descriptor in catalog {
            #expect(!descriptor.operations.isEmpty)
            #expect(Set(descriptor.operations.map(\.name)).count == descriptor.operations.count)
        }
    }

    @Test("a vendor has an address without a slash at its end, and the others have none")
    func addresses() throws {
        for descriptor in catalog {
            switch descriptor.kind {
            case .vendor:
                let url = try #require(descriptor.defaultBaseURL)
                #expect(HTTPURL(url) != nil && url.hasPrefix("https://"))
                #expect(!url.hasSuffix("/"))
                #expect(descriptor.needsCredential)
            case .procedural:
                #expect(descriptor.defaultBaseURL == nil)
                #expect(!descriptor.needsCredential)
            }
            #expect(descriptor.defaultConcurrency > 0)
        }
    }

    @Test(
        "capabilities are sane: best means first, limits that something lies within, a default model of their own"
    )
    func capabilities() {
        for descriptor in catalog {
            for operation in descriptor.operations {
                let (name, capabilities) = ("\(descriptor.id)/\(operation.name)", operation.capabilities)
                #expect(!capabilities.types.isEmpty, "\(name)")
                #expect(capabilities.promptLimit > 0, "\(name)")
                #expect(capabilities.usualVariations.lowerBound >= 1, "\(name)")
                #expect(Set(capabilities.models).count == capabilities.models.count, "\(name)")
                if let model = capabilities.defaultModel {
                    #expect(capabilities.models.contains(model), "\(name)")
                }
                #expect(capabilities.models.isEmpty == (capabilities.defaultModel == nil), "\(name)")
                for (field, ways) in capabilities.means {
                    #expect(RequestField.demands.contains(field), "\(name) \(field)")
                    #expect(!ways.isEmpty, "\(name) \(field)")
                    #expect(ways.map(\.grade) == ways.map(\.grade).sorted(by: >), "\(name) \(field)")
                    for way in ways { check(way, field, name) }
                }
            }
        }
    }

    private func check(_ way: Capabilities.Means, _ field: RequestField, _ name: String) {
        var request = SoundRequest(prompt: "x")
        (request.bpm, request.key, request.duration, request.style) = (1, MusicalKey("C"), 1, "s")
        (request.negativePrompt, request.gender) = ("n", .male)
        if way == .hint { #expect(request.phrase(for: field) != nil, "\(name): no words for \(field)") }
        switch way.limit {
        case .choices(let words):
            #expect(!words.isEmpty && Set(words).count == words.count, "\(name) \(field)")
        case .characters(let most): #expect(most > 0, "\(name) \(field)")
        case .integers(let range): #expect(range.lowerBound >= 0, "\(name) \(field)")
        case .any, .numbers: break
        }
        #expect(!way.limit.words.isEmpty)
    }

    @Test("a page on create is neither a job nor a sure refusal", arguments: PolledOperation.all)
    func pagesOnCreate(_ polled: PolledOperation) {
        for status in [200, 201, 301, 403, 404, 429, 500, 502, 503, 504] {
            for page in Self.pages {
                guard case .failure(.unknown) = polled.accepted(status, page) else {
                    Issue.record("status \(status) with \(page.debugDescription) is not taken as unknown")
                    continue
                }
            }
        }
    }

    @Test("a page on a poll says nothing about the job", arguments: PolledOperation.all)
    func pagesOnPoll(_ polled: PolledOperation) {
        for status in [200, 403, 404, 429, 500, 502, 503, 504] {
            for page in Self.pages {
                guard case .failure(.transient) = polled.observed(status, page) else {
                    Issue.record("status \(status) with \(page.debugDescription) is not taken as transient")
                    continue
                }
            }
        }
    }

    @Test("a refused key is the gateway's fault", arguments: PolledOperation.all)
    func refusedKey(_ polled: PolledOperation) {
        let body =
            #"{"code":401,"msg":"no","success":false,"error":"no","message":"no","detail":"no","data":null}"#
        guard case .failure(.refused(let failure)) = polled.accepted(401, body) else {
            Issue.record("401 on create is not a refusal")
            return
        }
        #expect(failure.code == .providerAuth)
        #expect(failure.origin == .gateway)
        guard case .failure(.unauthorized(let lost)) = polled.observed(401, body) else {
            Issue.record("401 on a poll is not unauthorized")
            return
        }
        #expect(lost.code == .providerAuth)
    }

    @Test("a vendor's words never reach a failure's message", arguments: PolledOperation.all)
    func messages(_ polled: PolledOperation) {
        for code in [400, 401, 402, 404, 405, 409, 413, 422, 429, 430, 433, 451, 455, 500, 503] {
            let body =
                #"{"code":\#(code),"msg":"sk-SECRET","error":"sk-SECRET","message":"sk-SECRET","data":"sk-SECRET"}"#
            for status in [200, code] {
                if case .failure(let error) = polled.accepted(status, body) {
                    #expect(!"\(error)".contains("SECRET"), "\(code)")
                }
                if case .failure(let error) = polled.observed(status, body) {
                    #expect(!"\(error)".contains("SECRET"), "\(code)")
                }
            }
        }
    }

    @Test("no key stands in any description", arguments: catalog.map(\.id))
    func secrets(_ id: String) throws {
        let descriptor = try #require(catalog.first { $0.id == id })
        let provider = Provider(
            id: id,
            adapter: descriptor,
            baseURL: "https://example.com/",
            credentials: [.init(name: "main", key: .init("sk-SECRET"), maxConcurrent: 3)]
        )
        var dumped = ""
        dump(provider, to: &dumped)
        #expect(!dumped.contains("SECRET"))
        #expect(!"\(provider)".contains("SECRET"))
        #expect(!String(reflecting: provider).contains("SECRET"))
        #expect(provider.baseURL == "https://example.com")
        #expect(provider.concurrency == 3)
    }

    @Test("a job's id cannot change the path or the query it is put into", arguments: PolledOperation.all)
    func hostileIDs(_ polled: PolledOperation) throws {
        let plain = polled.translator.poll(RemoteJob(id: "x")).path
        for id in ["a&b=c", "a/../b", "a b", "a#b", "a?b", "ä", "a\r\nX: y", "%2e"] {
            let path = polled.translator.poll(RemoteJob(id: id)).path
            #expect(path.count(where: { $0 == "&" }) == plain.count(where: { $0 == "&" }), "\(path)")
            #expect(path.count(where: { $0 == "?" }) == plain.count(where: { $0 == "?" }), "\(path)")
            #expect(path.count(where: { $0 == "/" }) == plain.count(where: { $0 == "/" }), "\(path)")
            #expect(
                path.unicodeScalars.allSatisfy { $0.value > 32 && $0.value < 127 && $0 != "#" },
                "\(path)"
            )
        }
    }

    @Test("an option that an adapter does not know is refused", arguments: PolledOperation.all)
    func unknownOptions(_ polled: PolledOperation) {
        let problems = polled.translator.problems(in: ["no_such_option_anywhere": 1])
        #expect(problems.map(\.code) == [.unknownField])
        #expect(problems.map(\.field) == ["no_such_option_anywhere"])
    }

    @Test(
        "every operation of a vendor has recordings of a create, of a poll and of what it asks besides",
        arguments: PolledOperation.all
    )
    func recorded(_ polled: PolledOperation) throws {
        let own = Recording.all.filter {
            $0.adapter == polled.provider && $0.operationName == polled.operation.name
        }
        let kinds = try own.map { recording in
            switch try recording.question() {
            case .create: "create"
            case .poll: "poll"
            case .ask(_, let part, _): "ask \(part.rawValue)"
            case .cancel: "cancel"
            case .balance: "balance"
            }
        }
        let (job, translator) = (RemoteJob(id: "x"), polled.translator)
        let parts = TakePart.allCases.filter { translator.ask(for: $0, of: "y", job: job) != nil }
        let wanted = ["create", "poll"] + parts.map { "ask \($0.rawValue)" }
        #expect(Set(kinds) == Set(wanted + (translator.cancel(job) == nil ? [] : ["cancel"])))
    }

    @Test("a vendor that tells its balances has recordings of that", arguments: catalog.map(\.id))
    func recordedBalance(_ id: String) throws {
        let descriptor = try #require(catalog.first { $0.id == id })
        let recorded = try Recording.all.contains { recording in
            guard recording.adapter == id, case .balance = try recording.question() else { return false }
            return true
        }
        #expect(recorded == (descriptor.balance != nil))
    }

    @Test("where an order says it, the vendor is told where to call us", arguments: catalog.map(\.id))
    func callbackURLs(_ id: String) throws {
        let descriptor = try #require(catalog.first { $0.id == id })
        let url = "https://sounds.example/v1/callbacks/\(id)/token"
        for operation in descriptor.operations {
            let name = RouteName(provider: id, operation: operation.name)
            let route = Route(name: name, model: nil, prompt: "x", fulfilment: [:], estimatedCost: nil)
            func isTold(_ order: Order) -> Bool {
                let body = operation.call(for: order)?.displayedBody.object ?? [:]
                return body.contains { $0.value == .string(url) }
            }
            let request = SoundRequest(prompt: "x")
            var tells = false
            if case .perJob = descriptor.callbacks { tells = true }
            #expect(isTold(Order(request, route: route, takes: nil, callbackURL: url)) == tells, "\(name)")
            #expect(!isTold(Order(request, route: route, takes: nil)), "\(name)")
        }
    }

    @Test("the ids in a question for a part cannot change its path or query")
    func hostileTakes() throws {
        for polled in PolledOperation.all {
            for part in TakePart.allCases {
                let ask = { (job: String, take: String) in
                    polled.translator.ask(for: part, of: take, job: RemoteJob(id: job))?.path
                }
                guard let plain = ask("x", "y") else { continue }
                for id in ["a&b=c", "a/../b", "a b", "a#b", "a?b", "a\r\nX: y"] {
                    let path = try #require(ask(id, id))
                    for sign in ["&", "?", "/", "#", " ", "\n"] as [Character] {
                        #expect(path.count(where: { $0 == sign }) == plain.count(where: { $0 == sign }))
                    }
                }
            }
        }
    }
}
