import Configuration
import Glibc
import Threads

/// Runs the gateway.
enum ServeCommand {
    private static let config = Option(
        "--config",
        value: "FILE",
        summary: "the configuration; without it, the built-in defaults"
    )
    private static let listen = Option(
        "--listen",
        value: "ADDR:PORT",
        summary: "listen here instead of where the configuration says"
    )

    static let command = Command(
        name: "serve",
        summary: "run the gateway",
        details: """
            Without --config it listens on 127.0.0.1:8080, keeps its state under ./data, and has the built-in
            synthesizer as its only provider.

            It never leaves a core dump, and only root can debug it or read its environment in /proc: keys are in its memory.
            """,
        options: [config, listen],
        signals: [SIGINT, SIGTERM, SIGHUP, SIGUSR1],
        run: run
    )

    private static func run(_ invocation: Invocation) async throws -> ExitStatus {
        do throws(SystemError) {
            try ProcessMemory.protect()
        } catch {
            throw CommandFailure(.unavailable, "cannot keep secrets out of core dumps: \(error)")
        }
        let configuration: GatewayConfiguration
        do {
            configuration = try self.configuration(invocation)
        } catch let problems as ConfigurationProblems {
            Console.note(problems.description)
            return .configuration
        }
        return ExitStatus(rawValue: await Service.run(configuration))
    }

    private static func configuration(_ invocation: Invocation) throws -> GatewayConfiguration {
        var configuration = GatewayConfiguration(adapters: GatewayConfiguration.knownAdapters)
        if let path = invocation.text(config) { configuration = try ConfigurationFile.load(path) }
        guard let text = invocation.text(listen) else { return configuration }
        do throws(Malformed) {
            configuration.server.listen = [try ListenAddress(parsing: text)]
        } catch {
            throw invocation.misread(listen, error)
        }
        if let problem = configuration.checkExposure() { throw ConfigurationProblems([problem]) }
        return configuration
    }
}
