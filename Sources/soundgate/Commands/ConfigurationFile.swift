import Configuration
import Threads

/// The config file as the program's commands read it.
enum ConfigurationFile {
    /// Reads and checks a file.
    ///
    /// - Throws: `ConfigurationProblems`, or `CommandFailure` for a file that cannot be read.
    static func load(_ path: String) throws -> GatewayConfiguration {
        let text: String
        do throws(SystemError) {
            text = try TextFile.read(path)
        } catch {
            throw CommandFailure(.noInput, "cannot read \(path): \(error.reason)")
        }
        return try GatewayConfiguration.load(
            text: text,
            fileName: path,
            adapters: GatewayConfiguration.knownAdapters,
            environment: { Environment[$0] },
            readFile: { try TextFile.read($0) }
        )
    }
}
