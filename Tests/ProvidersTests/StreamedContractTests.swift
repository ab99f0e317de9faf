import HTTP
import JSON
import Providers
import Sound
import Testing

/// A vendor's operation whose create is answered with the audio.
struct StreamedOperation: Sendable, CustomTestStringConvertible {
    let provider: String
    let operation: Operation
    let translator: any AudioTranslating

    var testDescription: String { "\(provider)/\(operation.name)" }

    static let all: [StreamedOperation] = catalog.flatMap { descriptor in
        descriptor.operations.compactMap { operation in
            guard case .streamed(let translator) = operation.delivery else { return nil }
            return StreamedOperation(
                provider: descriptor.id,
                operation: operation,
                translator: translator
            )
        }
    }

    func refusal(_ status: Int, _ body: String) -> SubmitError {
        translator.refusal(UpstreamReply(status: status, body: Array(body.utf8)))
    }

    /// An order that asks for nothing but a sound.
    var order: Order {
        let request = SoundRequest(prompt: "rain")
        let route = Route(
            name: RouteName(provider: provider, operation: operation.name),
            model: operation.capabilities.defaultModel,
            prompt: "rain",
            fulfilment: [:],
            estimatedCost: nil
        )
        return Order(request, route: route, takes: nil)
    }
}

/// What every adapter must keep to whose vendor answers with audio.
@Suite("The contract of adapters that stream")
struct StreamedContractTests {
    @Test("a page is neither audio nor a sure refusal", arguments: StreamedOperation.all)
    func pages(_ streamed: StreamedOperation) {
        for status in [201, 202, 204, 206, 301, 307, 400, 401, 403, 404, 408, 429, 499, 500, 502, 503, 504] {
            for page in CatalogTests.pages {
                guard case .unknown = streamed.refusal(status, page) else {
                    Issue.record("status \(status) with \(page.debugDescription) is not taken as unknown")
                    continue
                }
            }
        }
    }

    private static let envelopes = [
        #"{"detail":"sk-SECRET"}"#, #"{"detail":{"status":"no","message":"sk-SECRET"}}"#,
        #"{"detail":{"status":"sk SECRET: no rain","message":"no"}}"#,
        #"{"detail":[{"loc":["sk-SECRET"],"msg":"sk-SECRET","type":"sk SECRET"}]}"#,
        #"{"code":401,"msg":"sk-SECRET","error":"sk-SECRET","message":"sk-SECRET","detail":"sk-SECRET"}"#,
    ]

    @Test("a vendor's words never reach a failure's message", arguments: StreamedOperation.all)
    func messages(_ streamed: StreamedOperation) {
        for status in [400, 401, 402, 403, 404, 409, 413, 422, 429, 500, 503] {
            for envelope in Self.envelopes {
                #expect(!"\(streamed.refusal(status, envelope))".contains("SECRET"), "\(status)")
            }
        }
    }

    @Test("a refused key is the gateway's fault", arguments: StreamedOperation.all)
    func refusedKey(_ streamed: StreamedOperation) {
        for envelope in Self.envelopes {
            guard case .refused(let failure) = streamed.refusal(401, envelope) else {
                Issue.record("401 is not a refusal: \(envelope)")
                continue
            }
            #expect(failure.code == .providerAuth)
            #expect(failure.origin == .gateway)
        }
    }

    @Test(
        "nobody can tell what became of a call that ended in a server's error",
        arguments: StreamedOperation.all
    )
    func serverErrors(_ streamed: StreamedOperation) {
        for status in [408, 499, 500, 502, 503, 504, 599] {
            for envelope in Self.envelopes {
                guard case .unknown = streamed.refusal(status, envelope) else {
                    Issue.record("status \(status) is not unknown")
                    continue
                }
            }
        }
    }

    @Test("an answer without a vendor's field is audio all the same", arguments: StreamedOperation.all)
    func bareReceipt(_ streamed: StreamedOperation) {
        let receipt = streamed.translator.receipt(UpstreamReply(status: 200, body: []), for: streamed.order)
        #expect(receipt == AudioReceipt())
    }

    @Test("an option that an adapter does not know is refused", arguments: StreamedOperation.all)
    func unknownOptions(_ streamed: StreamedOperation) {
        let problems = streamed.translator.problems(in: ["no_such_option_anywhere": 1])
        #expect(problems.map(\.code) == [.unknownField])
        #expect(problems.map(\.field) == ["no_such_option_anywhere"])
    }

    @Test(
        "every operation has recordings of audio, of a refusal and of an unknown outcome",
        arguments: StreamedOperation.all
    )
    func recorded(_ streamed: StreamedOperation) throws {
        let own = Recording.all.filter {
            $0.adapter == streamed.provider && $0.operationName == streamed.operation.name
        }
        let outcomes = try own.map { try $0.expectation().prefix { $0 != " " } }
        #expect(Set(outcomes) == ["audio", "refused", "unknown"])
    }
}
