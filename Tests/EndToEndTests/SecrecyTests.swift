import Crypto
import Glibc
import HTTP
import JSON
import Testing

/// A gateway with everything on, against vendors that repeat its keys in their errors; then everything that it left behind.
@Suite struct SecrecyTests {
    /// With characters that JSON, URLs and base 64 spell otherwise.
    private static func vendorKey(_ vendor: String) -> String {
        "sk-\(vendor)/4f9a+8e1c=7b2d:known-to-the-test"
    }
    private static let clientKey = "client-key-0c3fb1a2e95d48~known-to-the-test"
    private static let adminKey = "admin-key-77aa01bd42e0f9+known-to-the-test"
    private static let webhookSecret =
        "whsec_" + Base64.standard.encode(Array("what-the-gateway-signs-with-32by".utf8))
    private static let prompt = "a prompt that only this test would write"
    private static let vendors = ["musicgpt", "sunoapi", "apibox", "kie", "videogen", "elevenlabs"]

    /// What may stand nowhere but sealed in the vault.
    private static let secrets: [Spellings] =
        vendors.map { Spellings("the key of \($0)", of: vendorKey($0)) } + [
            Spellings("the client's key", of: clientKey), Spellings("the admin's key", of: adminKey),
            Spellings("the webhook secret", of: webhookSecret),
        ]

    private static func config(_ doubles: Peer, _ port: LoopbackPort) -> String {
        let providers = vendors.map { name in
            """
              \(name):
                base_url: \(doubles.address)/\(name)
                credentials: [ { name: main, key: "${vault:\(name)/main}" } ]
                polling: { first: 100ms, ceiling: 200ms }
            """
        }
        return """
            server: { public_url: "\(port.origin)" }
            vault: { key: "${file:secrets/vault.key}" }
            clients:
              - name: game-team
                key_sha256: \(SHA256.hash(clientKey).hex)
                webhook_secret: "${vault:game-team/webhook}"
              - { name: operator, key_sha256: \(SHA256.hash(adminKey).hex), admin: true }
            log: { level: debug, format: json }
            audit: { file: data/audit.jsonl, prompts: hash }
            providers:
            \(providers.joined(separator: "\n"))

            """
    }

    private static func prepareVault(_ folder: Folder) async throws {
        let entries = vendors.map { ("\($0)/main", vendorKey($0)) } + [("game-team/webhook", webhookSecret)]
        let place = ["--config", "soundgate.yaml"]
        let made = try await Program.run(
            ["vault", "init", "--key-file", "secrets/vault.key"] + place,
            in: folder
        )
        try #require(made.status == 0, "\(made.errors)")
        for (name, value) in entries {
            let set = try await Program.run(["vault", "set", name] + place, in: folder, input: value)
            try #require(set.status == 0, "\(set.errors)")
        }
    }

    @Test(.timeLimit(.minutes(3)))
    func noKeyStandsAnywhereButInTheVault() async throws {
        try await Sink.with { sink in
            try await withDoubles(speed: 50) { doubles, _ in
                try await Folder.with { folder in
                    let port = try LoopbackPort()
                    try folder.write(Self.config(doubles, port), to: "soundgate.yaml")
                    try await Self.prepareVault(folder)
                    let program = try Program(
                        // A core is asked for, as far as the system allows one.
                        ["serve", "--listen", "127.0.0.1:\(port.number)", "--config", "soundgate.yaml"],
                        in: folder,
                        under: ["sh", "-c", "ulimit -c $(ulimit -Hc) && exec \"$@\"", "sh"]
                    )
                    defer { program.send(SIGKILL) }
                    var seen: [(what: String, bytes: [UInt8])] = []
                    try await withClient { client in
                        let gateway = try await program.peer(client, ready: "/readyz")
                        seen += try await Self.work(gateway, doubles, sink)
                    }
                    for letter in sink.letters {
                        seen.append(("a webhook", Array("\(letter.fields)".utf8) + letter.body))
                    }
                    for name in ["environ", "cmdline", "limits"] {
                        let path = "proc/\(program.process)/\(name)"
                        let bytes = Folder(path: "/").bytes(of: path)
                        #expect(!bytes.isEmpty, "\(name)")
                        seen.append((path, bytes))
                        guard name == "limits" else { continue }
                        let limits = String(decoding: bytes, as: UTF8.self)
                        #expect(limits.firstMatch(of: #/Max core file size +0 +0 /#) != nil, "\(limits)")
                    }
                    // The write-ahead log is still there beside the database: it is looked at before and after.
                    let before = Self.files(in: folder)
                    seen += before
                    program.send(SIGABRT)
                    #expect(await program.end(within: .seconds(60)) == 128 + SIGABRT)
                    let after = Self.files(in: folder)
                    #expect(!after.contains { $0.what.contains("/core") })
                    seen += after
                    try Self.expectAllIsThere(before.map(\.what))
                    for (what, bytes) in seen {
                        for secret in Self.secrets where secret.stand(in: bytes) {
                            // The vault's own secrets are sealed in it; its key is in a file of its own.
                            Issue.record("\(secret.name) stands in \(what)")
                        }
                    }
                    Self.expectTheAuditLogTells(folder)
                }
            }
        }
    }

    /// Sounds at every vendor, refusals that repeat their requests, and every page that tells of them.
    private static func work(_ gateway: Peer, _ doubles: Peer, _ sink: Sink) async throws -> [(
        String, [UInt8]
    )] {
        let client: Fields = ["Authorization": "Bearer \(clientKey)"]
        let admin: Fields = ["Authorization": "Bearer \(adminKey)"]
        var seen: [(String, [UInt8])] = []
        func ask(_ path: String, _ fields: Fields) async throws {
            let answer = try await gateway.get(path, fields: fields)
            seen.append((path, answer.bytes + Array("\(answer.fields)".utf8)))
        }
        func sound(_ vendor: String) async throws {
            let request: JSONValue = [
                "prompt": .string(prompt), "provider": .string(vendor), "deadline": 2, "duration": 1,
                "accept": "hint", "webhook_url": .string(sink.url),
            ]
            let created = try await gateway.post("/v1/sounds", request, wait: 60, fields: client)
            try #require([200, 202].contains(created.status), "\(created.json)")
            let id = try #require(created.json["id"]?.string)
            for path in ["/v1/sounds/\(id)", "/v1/sounds/\(id)/audio/0"] { try await ask(path, client) }
            try await ask("/v1/sounds/\(id)", admin)
            if created.json["status"] != "queued", created.json["status"] != "running" {
                try await ask("/v1/sounds/\(id)/events", client)
            }
        }
        for vendor in vendors {
            try await sound(vendor)
            // What its own servers say when they are at their worst.
            let faults: [JSONObject] = [
                ["operation": "poll", "fault": "refuse", "code": 400],
                ["operation": "poll", "fault": "slow", "seconds": 0, "times": 2],
                ["operation": "credits", "fault": "slow", "seconds": 0, "times": 2],
                ["operation": "create", "fault": "refuse", "code": 400],
                ["operation": "create", "fault": "http_500"],
                ["operation": "create", "fault": "html502"],
                // The last one: a key that is refused is set aside.
                ["operation": "create", "fault": "refuse", "code": 401],
            ]
            for fault in faults {
                var fault = fault
                if vendor == "elevenlabs", fault["operation"] == "poll" { continue }
                fault["vendor"] = .string(vendor)
                fault["echo"] = true
                try await doubles.script(.object(fault))
                try await sound(vendor)
                try await ask("/v1/providers/\(vendor)", client)
                _ = try await doubles.send(.delete, "/_control/faults", nil)
            }
        }
        for fields: Fields in [
            [:], ["Authorization": "Bearer \(clientKey)x"], ["Authorization": clientKey],
            ["Authorization": "Basic \(Base64.standard.encode(Array("u:\(clientKey)".utf8)))"],
        ] { try await ask("/v1/sounds", fields) }
        for path in [
            "/v1/sounds", "/v1/webhooks", "/v1/providers", "/v1/providers/kie", "/metrics", "/openapi.json",
            "/", "/healthz", "/readyz", "/v1/nothing",
        ] {
            try await ask(path, client)
            try await ask(path, admin)
        }
        return seen
    }

    // MARK: What is left

    private static func files(in folder: Folder) -> [(what: String, bytes: [UInt8])] {
        var files: [(String, [UInt8])] = []
        func visit(_ path: String) {
            for name in Folder(path: path).names {
                var status = stat()
                let here = "\(path)/\(name)"
                guard lstat(here, &status) == 0 else { continue }
                if status.st_mode & S_IFMT == S_IFDIR {
                    visit(here)
                } else {
                    files.append((here, Folder(path: path).bytes(of: name)))
                }
            }
        }
        visit(folder.path)
        return files
    }

    /// The search must have had something to look at, and must be able to find.
    private static func expectAllIsThere(_ files: [String]) throws {
        for name in [
            "data/vault.sealed", "data/soundgate.db", "data/soundgate.db-wal", "data/soundgate.db-shm",
            "data/audit.jsonl", "soundgate.yaml", "secrets/vault.key",
        ] { #expect(files.contains { $0.hasSuffix(name) }, "\(name)") }
        #expect(files.contains { $0.contains("/data/audio/") })
        let key = vendorKey("kie")
        let secret = Spellings("a key", of: key)
        let bytes = Array(key.utf8)
        for text in [key, Hex.encode(bytes), Base64.standard.encode(Array("user:".utf8) + bytes)] {
            try #require(secret.stand(in: Array("<\(text)>".utf8)), "\(text)")
        }
        try #require(!secret.stand(in: Array("sk-kie/4f9a+8e1c=7b2d:".utf8)))
    }

    private static func expectTheAuditLogTells(_ folder: Folder) {
        let text = folder.text(of: "data/audit.jsonl")
        let records = text.split(separator: "\n").map { line -> JSONValue in
            do throws(JSONError) { return try JSONValue(parsing: String(line)) } catch { return .null }
        }
        #expect(!records.contains(.null), "a line that is no JSON")
        #expect(!text.contains(prompt))
        #expect(records.first?["event"] == "started")
        for vendor in vendors {
            let own = records.filter { $0["provider"]?.string == vendor }
            #expect(own.contains { $0["event"] == "vendor_call" && $0["key"] == "main" }, "\(vendor)")
            #expect(own.contains { $0["outcome"] == "refused" }, "\(vendor)")
        }
        let requests = records.filter { $0["event"] == "request" }
        #expect(requests.contains { $0["code"] == "unauthorized" && $0["client"] == nil })
        #expect(requests.contains { $0["client"] == "operator" && $0["owner"] == "game-team" })
        #expect(requests.contains { $0["prompt_hmac"]?.string?.count == 64 })
    }
}
