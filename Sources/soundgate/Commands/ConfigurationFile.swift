import Configuration
import Threads

/// The config file as the program's commands read it.
enum ConfigurationFile {
    /// Reads and checks a file.
    ///
    /// - Throws: `ConfigurationProblems`, or `CommandFailure` for a file that cannot be read.
    static func load(_ path: String) throws -> GatewayConfiguration {
        // Keys come into memory from here on, whatever the command is.
        try ProcessMemory.protect()
        let text = try TextFile.contents(of: path)
        return try GatewayConfiguration.load(
            text: text,
            fileName: path,
            adapters: GatewayConfiguration.knownAdapters,
            environment: { Environment[$0] },
            readFile: { try TextFile.read($0) },
            certificates: .reading,
            openVault: VaultOpening.secrets
        )
    }
}
