import HTTP
import JSON
import Sound
import Testing

@Suite("The contract's examples")
struct ContractExampleTests {
    /// What is sent or answered, and where the contract says so.
    private struct Media {
        let place: String
        let status: String?
        let type: String
        let value: JSONValue
    }

    private static func contract() async throws -> Contract {
        var contract: Contract?
        try await withHouse { house in contract = Contract(try await house.send(.get, "/openapi.json").json) }
        return try #require(contract)
    }

    private static func resolved(_ value: JSONValue, _ contract: Contract) -> JSONValue {
        value["$ref"]?.string.flatMap(contract.checker.resolve) ?? value
    }

    /// Every operation of the contract, by its id.
    private static func operations(_ contract: Contract) -> [(id: String, value: JSONValue)] {
        (contract.document["paths"]?.object ?? [:]).flatMap { path in
            (path.value.object ?? [:]).filter { $0.key != "parameters" }
                .map { ($0.value["operationId"]?.string ?? "\($0.key) \(path.key)", $0.value) }
        }
    }

    private static func media(_ contract: Contract) -> [Media] {
        func media(_ place: String, _ status: String?, _ value: JSONValue) -> [Media] {
            (resolved(value, contract)["content"]?.object ?? [:])
                .map { Media(place: place, status: status, type: $0.key, value: $0.value) }
        }
        return operations(contract).flatMap { operation in
            media("\(operation.id) request", nil, operation.value["requestBody"] ?? .null)
                + (operation.value["responses"]?.object ?? [:])
                .flatMap { media("\(operation.id) \($0.key)", $0.key, $0.value) }
        }
    }

    private static func examples(of media: Media, _ contract: Contract) -> [JSONValue] {
        let named = (media.value["examples"]?.object ?? [:]).map { resolved($0.value, contract)["value"] }
        return ([media.value["example"]] + named).compactMap { $0 }
    }

    @Test("Every request and every answer has one; audio alone does without")
    func everyBody() async throws {
        let contract = try await Self.contract()
        let all = Self.media(contract)
        #expect(all.count > 100)
        for media in all where !media.type.hasPrefix("audio/") && media.type != "*/*" {
            #expect(!Self.examples(of: media, contract).isEmpty, "\(media.place) \(media.type)")
        }
    }

    @Test("Every parameter and every header has one")
    func everyField() async throws {
        let contract = try await Self.contract()
        let common = ["parameters", "headers"].flatMap {
            (contract.document["components"]?[$0]?.object ?? [:]).map { $0 }
        }
        var fields = common.map { ($0.key, $0.value) }
        for path in contract.document["paths"]?.object ?? [:] {
            for parameter in path.value["parameters"]?.array ?? [] { fields.append((path.key, parameter)) }
        }
        for operation in Self.operations(contract) {
            for parameter in operation.value["parameters"]?.array ?? [] {
                fields.append((operation.id, parameter))
            }
        }
        #expect(fields.count > 40)
        for (place, field) in fields {
            let field = Self.resolved(field, contract)
            #expect(field["example"] != nil, "\(place) \(field["name"]?.string ?? "")")
        }
    }

    @Test("Every code of a problem is in one, under its own status")
    func everyCode() async throws {
        let contract = try await Self.contract()
        var seen: Set<String> = []
        for media in Self.media(contract) where media.type == "application/problem+json" {
            for example in Self.examples(of: media, contract) {
                seen.insert(try #require(example["code"]?.string))
                guard let status = media.status, status != "default" else { continue }
                let own = try #require(example["status"]?.integer)
                #expect("\(own)" == status, "\(media.place)")
            }
        }
        #expect(seen == Set(Self.codes(of: "Problem", contract)))
    }

    private static func codes(of schema: String, _ contract: Contract) -> [String] {
        let properties = contract.checker.resolve("#/components/schemas/\(schema)")?["properties"]
        return (properties?["code"]?["enum"]?.array ?? []).compactMap(\.string)
    }

    /// The codes are literals all over the sources, so that is where they are looked for.
    @Test("The codes of the program are those of the contract")
    func sameCodes() async throws {
        let contract = try await Self.contract()
        let problem = contract.checker.resolve("#/components/schemas/Problem")
        let ofFields =
            problem?["properties"]?["errors"]?["items"]?["properties"]?["code"]?["enum"]?.array ?? []
        let promised = Set(Self.codes(of: "Problem", contract) + ofFields.compactMap(\.string))
        var written: Set<String> = []
        for folder in ["Sources/Gateway/API", "Sources/Platform/HTTPServer"] {
            for path in try repositoryFiles(folder) where path.hasSuffix(".swift") {
                let text = try repositoryFile(path)
                for match in text.matches(
                    of: /\b(?:code(?::| =)(?: String =)?|problem\([^,()]+,) "([a-z_]+)"/
                ) {
                    written.insert(String(match.1))
                }
            }
        }
        #expect(written.count > 25)
        #expect(written.subtracting(promised) == [])
        let taken = Set(Self.codes(of: "Problem", contract)).subtracting(written)
        // Those of the vocabulary, which are not literals in the API.
        #expect(taken == ["invalid_request", "no_provider"])
    }

    /// What a vendor or a caller would copy must work: every example of a create is taken.
    @Test("Every example of a request is one that the reader takes")
    func requests() async throws {
        let contract = try await Self.contract()
        let all = Self.media(contract).filter { $0.place == "createSound request" }
        let examples = all.flatMap { Self.examples(of: $0, contract) }
        #expect(examples.count > 2)
        for example in examples {
            #expect(throws: Never.self) {
                try SoundRequest(example, knownProviders: ["builtin", "elevenlabs", "sunoapi"])
            }
        }
    }
}
