import Glibc
import Synchronization
import Threads

/// Takes Ctrl-C and the wish to end, away from whatever the program is doing.
///
/// The second signal ends the process at once: whoever presses Ctrl-C twice means it.
final class Interruption: Sendable {
    private let taken = Atomic<Int32>(0)

    /// Keeps SIGINT and SIGTERM from the calling thread and from every thread that is started from now on.
    static func blockSignals() {
        var set = signals
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// Waits for signals on a thread of its own; `body` runs there at the first one.
    init(_ body: @escaping @Sendable () -> Void) throws(SystemError) {
        // The thread lives as long as the process: nobody joins it.
        _ = try Thread(name: "signals") { [self] in
            while true {
                var set = Self.signals
                var signal: Int32 = 0
                guard sigwait(&set, &signal) == 0 else { return }
                if taken.exchange(signal, ordering: .acquiringAndReleasing) != 0 {
                    _exit(ExitStatus.interrupted(by: signal).rawValue)
                }
                body()
            }
        }
    }

    /// The signal that came, if any.
    var signal: Int32? {
        let value = taken.load(ordering: .acquiring)
        return value == 0 ? nil : value
    }

    private static var signals: sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, SIGINT)
        sigaddset(&set, SIGTERM)
        return set
    }
}
