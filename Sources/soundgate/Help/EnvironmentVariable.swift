/// A variable of the environment that this program reads.
struct EnvironmentVariable: Sendable {
    let name: String
    let meaning: String

    static let all = [
        EnvironmentVariable(
            name: "SOUNDGATE_KEY",
            meaning: "the client key that commands show to a gateway, unless --client-key is given"
        ),
        EnvironmentVariable(
            name: "SOUNDGATE_VAULT_KEY",
            meaning: "what opens the sealed vault where the configuration has no vault.key"
        ),
        EnvironmentVariable(
            name: "SSL_CERT_FILE",
            meaning: "the authorities that commands trust instead of the system's, unless --ca is given"
        ),
        EnvironmentVariable(
            name: "NO_COLOR",
            meaning: "when it is set and not empty: no colours, also on terminals"
        ),
        EnvironmentVariable(
            name: "TERM",
            meaning: "when it is \"dumb\": no colours, and progress as lines instead of a bar"
        ),
    ]
}
