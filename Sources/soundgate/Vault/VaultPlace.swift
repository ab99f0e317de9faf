import Configuration
import Crypto
import Vault

/// Which vault a command line means, and where its key comes from.
struct VaultPlace {
    static let file = Option("--file", value: "PATH", summary: "the vault's file")
    static let config = Option(
        "--config",
        value: "FILE",
        summary: "take the vault's file and key from the vault section of this configuration"
    )
    static let keyFile = Option(
        "--key-file",
        value: "PATH",
        summary:
            "the file with the vault's key (else the configuration's key, SOUNDGATE_VAULT_KEY, or asked for)"
    )
    static let options = [file, config, keyFile]

    let file: VaultFile
    /// The file with the key, where the command line names one.
    let keyPath: String?
    private let configured: [Secret<String>]

    /// Reads the options, and the configuration's `vault` section.
    init(_ invocation: Invocation) throws {
        keyPath = invocation.text(Self.keyFile)
        var path = invocation.text(Self.file)
        var configured: [Secret<String>] = []
        if let config = invocation.text(Self.config) {
            let section = try VaultConfiguration.load(
                text: try TextFile.contents(of: config),
                fileName: config,
                needsKey: keyPath == nil,
                environment: { Environment[$0] },
                readFile: { try TextFile.read($0) }
            )
            guard let section else {
                throw CommandFailure(
                    .configuration,
                    "\(config) has no vault section; add vault: { file: data/vault.sealed, key: \"${file:PATH}\" }"
                )
            }
            path = path ?? section.file
            configured = section.key
        }
        guard let path else {
            throw UsageError(
                "\(invocation.command) needs --file PATH or --config FILE",
                command: invocation.command
            )
        }
        file = VaultFile(path: path)
        self.configured = configured
    }

    /// The keys to try.
    func keys() throws -> [Secret<String>] {
        if let keyPath { return [try KeyFile.read(keyPath)] }
        if let keys = givenKeys { return keys }
        guard let typed = try HiddenInput.typed(prompt: "Key of \(file.path) (not shown): ") else {
            throw noKey
        }
        return [Secret(typed)]
    }

    /// What the configuration or the environment says; `nil` when the key has to be asked for.
    var givenKeys: [Secret<String>]? {
        if !configured.isEmpty { return configured }
        return Environment[VaultConfiguration.keyVariable].flatMap { $0.isEmpty ? nil : [Secret($0)] }
    }

    /// A key that nobody has typed before, so it is asked for twice.
    func newKey() throws -> Secret<String> {
        guard let first = try HiddenInput.typed(prompt: "New key of \(file.path) (not shown): "),
            let second = try HiddenInput.typed(prompt: "The same again: ")
        else { throw noKey }
        guard first == second else { throw CommandFailure(.dataError, "the two are not the same") }
        return Secret(first)
    }

    private var noKey: CommandFailure {
        CommandFailure(
            .noInput,
            "there is no key for \(file.path): give --key-file PATH, set \(VaultConfiguration.keyVariable), "
                + "or run this on a terminal"
        )
    }
}
