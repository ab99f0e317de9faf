import Configuration
import Telemetry
import Testing

@Suite("Clients in the file")
struct ClientTests {
    private static let digest = String(repeating: "0f", count: 32)
    private static let other = String(repeating: "1e", count: 32)

    @Test("Every key of a client is read")
    func whole() throws {
        let configuration = try load(
            """
            providers: {suno: {adapter: sunoapi, credentials: [{name: a, key: k}]}}
            clients:
              - name: team
                key_sha256: \(Self.digest)
                keys:
                  - { sha256: \(Self.other), expires: "2027-01-31T23:59:59+01:00" }
                providers: [suno, builtin]
                types: [effect]
                rate_limit: 600/m
                max_concurrent: 20
                quota:
                  day: { tasks: 200 }
                  month: { credits: 5000, suno/credits: 4000, builtin/credits: 0 }
                enforce: false
            """
        )
        var client = Client(name: "team", keySHA256: Self.digest)
        client.keys = [ClientKey(sha256: Self.other, expires: Timestamp("2027-01-31T22:59:59Z"))]
        client.providers = ["suno", "builtin"]
        client.types = [.effect]
        client.rateLimit = Rate(count: 600, per: .seconds(60))
        client.maxConcurrent = 20
        client.quota.day = [.init(200, "tasks")]
        client.quota.month = [
            .init(5000, "credits"), .init(4000, "credits", at: "suno"), .init(0, "credits", at: "builtin"),
        ]
        client.enforce = false
        #expect(configuration.clients.clients == [client])
        #expect(client.allKeys.map(\.sha256) == [Self.digest, Self.other])
    }

    @Test("What is not said limits nothing")
    func plain() throws {
        let client = try #require(
            try load("clients: [{name: a, key_sha256: \(Self.digest)}]").clients.clients.first
        )
        #expect(client == Client(name: "a", keySHA256: Self.digest))
        #expect(
            client.enforce && client.rateLimit == nil && client.providers == nil
                && client.quota == ClientQuota()
        )
    }

    @Test("A client may have its keys in the list alone")
    func listed() throws {
        let text = "clients: [{name: a, keys: [{sha256: \(Self.digest)}, {sha256: \(Self.other)}]}]"
        #expect(try load(text).clients.clients.first?.allKeys.count == 2)
    }

    @Test(
        "Every mistake is told with its place and what to do",
        arguments: [
            (
                "keys: []",
                "1:11: clients[0].key_sha256: is missing; add it: SHA-256 of the client's key in lower-case hexadecimal digits"
            ),
            (
                "keys: [{expires: '2027-01-31T00:00:00Z'}]",
                "1:28: clients[0].keys[0].sha256: is missing; add it: SHA-256 of the key in lower-case hexadecimal digits"
            ),
            (
                "keys: [{sha256: D, expires: 2027-01-31}]",
                "1:112: clients[0].keys[0].expires: \"2027-01-31\" is not a date with a time; write it as in 2027-01-31T23:59:59Z, with Z or an offset at its end"
            ),
            (
                "keys: [{sha256: D}, {sha256: D}]",
                "1:113: clients[0].keys[1].sha256: \"D\" is already taken by clients[0].keys[0]; remove or rename one of them"
            ),
            (
                "key_sha256: D, keys: [{sha256: D}]",
                "1:115: clients[0].keys[0].sha256: is the same key as clients[0].key_sha256; make another with: soundgate client new NAME"
            ),
            (
                "key_sha256: D, providers: [bultin]",
                "1:111: clients[0].providers[0]: no provider is called \"bultin\"; did you mean \"builtin\"?"
            ),
            (
                "key_sha256: D, providers: []",
                "1:110: clients[0].providers: is an empty list; list the providers that it may use, or remove the key to allow all"
            ),
            (
                "key_sha256: D, types: [efect]",
                "1:107: clients[0].types[0]: \"efect\" is not a type of sound; did you mean \"effect\"?"
            ),
            (
                "key_sha256: D, rate_limit: fast",
                "1:111: clients[0].rate_limit: \"fast\" is not a rate; write COUNT/TIME, as in 600/m or 20/10s"
            ),
            (
                "key_sha256: D, max_concurrent: 0",
                "1:115: clients[0].max_concurrent: \"0\" is out of range; use 1 to 1000000"
            ),
            (
                "key_sha256: D, quota: {week: {}}",
                "1:107: clients[0].quota.week: unknown key; the keys here are day, month"
            ),
            (
                "key_sha256: D, quota: {day: {credit: 1}}",
                "1:113: clients[0].quota.day.credit: no provider bills credit; did you mean \"credits\"?"
            ),
            (
                "key_sha256: D, quota: {day: {kie/credits: 1}}",
                "1:113: clients[0].quota.day.kie/credits: no provider is called \"kie\"; add it under providers, or remove it here"
            ),
            (
                "key_sha256: D, quota: {day: {builtin/seconds: 1}}",
                "1:113: clients[0].quota.day.builtin/seconds: builtin does not bill seconds; use one of credits"
            ),
            (
                "key_sha256: D, quota: {day: {builtin/tasks: 1}}",
                "1:113: clients[0].quota.day.builtin/tasks: is nothing that can be counted; write tasks, a unit that vendors bill (credits), or PROVIDER/UNIT (suno/credits)"
            ),
            (
                "key_sha256: D, quota: {day: {tasks: -1}}",
                "1:120: clients[0].quota.day.tasks: \"-1\" is out of range; use 0 to 1000000000"
            ),
            (
                "key_sha256: D, enforce: no",
                "1:108: clients[0].enforce: \"no\" is not a truth value; write false"
            ),
        ]
    )
    func mistakes(keys: String, problem: String) {
        let text = "clients: [{name: a, \(keys.replacing("D", with: Self.digest))}]"
        #expect(lines(text) == ["f.yaml:" + problem.replacing("\"D\"", with: "\"\(Self.digest)\"")])
    }

    @Test("A unit is checked against what the providers of the file bill, whatever comes first")
    func order() {
        let text =
            "clients: [{name: a, key_sha256: \(Self.digest), providers: [suno], quota: {day: {suno/credits: 1}}}]\n"
        #expect(lines(text).count == 2)
        #expect(
            lines(text + "providers: {suno: {adapter: sunoapi, credentials: [{name: a, key: k}]}}").isEmpty
        )
    }
}
