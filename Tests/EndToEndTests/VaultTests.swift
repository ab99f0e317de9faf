import Crypto
import Glibc
import HTTP
import JSON
import Testing

/// Vendors' keys in the sealed vault, by the built program.
@Suite struct VaultTests {
    private static let vendorKey = "sk-4f9a8e1c7b2d6053-known-to-the-test"

    /// A gateway's configuration with its key in the vault.
    private func config(_ vendor: String = "https://127.0.0.1:1") -> String {
        """
        vault: { key: "${file:secrets/vault.key}" }
        providers:
          sunoapi:
            base_url: \(vendor)/sunoapi
            credentials: [ { name: main, key: "${vault:suno/main}" } ]
            polling: { first: 100ms, ceiling: 200ms }

        """
    }

    private func vault(
        _ words: [String],
        in folder: Folder,
        input: String? = nil
    ) async throws -> Program.Outcome {
        try await Program.run(["vault"] + words + ["--config", "soundgate.yaml"], in: folder, input: input)
    }

    /// A vault with the vendor's key in it, and the configuration that reads it.
    private func prepare(_ folder: Folder, vendor: String = "https://127.0.0.1:1") async throws {
        try folder.write(config(vendor), to: "soundgate.yaml")
        let made = try await vault(["init", "--key-file", "secrets/vault.key"], in: folder)
        try #require(made.status == 0, "\(made.errors)")
        let set = try await vault(["set", "suno/main"], in: folder, input: Self.vendorKey + "\n")
        try #require(set.status == 0, "\(set.errors)")
    }

    /// README's "Keep vendors' keys in the vault", step by step.
    @Test func theWalkthroughWorksAsWritten() async throws {
        try await Folder.with { folder in
            try await prepare(folder)
            #expect(try await Program.run(["config", "check", "soundgate.yaml"], in: folder).status == 0)
            let list = try await vault(["list"], in: folder)
            #expect(list.output.wholeMatch(of: /suno\/main  20\d\d-\d\d-\d\dT[0-9:.]+Z\n/) != nil, "\(list)")
            let json = try JSONValue(parsing: try await vault(["list", "--json"], in: folder).output)
            #expect(json["data"]?[0]?["name"] == "suno/main")

            // Another key without downtime: a configuration with both reads the vault before and after.
            try folder.write(String(repeating: "5a", count: 32) + "\n", to: "secrets/vault-2.key")
            let both = config().replacing(
                "\"${file:secrets/vault.key}\"",
                with: "[ \"${file:secrets/vault-2.key}\", \"${file:secrets/vault.key}\" ]"
            )
            try folder.write(both, to: "soundgate.yaml")
            #expect(try await Program.run(["config", "check", "soundgate.yaml"], in: folder).status == 0)
            let rekeyed = try await vault(["rekey", "--new-key-file", "secrets/vault-2.key"], in: folder)
            #expect(rekeyed.status == 0, "\(rekeyed.errors)")
            #expect(try await Program.run(["config", "check", "soundgate.yaml"], in: folder).status == 0)
            let old = try await vault(["list", "--key-file", "secrets/vault.key"], in: folder)
            #expect(old.status == 77)
            #expect(old.errors.contains("does not open with this key"))

            #expect(try await vault(["remove", "suno/main"], in: folder).status == 0)
            #expect(try await vault(["remove", "suno/main"], in: folder).status == 1)
            let check = try await Program.run(["config", "check", "soundgate.yaml"], in: folder)
            #expect(check.status == 78)
            #expect(
                check.output.contains(
                    "soundgate.yaml:5:39: providers.sunoapi.credentials[0].key: the vault has"
                )
            )
        }
    }

    @Test func filesAndKeysAreNotOverwrittenAndNothingIsShown() async throws {
        try await Folder.with { folder in
            try await prepare(folder)
            let sealed = folder.bytes(of: "data/vault.sealed")
            let key = folder.bytes(of: "secrets/vault.key")
            let again = try await vault(["init", "--key-file", "secrets/vault.key"], in: folder)
            #expect(again.status == 73)
            let empty = try await vault(["set", "suno/main"], in: folder, input: "\n")
            #expect(empty.status == 65)
            #expect(folder.bytes(of: "data/vault.sealed") == sealed)
            #expect(folder.bytes(of: "secrets/vault.key") == key)
            for name in ["data/vault.sealed", "secrets/vault.key"] {
                var status = stat()
                #expect(stat(folder.file(name), &status) == 0)
                #expect(status.st_mode & 0o777 == 0o600, "\(name)")
            }
            let words = ["list", "set", "init", "remove", "rekey"].map { ["vault", $0, "--help"] }
            for word in words { #expect(try await Program.run(word, in: folder).status == 0) }
            #expect(try Self.traces(in: folder).isEmpty)
        }
    }

    @Test func withoutATerminalAKeyHasToBeGiven() async throws {
        try await Folder.with { folder in
            let none = try await Program.run(["vault", "init", "--file", "v"], in: folder)
            // A test may be run on a terminal; the program then asks there. Both ends are no success.
            #expect(none.status != 0)
            let short = try await Program.run(
                ["vault", "init", "--file", "v"],
                in: folder,
                environment: ["SOUNDGATE_VAULT_KEY": "too short"]
            )
            #expect(short.status == 77)
            #expect(short.errors.contains("at least 12 characters"))
            #expect(!folder.names.contains("v"))
        }
    }

    @Test func aPassphraseInTheEnvironmentOpensTheVault() async throws {
        try await Folder.with { folder in
            let environment = ["SOUNDGATE_VAULT_KEY": "correct horse battery"]
            try folder.write(
                config().replacing("key: \"${file:secrets/vault.key}\"", with: "file: v"),
                to: "soundgate.yaml"
            )
            for words in [["init"], ["set", "suno/main"], ["list"]] {
                let run = try await Program.run(
                    ["vault"] + words + ["--config", "soundgate.yaml"],
                    in: folder,
                    environment: environment,
                    input: Self.vendorKey
                )
                #expect(run.status == 0, "\(run.errors)")
            }
            let check = ["config", "check", "soundgate.yaml"]
            #expect(try await Program.run(check, in: folder, environment: environment).status == 0)
            let without = try await Program.run(check, in: folder)
            #expect(without.output.contains("vault: has no key"), "\(without)")
        }
    }

    // MARK: Damage

    @Test func aFlippedByteRefusesTheStart() async throws {
        try await Folder.with { folder in
            try await prepare(folder)
            let sealed = folder.bytes(of: "data/vault.sealed")
            // One in each line, and the very first and last.
            var places = [0, sealed.count - 1]
            for index in sealed.indices where sealed[index] == UInt8(ascii: "\n") { places.append(index - 1) }
            for place in places {
                var flipped = sealed
                flipped[place] ^= 1
                try folder.write(flipped, to: "data/vault.sealed")
                let run = try await Program.run(["serve", "--config", "soundgate.yaml"], in: folder)
                #expect(run.status == 78)
                let problem = place == 0 ? "is not a vault; " : "is damaged: its checksum does not fit; "
                #expect(
                    run.errors.hasPrefix(
                        "soundgate.yaml:1:8: vault.file: the vault data/vault.sealed \(problem)"
                    ),
                    "byte \(place): \(run.errors)"
                )
            }
            try folder.write(Array(sealed.dropLast(20)), to: "data/vault.sealed")
            let run = try await Program.run(["serve", "--config", "soundgate.yaml"], in: folder)
            #expect(run.status == 78)
            #expect(run.errors.contains("is cut off"))
        }
    }

    @Test func aSwappedEntryIsNamed() async throws {
        try await Folder.with { folder in
            try await prepare(folder)
            #expect(try await vault(["set", "other"], in: folder, input: "another").status == 0)
            var lines = folder.text(of: "data/vault.sealed").split(separator: "\n").dropLast().map(
                String.init
            )
            let words = lines.map { $0.split(separator: " ") }
            lines[3] = (words[3][..<3] + words[4][3...]).joined(separator: " ")
            let text = lines.map { $0 + "\n" }.joined()
            try folder.write("\(text)sum \(SHA256.hash(text).hex)\n", to: "data/vault.sealed")
            let run = try await Program.run(["serve", "--config", "soundgate.yaml"], in: folder)
            #expect(run.status == 78)
            #expect(
                run.errors.contains("what stands under other was sealed under suno/main"),
                "\(run.errors)"
            )
        }
    }

    @Test func aVaultThatOthersMayReadRefusesTheStart() async throws {
        try await Folder.with { folder in
            try await prepare(folder)
            chmod(folder.file("data/vault.sealed"), 0o640)
            let run = try await Program.run(["serve", "--config", "soundgate.yaml"], in: folder)
            #expect(run.status == 78)
            #expect(run.errors.contains("chmod 600 data/vault.sealed"), "\(run.errors)")
        }
    }

    // MARK: The key is nowhere else

    @Test func aVendorsKeyIsInTheVaultAndNowhereElse() async throws {
        try await withDoubles(speed: 50) { doubles, _ in
            try await Folder.with { folder in
                try await prepare(folder, vendor: doubles.address)
                let program = try Program(
                    // A core is asked for, as far as the system allows one.
                    ["serve", "--listen", "127.0.0.1:0", "--config", "soundgate.yaml"],
                    in: folder,
                    under: ["sh", "-c", "ulimit -c $(ulimit -Hc) && exec \"$@\"", "sh"]
                )
                defer { program.send(SIGKILL) }
                try await withClient { client in
                    let gateway = try await program.peer(client, ready: "/readyz")
                    let task = try await gateway.sound(["prompt": "bell", "provider": "sunoapi"])
                    #expect(task["status"]?.string == "succeeded", "\(task)")
                    let calls = try await doubles.calls("vendor=sunoapi&operation=create")
                    #expect(calls.map { $0["auth"]?.string } == ["Bearer"])
                    let id = try #require(task["id"]?.string)
                    for path in ["/v1/sounds", "/v1/sounds/\(id)", "/v1/providers", "/openapi.json", "/"] {
                        let answer = try await gateway.get(path)
                        #expect(answer.status == 200)
                        #expect(!Self.holdsKey(answer.bytes), "\(path)")
                        #expect(!Self.holdsKey(Array("\(answer.fields)".utf8)), "\(path)")
                    }
                }
                for name in ["environ", "cmdline"] {
                    let bytes = Self.contents(of: "/proc/\(program.process)/\(name)")
                    #expect(!bytes.isEmpty)
                    #expect(!Self.holdsKey(bytes), "\(name)")
                }
                let limits = String(
                    decoding: Self.contents(of: "/proc/\(program.process)/limits"),
                    as: UTF8.self
                )
                #expect(limits.firstMatch(of: #/Max core file size +0 +0 /#) != nil, "\(limits)")
                program.send(SIGABRT)
                #expect(await program.end(within: .seconds(60)) == 128 + SIGABRT)
                #expect(!folder.names.contains { $0.hasPrefix("core") })
                #expect(try Self.traces(in: folder).isEmpty)
            }
        }
    }

    /// The files of the folder, and of those in it, that hold the key.
    private static func traces(in folder: Folder) throws -> [String] {
        var files: [String] = []
        func visit(_ path: String) {
            for name in Folder(path: path).names {
                var status = stat()
                let here = "\(path)/\(name)"
                guard lstat(here, &status) == 0 else { continue }
                if status.st_mode & S_IFMT == S_IFDIR { visit(here) } else { files.append(here) }
            }
        }
        visit(folder.path)
        // The search must be able to find something.
        try #require(files.contains { $0.hasSuffix("data/vault.sealed") })
        let probe = try folder.write("x\(vendorKey)x", to: "probe")
        defer { unlink(probe) }
        try #require(holdsKey(contents(of: probe)))
        return files.filter { holdsKey(contents(of: $0)) }
    }

    /// Whether the key is in there: as it is, in hexadecimal digits, or in base 64 at any offset.
    private static func holdsKey(_ bytes: [UInt8]) -> Bool {
        let key = Array(vendorKey.utf8)
        // What three offsets have in common is the middle of the key, encoded from each.
        let encoded = (0..<3).map { Base64.standard.encode(Array(key.dropFirst($0).prefix(27))) }
        let spellings = [key, Array(Hex.encode(key).utf8)] + encoded.map { Array($0.utf8) }
        return spellings.contains { bytes.contains($0) }
    }

    private static func contents(of path: String) -> [UInt8] {
        Folder(path: "/").bytes(of: String(path.dropFirst()))
    }
}
