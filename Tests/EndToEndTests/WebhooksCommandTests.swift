import Glibc
import JSON
import Testing

/// `soundgate webhooks register`.
@Suite struct WebhooksCommandTests {
    private static let publicURL = "https://sounds.example.com"

    /// A configuration with `videogen` at an address, reachable for vendors unless told otherwise.
    private static func config(_ base: String, isReachable: Bool = true) -> String {
        """
        \(isReachable ? "server: { public_url: \"\(publicURL)\" }" : "")
        providers:
          videogen:
            base_url: \(base)
            credentials:
              - { name: main, key: first-key }
              - { name: spare, key: second-key }
          suno: { adapter: sunoapi, credentials: [ { name: main, key: k } ] }
          elevenlabs: { credentials: [ { name: main, key: k } ] }

        """
    }

    private static let register = ["webhooks", "register", "videogen", "--config", "a.yaml"]

    @Test func theSecretGoesIntoANewFileOfItsOwner() async throws {
        try await withDoubles(speed: 1) { doubles, folder in
            try folder.write(Self.config("\(doubles.address)/videogen"), to: "a.yaml")
            let run = try await Program.run(Self.register + ["--secret-file", "signing"], in: folder)
            #expect(run.status == 0, "\(run.errors)")
            #expect(run.output == "webhook_secret: ${file:signing}\n")
            #expect(run.errors.contains("\(Self.publicURL)/v1/callbacks/videogen"))
            #expect(run.errors.contains("under providers.videogen"))
            let secret = folder.text(of: "signing")
            #expect(secret.wholeMatch(of: /whsec_[A-Za-z0-9+\/]+=*\n/) != nil)
            #expect(!run.errors.contains("whsec_"))
            var status = stat()
            #expect(stat(folder.file("signing"), &status) == 0)
            #expect(status.st_mode & 0o777 == 0o600)

            let calls = try await doubles.calls()
            #expect(calls.count == 1)
            #expect(calls.first?["path"] == "/videogen/v1/webhooks/endpoints")
            #expect(calls.first?["auth"] == "Bearer")
            #expect(calls.first?["body"]?["url"]?.string == "\(Self.publicURL)/v1/callbacks/videogen")
        }
    }

    @Test func withAVaultTheSecretGoesThere() async throws {
        try await withDoubles(speed: 1) { doubles, folder in
            let vault = "vault: { key: \"${file:vault.key}\" }\n"
            let config = Self.config("\(doubles.address)/videogen") + vault
            try folder.write(config, to: "a.yaml")
            let made = try await Program.run(
                ["vault", "init", "--config", "a.yaml", "--key-file", "vault.key"],
                in: folder
            )
            #expect(made.status == 0, "\(made.errors)")
            for word in ["added to", "replaced in"] {
                let run = try await Program.run(Self.register, in: folder)
                #expect(run.status == 0, "\(run.errors)")
                #expect(run.output == "webhook_secret: ${vault:videogen/webhook}\n")
                #expect(run.errors.contains("videogen/webhook is \(word) data/vault.sealed"))
                #expect(!run.errors.contains("whsec_"))
            }
            let whole = config.replacing(
                "  suno:",
                with: "    webhook_secret: ${vault:videogen/webhook}\n  suno:"
            )
            try folder.write(whole, to: "a.yaml")
            let check = try await Program.run(["config", "check", "a.yaml"], in: folder)
            #expect(check.output == "a.yaml is fine\n", "\(check.errors)")
        }
    }

    @Test func withoutAFileTheSecretIsShownOnce() async throws {
        try await withDoubles(speed: 1) { doubles, folder in
            try folder.write(Self.config("\(doubles.address)/videogen"), to: "a.yaml")
            let run = try await Program.run(Self.register, in: folder)
            #expect(run.status == 0, "\(run.errors)")
            #expect(run.output.wholeMatch(of: /webhook_secret: whsec_[A-Za-z0-9+\/]+=*\n/) != nil)
            #expect(!run.errors.contains("whsec_"))
            #expect(run.errors.contains("cannot be shown again"))
            // As it stands, it is the line that the configuration wants.
            let line = run.output.split(separator: "\n").first.map { "    \($0)\n  suno:" } ?? ""
            let config = Self.config("\(doubles.address)/videogen").replacing("  suno:", with: line)
            try folder.write(config, to: "a.yaml")
            let check = try await Program.run(["config", "check", "a.yaml"], in: folder)
            #expect(check.output == "a.yaml is fine\n")
            let again = try await Program.run(Self.register + ["--json"], in: folder)
            let json = try JSONValue(parsing: again.output)
            #expect(json["provider"] == "videogen")
            #expect(json["url"]?.string == "\(Self.publicURL)/v1/callbacks/videogen")
            #expect(json["endpoint"]?.string?.hasPrefix("ep_") == true)
            #expect(json["webhook_secret"]?.string?.hasPrefix("whsec_") == true)
            #expect(again.errors.contains("webhook_secret is set already"))
        }
    }

    @Test func theKeyIsTheOneThatIsNamed() async throws {
        try await withDoubles(speed: 1) { doubles, folder in
            try folder.write(Self.config("\(doubles.address)/videogen"), to: "a.yaml")
            try await doubles.turn("videogen", ["key": "second-key"])
            let first = try await Program.run(Self.register, in: folder)
            #expect(first.status == 1)
            #expect(first.errors.contains("(invalid_api_key)"), "\(first.errors)")
            let named = try await Program.run(Self.register + ["--credential", "spare"], in: folder)
            #expect(named.status == 0, "\(named.errors)")
        }
    }

    /// A command line that is refused before anything is sent.
    struct Mistake: Sendable, CustomTestStringConvertible {
        let words: [String]
        var isReachable = true
        let status: Int32
        let hint: String
        var testDescription: String { hint }
    }

    @Test(arguments: [
        Mistake(words: ["videogen"], status: 64, hint: "needs --config FILE"),
        Mistake(words: ["videogen", "--config", "none.yaml"], status: 66, hint: "cannot read none.yaml"),
        Mistake(words: ["videogen", "--config", "b.yaml"], status: 78, hint: "b.yaml:1:1"),
        Mistake(words: ["videogne", "--config", "a.yaml"], status: 64, hint: "did you mean \"videogen\"?"),
        Mistake(
            words: ["suno", "--config", "a.yaml"],
            status: 64,
            hint: "told where to call with each task"
        ),
        Mistake(words: ["elevenlabs", "--config", "a.yaml"], status: 64, hint: "does not call back"),
        Mistake(
            words: ["videogen", "--config", "a.yaml", "--credential", "third"],
            status: 64,
            hint: "no credential \"third\", but main, spare"
        ),
        Mistake(
            words: ["videogen", "--config", "a.yaml"],
            isReachable: false,
            status: 78,
            hint: "server.public_url is not set"
        ),
        Mistake(
            words: ["videogen", "--config", "a.yaml", "--secret-file", "b.yaml"],
            status: 73,
            hint: "cannot create b.yaml: it exists"
        ),
        Mistake(
            words: ["videogen", "--config", "a.yaml", "--secret-file", "no/such/folder"],
            status: 73,
            hint: "No such file or directory"
        ),
    ])
    func aMistakeIsToldBeforeAnythingIsSent(_ mistake: Mistake) async throws {
        try await Folder.with { folder in
            // Port 1 of loopback is nobody's: a call would end otherwise.
            try folder.write(
                Self.config("http://127.0.0.1:1", isReachable: mistake.isReachable),
                to: "a.yaml"
            )
            try folder.write("sever: {}\n", to: "b.yaml")
            let run = try await Program.run(["webhooks", "register"] + mistake.words, in: folder)
            #expect(run.status == mistake.status, "\(run.errors)")
            #expect(run.errors.contains(mistake.hint), "\(run.errors)")
            #expect(run.output.isEmpty)
            #expect(folder.text(of: "b.yaml") == "sever: {}\n")
        }
    }

    @Test func aVendorThatIsNotThereIsNamed() async throws {
        try await Folder.with { folder in
            try folder.write(Self.config("http://127.0.0.1:1"), to: "a.yaml")
            let run = try await Program.run(Self.register + ["--secret-file", "signing"], in: folder)
            #expect(run.status == 69)
            #expect(run.errors.contains("http://127.0.0.1:1"))
            #expect(!folder.names.contains("signing"))
        }
    }

    @Test(
        arguments: [
            (["fault": "refuse", "code": 403, "word": "upgrade_required"], 1, "(upgrade_required)"),
            (["fault": "drop", "takes_job": true], 76, "may have been registered"),
            (["fault": "html502"], 76, "may have been registered"),
            (["fault": "half_body"], 76, "may have been registered"),
        ] as [(JSONObject, Int32, String)]
    )
    func whatBecameOfItIsSaid(_ fault: JSONObject, _ status: Int32, _ words: String) async throws {
        try await withDoubles(speed: 1) { doubles, folder in
            try folder.write(Self.config("\(doubles.address)/videogen"), to: "a.yaml")
            var fault = fault
            fault["vendor"] = "videogen"
            fault["operation"] = "registration"
            try await doubles.script(.object(fault))
            let run = try await Program.run(Self.register + ["--secret-file", "signing"], in: folder)
            #expect(run.status == status, "\(run.errors)")
            #expect(run.errors.contains(words), "\(run.errors)")
            #expect(!folder.names.contains("signing"))
            #expect(try await doubles.calls("operation=registration").count == 1, "it is not sent twice")
        }
    }
}
