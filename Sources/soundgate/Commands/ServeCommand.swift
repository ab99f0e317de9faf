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

            The configuration is read again on SIGHUP, and by itself when the file, the vault or a file that it names has
            changed. It is taken up whole or not at all, without dropping a connection or a task; the log tells what was
            taken up, what needs a restart, and every problem.

            It never leaves a core dump, and only root can debug it or read its environment in /proc: keys are in its memory.
            """,
        options: [config, listen],
        signals: [SIGINT, SIGTERM, SIGHUP, SIGUSR1],
        run: run
    )

    private static func run(_ invocation: Invocation) async throws -> ExitStatus {
        Orphans.disown()
        do throws(SystemError) {
            try ProcessMemory.protect()
        } catch {
            throw CommandFailure(.unavailable, "cannot keep secrets out of core dumps: \(error)")
        }
        let source = ConfigurationSource(
            path: invocation.text(config),
            listen: try address(invocation),
            secrets: RemoteSecrets()
        )
        let reading: ConfigurationSource.Reading
        do {
            reading = try await source.read(isStart: true)
        } catch is ConfigurationSource.TornReading {
            throw CommandFailure(.temporaryFailure, "the configuration was changed while it was read")
        }
        do throws(ConfigurationProblems) {
            let configuration = try reading.configuration.get()
            return ExitStatus(rawValue: await Service.run(configuration, from: source, reading))
        } catch {
            Console.note(error.description)
            // The file may be right: a supervisor that starts it again later does well.
            return source.secrets.isInOutage ? .unavailable : .configuration
        }
    }

    private static func address(_ invocation: Invocation) throws -> ListenAddress? {
        guard let text = invocation.text(listen) else { return nil }
        do throws(Malformed) {
            return try ListenAddress(parsing: text)
        } catch {
            throw invocation.misread(listen, error)
        }
    }
}
