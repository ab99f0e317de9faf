import Glibc
import Threads

/// Takes Ctrl-C and the wish to end, away from whatever the program is doing.
///
/// The second signal ends the process at once: whoever presses Ctrl-C twice means it.
struct Interruption: Sendable {
    private let signals: AsyncStream<Int32>

    /// Keeps SIGINT and SIGTERM from the calling thread and from every thread that is started from now on.
    static func blockSignals() {
        var set = set
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// Begins to take signals, on a thread that lives as long as the process.
    init() throws(SystemError) {
        let (stream, arrivals) = AsyncStream.makeStream(of: Int32.self, bufferingPolicy: .bufferingOldest(1))
        signals = stream
        _ = try Thread(name: "signals") {
            var isSecond = false
            while true {
                var set = Self.set
                var signal: Int32 = 0
                guard sigwait(&set, &signal) == 0 else { continue }
                if isSecond { _exit(ExitStatus.interrupted(by: signal).rawValue) }
                isSecond = true
                arrivals.yield(signal)
            }
        }
    }

    /// Waits for the first signal, also one that has come already; `nil` when the task is cancelled.
    func first() async -> Int32? {
        for await signal in signals { return signal }
        return nil
    }

    private static var set: sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, SIGINT)
        sigaddset(&set, SIGTERM)
        return set
    }
}
