import Configuration
import Glibc

/// The program: reads the command line, runs one command, and ends with its exit status.
@main
enum Soundgate {
    static func main() {
        // A reader that went away shows as an error of the write, not as the end of the process.
        signal(SIGPIPE, SIG_IGN)
        // And so does a limit on the size of files (`ulimit -f`), as any other disk that takes no more.
        signal(SIGXFSZ, SIG_IGN)
        let request: CommandParser.Request
        do throws(UsageError) {
            let parser = CommandParser(
                commands: CommandList.all,
                topics: HelpTopic.all,
                width: Console.readableWidth
            )
            request = try parser.parse(Array(CommandLine.arguments.dropFirst()))
        } catch {
            Console.complain(error.description)
            exit(ExitStatus.usage.rawValue)
        }
        switch request {
        case .help(let text):
            Console.output(text)
            exit(ExitStatus.success.rawValue)
        case .version:
            exit(VersionCommand.run().rawValue)
        case .run(let command, let invocation):
            Interruption.block(command.signals)
            // The process ends with the command. The main thread only waits: with an asynchronous `main` it would be
            // parked by the runtime with every signal unblocked, and Ctrl-C would end the process there.
            Task.detached {
                let status = await run(command, invocation).rawValue
                fflush(nil)
                // Not `exit`: OpenSSL takes its locks down at exit, under the threads that still render and hash for tasks
                // that go on at the next start.
                _exit(status)
            }
            while true { pause() }
        }
    }

    private static func run(_ command: Command, _ invocation: Invocation) async -> ExitStatus {
        do {
            return try await command.run(invocation)
        } catch let error as UsageError {
            Console.complain(error.description)
            return .usage
        } catch let error as Unreachable {
            Console.complain(error.commandFailure.message)
            return error.commandFailure.status
        } catch let error as CommandFailure {
            Console.complain(error.message)
            return error.status
        } catch let problems as ConfigurationProblems {
            Console.note(problems.description)
            return .configuration
        } catch {
            Console.complain("\(error)")
            return .software
        }
    }
}
