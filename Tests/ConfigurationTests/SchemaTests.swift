import Configuration
import Crypto
import JSON
import Testing
import YAML

@Suite struct SchemaTests {
    private let schema = GatewayConfiguration.schema(adapters: adapters)

    private func complaints(_ text: String) throws -> [String] {
        try SchemaValidator(root: schema).complaints(SchemaValidator.json(YAMLNode(parsing: text)), schema)
    }

    @Test func itIsJSONOfTheNamedDraft() throws {
        let parsed = try JSONValue(parsing: schema.prettyPrinted())
        #expect(parsed == schema)
        #expect(parsed["$schema"] == "https://json-schema.org/draft/2020-12/schema")
    }

    /// Each struct, and where the schema describes it.
    private static let structs: [(value: any Sendable, path: [String])] = [
        (GatewayConfiguration(), []), (ServerConfiguration(), ["server"]),
        (ServerConfiguration.Limits(), ["server", "limits"]),
        (ServerConfiguration.Timeouts(), ["server", "timeouts"]),
        (ServerConfiguration.TLS(certificate: "", privateKey: ""), ["server", "tls"]),
        (StorageConfiguration(), ["storage"]), (StorageConfiguration.SQLite(), ["storage", "sqlite"]),
        (StorageConfiguration.Postgres(), ["storage", "postgres"]),
        (AssetsConfiguration(), ["assets"]), (VaultConfiguration(), ["vault"]),
        (HashiCorpConfiguration(), ["vault", "hashicorp"]),
        (Client(name: "", keySHA256: ""), ["clients", "*"]),
        (ClientKey(sha256: ""), ["clients", "*", "keys", "*"]),
        (ClientQuota(), ["clients", "*", "quota"]),
        (ProviderConfiguration(id: "", adapter: ""), ["providers", "*"]),
        (
            ProviderConfiguration.Credential(name: "", key: Secret("")),
            ["providers", "*", "credentials", "*"]
        ),
        (ProviderConfiguration.Polling(), ["providers", "*", "polling"]),
        (ProviderConfiguration.Timeouts(), ["providers", "*", "timeouts"]),
        (RoutingConfiguration(), ["routing"]), (WebhooksConfiguration(), ["webhooks"]),
        (LogConfiguration(), ["log"]),
    ]

    @Test(arguments: structs.indices)
    func everyPropertyIsAKeyAndEveryKeyAProperty(_ index: Int) throws {
        let (value, path) = Self.structs[index]
        var place: JSONValue? = schema
        for step in path {
            if step == "*" {
                let list = place?["anyOf"]?.array?.compactMap { $0["items"] }.first
                place = place?["items"] ?? place?["additionalProperties"] ?? list
            } else {
                place = place?["properties"]?[step]
            }
        }
        let properties = try #require(place?["properties"]?.object)
        let keys = properties.filter { $0.value["not"] == nil }.map(\.key)
        let labels = Mirror(reflecting: value).children.compactMap(\.label).filter { $0 != "id" }
        #expect(Set(keys) == Set(labels.map(Self.key)))
    }

    /// `keySHA256` → `key_sha256`, `isEnabled` → `enabled`.
    private static func key(_ label: String) -> String {
        var key = ""
        var wasLower = false
        for character in label {
            if character.isUppercase, wasLower { key += "_" }
            wasLower = character.isLowercase
            key += character.lowercased()
        }
        return key.hasPrefix("is_") ? String(key.dropFirst(3)) : key
    }

    @Test func defaultsStandInTheSchemaAndSatisfyIt() throws {
        let server = schema["properties"]?["server"]?["properties"]
        #expect(server?["listen"]?["default"] == "127.0.0.1:8080")
        #expect(server?["limits"]?["properties"]?["body"]?["default"] == "1MiB")
        #expect(schema["properties"]?["routing"]?["properties"]?["deadline"]?["default"] == "15m")
        #expect(try defaultsThatDoNotFit(schema, path: "$").isEmpty)
    }

    private func defaultsThatDoNotFit(_ part: JSONValue, path: String) throws -> [String] {
        var found: [String] = []
        if let value = part["default"], part["description"] != nil {
            found += try SchemaValidator(root: schema).complaints(value, part, at: path)
        }
        for member in part.object ?? [:] {
            found += try defaultsThatDoNotFit(member.value, path: "\(path)/\(member.key)")
        }
        return found
    }

    @Test(arguments: [
        "server: {listen: 127.0.0.1:80, threads: '${env:N}', drain: '${file:x}'}", "server:\nclients:\n",
        "clients: open", "server: {listen: ['[::1]:80', 'unix:/x']}", "log: {level: debug}",
        "providers: {suno: {adapter: sunoapi, credentials: [{name: a, key: '${env:X}'}], options: {any: [thing]}}}",
        "providers: {builtin: {enabled: true, models: [a], polling: {first: 1s}}}",
        "vault: {key: '${env:X}'}\nclients: [{name: a, key_sha256: \(someDigest), webhook_secret: '${vault:hook}'}]",
        "vault: {file: data/vault.sealed, key: [k, '${file:x}']}",
        "server: {tls: {certificate: a.crt, private_key: /b.key, redirect: '0.0.0.0:80'}}",
        "server: {tls: {certificate: a, private_key: b, client_ca: c, client_certificates: require}}\n"
            + "clients: [{name: a, key_sha256: \(someDigest), certificates: ['SHA256:\(someDigest)', "
            + "'DNS:worker.internal', 'URI:spiffe://house/worker']}]",
        "providers: {builtin: {ca: internal.pem}}",
    ])
    func whatTheReaderTakesTheSchemaTakes(_ text: String) throws {
        let hook = "whsec_" + Base64.standard.encode([UInt8](repeating: 7, count: 32))
        let vault = TestVault(key: "k", entries: ["hook": hook])
        let problems = lines(
            text,
            environment: ["N": "2", "X": "k"],
            files: ["x": "3s\n"],
            vault: vault
        )
        #expect(problems == [])
        #expect(try complaints(text) == [])
    }

    @Test(arguments: [
        "servr: {}", "server: 1", "server: {tls: {}}", "server: {threads: 65}", "server: {threads: '8'}",
        "server: {drain: 20}", "server: {drain: 1.5s}", "server: {listen: []}", "server: {listen: ':80'}",
        "server: {limits: {body: 1MB}}", "server: {public_url: 'https://x/?a'}", "vault: {key: []}",
        "vault: {file: ''}", "clients: closed",
        "clients: [{name: a}]", "clients: [{name: A, key_sha256: x}]", "providers: {Suno: {}}",
        "providers: {suno: {adapter: nope}}", "providers: {builtin: {enabled: yes}}",
        "providers: {sunoapi: {credentials: [{name: a, key: ''}]}}", "routing: {policy: cheapest}",
        "routing: {max_attempts: 0}", "log: {level: loud}", "storage: {sqlite: {path: ''}}",
        "storage: {postgres: {}}", "storage: {postgres: {url: x}}",
        "server: {tls: {certificate: a}}", "server: {tls: {certificate: a, private_key: ''}}",
        "server: {tls: {certificate: a, private_key: b, client_certificates: always}}",
        "server: {tls: {certificate: a, private_key: b, redirect: ':80'}}",
        "clients: [{name: a, key_sha256: \(someDigest), certificates: [worker]}]",
        "assets: {retention: 30}", "assets: {retention: never}",
    ])
    func whatTheSchemaRefusesTheReaderRefuses(_ text: String) throws {
        #expect(try complaints(text) != [])
        #expect(lines(text) != [])
    }
}

private let someDigest = String(repeating: "0f", count: 32)
