import Configuration

extension FuzzTarget {
    private static let adapters = [
        KnownAdapter(id: "builtin", needsCredential: false, isEnabledByDefault: true),
        KnownAdapter(id: "sunoapi", needsCredential: true),
        KnownAdapter(id: "kie", needsCredential: true, signsCallbacks: true),
    ]

    private struct NoFile: Error, CustomStringConvertible {
        var description: String { "no such file" }
    }

    /// A file is taken, or refused with problems of one line each.
    static let configuration = FuzzTarget("Configuration") { bytes in
        do throws(ConfigurationProblems) {
            _ = try GatewayConfiguration.load(
                text: String(decoding: bytes, as: UTF8.self),
                fileName: "fuzz.yaml",
                adapters: adapters,
                environment: { $0 == "SET" ? "a-value" : nil },
                readFile: { path in
                    guard path.hasSuffix("key") else { throw NoFile() }
                    return "a-value"
                },
                openVault: { _ throws(VaultRefusal) in
                    throw VaultRefusal("there is none", remedy: "make one")
                }
            )
        } catch {
            precondition(!error.list.isEmpty, "refused without a reason")
            for problem in error.list {
                precondition(!problem.description.contains("\n"), "a problem of two lines: \(problem)")
            }
        }
    }
}
