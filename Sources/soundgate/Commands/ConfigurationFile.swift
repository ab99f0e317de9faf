import Configuration
import Threads

/// The config file as the program's commands read it.
enum ConfigurationFile {
    /// Reads and checks a file.
    ///
    /// - Throws: `ConfigurationProblems`, or `CommandFailure` for a file that cannot be read.
    static func load(_ path: String, noting files: FilesRead = FilesRead()) async throws
        -> GatewayConfiguration
    {
        // Keys come into memory from here on, whatever the command is.
        try ProcessMemory.protect()
        files.note(path)
        let text = try TextFile.contents(of: path)
        return try GatewayConfiguration.load(
            text: text,
            fileName: path,
            adapters: GatewayConfiguration.knownAdapters,
            environment: { Environment[$0] },
            readFile: { path in
                files.note(path)
                return try TextFile.read(path)
            },
            openVault: { vault throws(VaultRefusal) in
                files.note(vault.file)
                return try VaultOpening.secrets(vault)
            }
        )
    }
}
