import Glibc
import Simulation
import Synchronization

/// Whether somebody has pressed Ctrl-C; a signal handler may touch nothing else.
private let isInterrupted = Atomic<Bool>(false)

/// The command line of the simulation.
@main
enum Main {
    static func main() async {
        let parameters: Parameters
        do throws(OptionTable.Refusal) {
            guard let asked = try OptionTable.parameters(Array(CommandLine.arguments.dropFirst())) else {
                return print(OptionTable.help, terminator: "")
            }
            parameters = asked
        } catch {
            tell("soundgate-simulate: \(error.words); --help lists the options\n")
            exit(64)
        }
        let stop: @convention(c) (Int32) -> Void = { _ in isInterrupted.store(true, ordering: .relaxed) }
        signal(SIGINT, stop)
        signal(SIGTERM, stop)
        let isTerminal = isatty(STDERR_FILENO) != 0
        let report = await Simulator.run(
            parameters,
            isInterrupted: { isInterrupted.load(ordering: .relaxed) },
            tell: { progress in
                let line =
                    "\(Report.clock(progress.time)) simulated, \(progress.ended) of \(parameters.tasks) ended"
                    + (progress.breaches > 0 ? ", \(progress.breaches) breaches" : "")
                tell(isTerminal ? "\r\u{1B}[K\(line)" : "\(line)\n")
            }
        )
        if isTerminal { tell("\r\u{1B}[K") }
        print(report.findings)
        print(report.timings, terminator: "")
        exit(report.breaches.isEmpty ? 0 : 1)
    }

    private static func tell(_ words: String) {
        var rest = Array(words.utf8)[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
            // Nobody reads it: the run goes on.
            guard written > 0 else { return }
            rest = rest.dropFirst(written)
        }
    }
}
