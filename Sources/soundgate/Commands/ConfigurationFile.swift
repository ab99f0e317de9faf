import Configuration
import Threads

/// The config file as the program's commands read it.
enum ConfigurationFile {
    /// Reads and checks a file, for a command that reads it once.
    ///
    /// - Throws: `ConfigurationProblems`, or `CommandFailure` for a file that cannot be read.
    static func load(_ path: String) async throws -> GatewayConfiguration {
        let secrets = RemoteSecrets()
        let result: Result<GatewayConfiguration, any Error>
        do {
            result = .success(try await load(path, secrets: secrets, isPatient: false, noting: FilesRead()))
        } catch {
            result = .failure(error)
        }
        await secrets.close()
        return try result.get()
    }

    /// Reads and checks a file with everything that it refers to.
    static func load(
        _ path: String,
        secrets: RemoteSecrets,
        isPatient: Bool,
        noting files: FilesRead
    ) async throws -> GatewayConfiguration {
        // Keys come into memory from here on, whatever the command is.
        try ProcessMemory.protect()
        files.note(path)
        let text = try TextFile.contents(of: path)
        let readFile: (String) throws -> String = { path in
            files.note(path)
            return try TextFile.read(path)
        }
        // What is far away is read first: from then on nothing waits.
        let needs = HashiCorpNeeds(
            text: text,
            fileName: path,
            environment: { Environment[$0] },
            readFile: readFile
        )
        var hashiCorp = HashiCorpSecrets.none
        if let needs { hashiCorp = try await secrets.read(needs, isPatient: isPatient) }
        return try GatewayConfiguration.load(
            text: text,
            fileName: path,
            adapters: GatewayConfiguration.knownAdapters,
            environment: { Environment[$0] },
            readFile: readFile,
            certificates: .reading,
            openVault: { vault throws(VaultRefusal) in
                files.note(vault.file)
                return try VaultOpening.secrets(vault)
            },
            hashiCorp: hashiCorp
        )
    }
}
