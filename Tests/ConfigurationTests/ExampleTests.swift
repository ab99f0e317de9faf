import Configuration
import Crypto
import Foundation
import JSON
import Testing
import YAML

@Suite struct ExampleTests {
    private let text: String

    init() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        text = try String(contentsOf: root.appending(path: "config/soundgate.example.yaml"), encoding: .utf8)
    }

    private func loaded() throws -> GatewayConfiguration {
        try load(
            text,
            fileName: "config/soundgate.example.yaml",
            environment: [
                "AUDIT_HASH_KEY": "known", "SUNO_KEY": "one", "KIE_KEY": "k", "KIE_WEBHOOK_KEY": "w",
                "GAME_TEAM_WEBHOOK_SECRET": signingSecret, "SOUNDGATE_ROLE_ID": "role",
                "OTLP_TOKEN": "token", "DATABASE_URL": "postgresql://gate@db.example/sounds",
                "S3_ACCESS_KEY_ID": "key", "S3_SESSION_TOKEN": "session",
            ],
            files: [
                "config/secrets/suno-spare": "two\n", "config/secrets/vault.key": "the right key\n",
                "config/secrets/secret-id": "id\n", "config/secrets/s3-secret": "storesecret\n",
            ],
            vault: TestVault(entries: ["suno/sealed": "three"])
        )
    }

    @Test func itLoads() throws {
        let suno = try #require(try loaded().providers.first)
        #expect(suno.credentials.map { $0.key.reveal { $0 } } == ["one", "two", "three"])
    }

    @Test func itFitsTheSchema() throws {
        let schema = GatewayConfiguration.schema(adapters: adapters)
        let complaints = try SchemaValidator(root: schema).complaints(
            SchemaValidator.json(YAMLNode(parsing: text)),
            schema
        )
        #expect(complaints == [])
    }

    @Test func itsValuesAreTheDefaultsButWhereItSaysOtherwise() throws {
        var example = try loaded()
        #expect(example.server.publicURL != nil)
        #expect(example.server.threads != nil)
        example.server.publicURL = nil
        example.server.threads = nil
        #expect(example.server.trustedProxies.map(\.description) == ["10.20.0.5", "fd00:20::/64"])
        example.server.trustedProxies = []
        #expect(example.server.tls?.clientCertificates == .request)
        example.server.tls = nil
        #expect(example.server == ServerConfiguration())
        let database = try #require(example.storage.postgres)
        #expect(database.url.reveal { $0 } == "postgresql://gate@db.example/sounds")
        #expect(database.connections == StorageConfiguration.Postgres().connections)
        example.storage.postgres = nil
        #expect(example.storage == StorageConfiguration())
        var store = try #require(example.assets.s3)
        #expect(store.secretAccessKey.reveal { $0 } == "storesecret")
        #expect(store.address == store.endpoint)
        let plainStore = S3Configuration()
        for property in [\S3Configuration.region, \.bucket, \.prefix] {
            #expect(!store[keyPath: property].isEmpty)
            store[keyPath: property] = plainStore[keyPath: property]
        }
        for property in [\S3Configuration.accessKeyID, \.secretAccessKey] {
            store[keyPath: property] = plainStore[keyPath: property]
        }
        (store.endpoint, store.ca, store.sessionToken, store.publicEndpoint) = (nil, nil, nil, nil)
        #expect(store.style == .path)
        store.style = plainStore.style
        #expect(store == plainStore)
        example.assets.s3 = nil
        #expect(example.assets == AssetsConfiguration())
        #expect(example.vault?.file == VaultConfiguration().file)
        let server = try #require(example.vault?.hashicorp)
        let plainServer = HashiCorpConfiguration()
        #expect((server.refresh, server.wait) == (plainServer.refresh, plainServer.wait))
        #expect(server.loginMount == plainServer.loginMount)
        #expect(example.routing.preference == ["suno", "builtin"])
        example.routing.preference = []
        #expect(example.routing == RoutingConfiguration())
        #expect(example.log.modules == [.tasks: .debug])
        example.log.modules = [:]
        #expect(example.log == LogConfiguration())
        let collector = try #require(example.tracing?.otlp)
        #expect(collector.headers["Authorization"]?.reveal { $0 } == "Bearer token")
        example.tracing?.otlp = OTLPConfiguration()
        #expect(example.tracing == TracingConfiguration())
        #expect(example.audit?.hashKey != nil)
        example.audit?.hashKey = nil
        #expect(example.audit == AuditConfiguration())
        let suno = try #require(example.providers.first)
        let plain = ProviderConfiguration(id: "suno", adapter: "sunoapi")
        #expect(suno.isEnabled == plain.isEnabled)
        #expect(suno.models == plain.models)
        #expect(suno.timeouts.connect == plain.timeouts.connect)
        #expect(example.providers.map(\.id) == ["suno", "kie", "builtin"])
        #expect(example.providers[1].webhookSecret != nil)
        #expect(suno.options == plain.options)
        #expect(example.providers.last == ProviderConfiguration(id: "builtin", adapter: "builtin"))
        #expect(example.clients.clients.first?.isAdmin == false)
        #expect(example.clients.clients.map(\.webhookSecret.count) == [1, 0, 0])
        #expect(example.clients.clients.map(\.allKeys.count) == [1, 2, 1])
        #expect(example.webhooks.allow.count == 4)
    }

    @Test func itShowsEveryKeyAndOfTwoWaysToLogInOne() throws {
        let root = try YAMLNode(parsing: text)
        let properties = GatewayConfiguration.schema(adapters: adapters)
        #expect(missing(in: root, of: properties, path: "").sorted() == [".vault.hashicorp.token"])
    }

    /// The keys of the schema that the example does not use.
    private func missing(in node: YAMLNode, of schema: JSONValue, path: String) -> [String] {
        let forms = [schema] + (schema["anyOf"]?.array ?? [])
        if let elements = node.sequence, let items = forms.compactMap({ $0["items"] }).first {
            let each = elements.map { Set(missing(in: $0, of: items, path: "\(path)[]")) }
            return Array(each.dropFirst().reduce(each.first ?? []) { $0.intersection($1) })
        }
        guard let mapping = node.mapping else { return [] }
        if let properties = schema["properties"]?.object {
            return properties.filter { $0.value["not"] == nil }.flatMap { member -> [String] in
                let here = "\(path).\(member.key)"
                guard let value = mapping[member.key] else { return [here] }
                return missing(in: value, of: member.value, path: here)
            }
        }
        guard let section = schema["additionalProperties"] else { return [] }
        let each = mapping.entries.map { Set(missing(in: $0.value, of: section, path: "\(path).*")) }
        return Array(each.dropFirst().reduce(each.first ?? []) { $0.intersection($1) })
    }
}
