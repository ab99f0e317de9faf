import Glibc
import Threads

/// Takes Ctrl-C and the wish to end, away from whatever the program is doing.
///
/// The second signal ends the process at once: whoever presses Ctrl-C twice means it.
struct Interruption: Sendable {
    private let arrivals: AsyncStream<Int32>

    /// What counts as an interruption.
    static let signals = [SIGINT, SIGTERM]

    /// Keeps signals from the calling thread and from every thread that is started from now on.
    static func block(_ signals: [Int32]) {
        var set = set(of: signals)
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// Begins to take signals, on a thread that lives as long as the process.
    ///
    /// With `others`, those signals are taken too, as often as they come, and end nothing.
    init(others: [Int32: @Sendable () -> Void] = [:]) throws(SystemError) {
        let taken = Self.signals + others.keys
        Self.block(taken)
        let (stream, sender) = AsyncStream.makeStream(of: Int32.self, bufferingPolicy: .bufferingOldest(1))
        arrivals = stream
        _ = try Thread(name: "signals") {
            var isSecond = false
            while true {
                var set = Self.set(of: taken)
                var signal: Int32 = 0
                guard sigwait(&set, &signal) == 0 else { continue }
                if let other = others[signal] {
                    other()
                    continue
                }
                if isSecond { _exit(ExitStatus.interrupted(by: signal).rawValue) }
                isSecond = true
                sender.yield(signal)
            }
        }
    }

    /// Waits for the first signal, also one that has come already; `nil` when the task is cancelled.
    func first() async -> Int32? {
        for await signal in arrivals { return signal }
        return nil
    }

    private static func set(of signals: [Int32]) -> sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in signals { sigaddset(&set, signal) }
        return set
    }
}
