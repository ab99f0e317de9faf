import Configuration
import Crypto
import JSON

/// Makes keys for callers of the gateway.
enum ClientCommand {
    static let command = Command(
        name: "client new",
        summary: "make a client key, and the line for it in the configuration",
        details: "The key is printed once and kept nowhere; the configuration holds its digest only.",
        arguments: [Argument(name: "NAME")],
        options: [.json],
        run: run
    )

    private static func run(_ invocation: Invocation) async throws -> ExitStatus {
        let name = invocation.arguments[0]
        let key = "sgk_" + CrockfordBase32.encode(randomBytes(32)).lowercased()
        let digest = SHA256.hash(key).hex
        try check(name, digest, invocation.command)
        if invocation.has(.json) {
            let json: JSONValue = ["name": .string(name), "key": .string(key), "key_sha256": .string(digest)]
            Console.output(json.prettyPrinted())
        } else {
            Console.note("The key of \(name); it cannot be shown again:")
            Console.output(key)
            Console.note("For the configuration, under clients:")
            Console.output("  - { name: \(name), key_sha256: \"\(digest)\" }")
        }
        return .success
    }

    /// Lets the configuration's own reader judge the name.
    private static func check(_ name: String, _ digest: String, _ command: String) throws(UsageError) {
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
