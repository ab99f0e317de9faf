import Configuration
import Crypto
import JSON
import Testing

@Suite struct LoadingTests {
    @Test(arguments: ["", "# nothing\n", "server:\n# listen: 1\nproviders:\nclients:\n"])
    func withoutSettingsTheBuiltInDefaultsHold(_ text: String) throws {
        let configuration = try load(text)
        #expect(configuration == GatewayConfiguration(adapters: adapters))
        #expect(configuration.providers == [ProviderConfiguration(id: "builtin", adapter: "builtin")])
        #expect(configuration.server.listen == [.tcp(address: "127.0.0.1", port: 8080)])
        #expect(!configuration.clients.requiresKey)
        #expect(configuration.checkExposure() == nil)
    }

    @Test func everyPartIsRead() throws {
        let digest = String(repeating: "a1", count: 32)
        let other = String(repeating: "b2", count: 32)
        let configuration = try load(
            """
            server:
              listen: ["0.0.0.0:80", "unix:/run/s.sock"]
              public_url: https://sounds.example/base/
              threads: 4
              limits:
                {request_target: 1KiB, header: 2KiB, body: 3MiB, connections: 5, connections_per_address: 4,
                 memory: 8MiB, waits_per_client: 3}
              timeouts: {header: 1s, body: 2s, idle: 3m, write: 400ms}
              drain: 0s
            storage: {sqlite: {path: /var/x.db}}
            assets: {directory: /a, fetch_for: 1m, maximum_size: 1MiB, maximum_duration: 1m, retention: 0s}
            clients:
              - {name: team, key_sha256: \(digest)}
              - {name: boss, key_sha256: \(other), admin: true}
            providers:
              suno:
                adapter: sunoapi
                base_url: http://127.0.0.1:9090/sunoapi/
                credentials: [{name: a, key: literal}, {name: b, key: "${env:KEY}", max_concurrent: 20}]
                models: [V6]
                polling: {first: 1s, ceiling: 2s}
                timeouts: {connect: 1s, request: 2s}
                options: {deep: [1, 2.5, true, null, "${env:KEY}"]}
              musicgpt: {enabled: false}
            routing: {policy: preference, preference: [builtin, suno], max_attempts: 5, deadline: 1h}
            log: {level: debug, format: json}
            """,
            environment: ["KEY": "s3cret"]
        )
        var server = ServerConfiguration()
        server.listen = [.tcp(address: "0.0.0.0", port: 80), .unix(path: "/run/s.sock")]
        server.publicURL = "https://sounds.example/base"
        server.threads = 4
        server.limits.requestTarget = 1024
        server.limits.header = 2048
        server.limits.body = 3 << 20
        server.limits.connections = 5
        server.limits.connectionsPerAddress = 4
        server.limits.memory = 8 << 20
        server.limits.waitsPerClient = 3
        server.timeouts.header = .seconds(1)
        server.timeouts.body = .seconds(2)
        server.timeouts.idle = .seconds(180)
        server.timeouts.write = .milliseconds(400)
        server.drain = .zero
        #expect(configuration.server == server)
        #expect(configuration.storage.sqlite.path == "/var/x.db")
        #expect(configuration.assets.directory == "/a")
        #expect(configuration.assets.fetchFor == .seconds(60))
        #expect(configuration.assets.maximumSize == 1 << 20)
        #expect(configuration.assets.maximumDuration == .seconds(60))
        #expect(configuration.assets.retention == .zero)
        #expect(
            configuration.clients
                == .listed([
                    Client(name: "team", keySHA256: digest),
                    Client(name: "boss", keySHA256: other, isAdmin: true),
                ])
        )
        #expect(configuration.providers.map(\.id) == ["suno", "musicgpt", "builtin"])
        #expect(configuration.providers.map(\.isEnabled) == [true, false, true])
        let suno = configuration.providers[0]
        #expect(suno.adapter == "sunoapi")
        #expect(suno.baseURL == "http://127.0.0.1:9090/sunoapi")
        #expect(suno.credentials.map(\.name) == ["a", "b"])
        #expect(suno.credentials.map { $0.key.reveal { $0 } } == ["literal", "s3cret"])
        #expect(suno.credentials.map(\.maxConcurrent) == [nil, 20])
        #expect(suno.models == ["V6"])
        #expect(suno.polling.first == .seconds(1))
        #expect(suno.polling.ceiling == .seconds(2))
        #expect(suno.timeouts.connect == .seconds(1))
        #expect(suno.timeouts.request == .seconds(2))
        #expect(suno.options == ["deep": [1, 2.5, true, .null, "s3cret"]])
        #expect(configuration.routing.preference == ["builtin", "suno"])
        #expect(configuration.routing.maxAttempts == 5)
        #expect(configuration.routing.deadline == .seconds(3600))
        #expect(configuration.log.level == .debug)
        #expect(configuration.log.format == .json)
    }

    @Test func aDefaultProviderStaysUnlessItIsDisabled() throws {
        let text = "providers:\n  musicgpt: {credentials: [{name: a, key: k}]}\n"
        #expect(try load(text).providers.map(\.id) == ["musicgpt", "builtin"])
        let without = try load(text + "  builtin: {enabled: false}\n")
        #expect(without.providers.filter(\.isEnabled).map(\.id) == ["musicgpt"])
    }

    @Test func anchorsAndMergesWork() throws {
        let configuration = try load(
            """
            providers:
              musicgpt: &common
                credentials: [{name: a, key: k}]
                timeouts: {connect: 1s}
              sunoapi:
                <<: *common
                timeouts: {connect: 2s}
            """
        )
        #expect(configuration.providers.prefix(2).map(\.timeouts.connect) == [.seconds(1), .seconds(2)])
        #expect(configuration.providers[1].credentials.map(\.name) == ["a"])
    }

    @Test func openServesAnybodyAnywhere() throws {
        let configuration = try load("server: {listen: \"0.0.0.0:80\"}\nclients: open")
        #expect(configuration.clients == .open)
        #expect(!configuration.clients.requiresKey)
        #expect(configuration.checkExposure() == nil)
    }

    @Test func exposureIsAskedAgainAfterAnOverride() throws {
        var configuration = try load("")
        configuration.server.listen = [.tcp(address: "127.0.0.1", port: 1), .tcp(address: "::", port: 80)]
        #expect(
            configuration.checkExposure()?.description
                == "server.listen: [::]:80 can be reached from other machines, and no clients are named; list clients,"
                + " write clients: open to serve anybody, or listen on 127.0.0.1"
        )
    }

    @Test func secretsNeverShow() throws {
        let configuration = try load("providers: {sunoapi: {credentials: [{name: a, key: s3cret}]}}")
        var dumped = ""
        dump(configuration, to: &dumped)
        #expect(!"\(configuration) \(String(reflecting: configuration)) \(dumped)".contains("s3cret"))
    }

    @Test func aRotatedKeyIsAnotherConfiguration() throws {
        let text = "providers: {sunoapi: {credentials: [{name: a, key: \"${env:K}\"}]}}"
        let old = try load(text, environment: ["K": "1"])
        #expect(try old == load(text, environment: ["K": "1"]))
        #expect(try old != load(text, environment: ["K": "2"]))
    }
}
