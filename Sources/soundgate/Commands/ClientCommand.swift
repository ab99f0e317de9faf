import Configuration
import Crypto
import JSON
import Telemetry

/// Makes keys for callers of the gateway.
enum ClientCommand {
    private static let expires = Option(
        "--expires",
        value: "TIME",
        summary: "when the key ends: a date as in 2027-01-31T00:00:00Z, or a time from now as in 90d"
    )

    static let command = Command(
        name: "client new",
        summary: "make a client key, and the line for it in the configuration",
        details: """
            The key is printed once and kept nowhere; the configuration holds its digest only. A client may have several
            keys: to change one without a gap, make another with the same NAME, add its entry to the client's keys, and
            take the old one out when nobody uses it any more.
            """,
        arguments: [Argument(name: "NAME")],
        options: [expires, .json],
        document: .like([
            "name": "game-team", "key": "sgk_…", "key_sha256": "2c26b46b…", "expires": .null,
        ]),
        run: run
    )

    private static func run(_ invocation: Invocation) async throws -> ExitStatus {
        let name = invocation.arguments[0]
        let end = try end(invocation)
        let (key, digest) = newKey()
        try check(name, digest, invocation.command)
        if invocation.has(.json) {
            let json: JSONValue = [
                "name": .string(name), "key": .string(key), "key_sha256": .string(digest),
                "expires": JSONValue(orNull: end?.description),
            ]
            Console.output(json.prettyPrinted())
        } else {
            Console.note("The key of \(name); it cannot be shown again:")
            Console.output(key)
            Console.note("For the configuration, under clients:")
            Console.output("  - \(line(name, digest, end))")
        }
        return .success
    }

    /// A key that nobody has, and its digest.
    static func newKey() -> (key: String, digest: String) {
        let key = "sgk_" + CrockfordBase32.encode(randomBytes(32)).lowercased()
        return (key, SHA256.hash(key).hex)
    }

    private static func line(_ name: String, _ digest: String, _ end: Timestamp?) -> String {
        guard let end else { return "{ name: \(name), key_sha256: \"\(digest)\" }" }
        return "{ name: \(name), keys: [ { sha256: \"\(digest)\", expires: \"\(end)\" } ] }"
    }

    /// When the key ends; `nil` for never.
    private static func end(_ invocation: Invocation) throws(UsageError) -> Timestamp? {
        guard let text = invocation.text(expires) else { return nil }
        let now = Timestamp.now()
        var end = Timestamp(text)
        if end == nil {
            do throws(Malformed) {
                let span = try Duration(parsing: text)
                end = Timestamp(milliseconds: now.milliseconds + Int64(span / .milliseconds(1)))
            } catch {
                throw invocation.misread(
                    expires,
                    "a date with a time and its offset, or a time from now as in 90d"
                )
            }
        }
        guard let end, end > now else { throw invocation.misread(expires, "a time that is yet to come") }
        return end
    }

    /// Lets the configuration's own reader judge the name.
    static func check(_ name: String, _ digest: String, _ command: String) throws(UsageError) {
        let entry: JSONValue = [
            "clients": [["name": .string(name), "key_sha256": .string(digest)]]
        ]
        do throws(ConfigurationProblems) {
            // JSON is YAML.
            _ = try GatewayConfiguration.load(
                text: entry.description,
                fileName: "",
                adapters: GatewayConfiguration.knownAdapters,
                environment: { _ in nil },
                readFile: { _ in "" },
                openVault: { _ throws(VaultRefusal) in throw VaultRefusal("no vault is needed", remedy: "") }
            )
        } catch {
            throw UsageError(error.list.map(\.message).joined(separator: "; "), command: command)
        }
    }
}
