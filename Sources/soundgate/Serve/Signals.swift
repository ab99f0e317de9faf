import EventLoop
import Glibc
import Telemetry
import Threads

/// The signals that steer the process, taken by a thread of their own.
///
/// SIGINT and SIGTERM stop it in order; a second one ends it at once. SIGHUP is answered with a line in the log.
struct Signals: Sendable {
    private let arrived = Guarded(Arrival())

    private struct Arrival {
        var isStopping = false
        var waiting: CheckedContinuation<Void, Never>?
        var hangUps = 0
        var log: Log?
    }

    /// Blocks the signals for every thread that is started from now on, and begins to wait for them.
    init() throws(SystemError) {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&set, signal) }
        pthread_sigmask(SIG_BLOCK, &set, nil)
        let arrived = arrived
        _ = try Thread(name: "signals") {
            var set = sigset_t()
            sigemptyset(&set)
            for signal in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&set, signal) }
            while true {
                var number: Int32 = 0
                guard sigwait(&set, &number) == 0 else { continue }
                if number == SIGHUP {
                    let log = arrived.withLock { $0.log }
                    log?(.warning, "SIGHUP: this version reads its configuration at start only")
                    continue
                }
                let (second, waiting) = arrived.withLock { arrival in
                    defer {
                        arrival.isStopping = true
                        arrival.waiting = nil
                    }
                    return (arrival.isStopping, arrival.waiting)
                }
                if second { _exit(128 + number) }
                waiting?.resume()
            }
        }
    }

    /// Waits for the first SIGINT or SIGTERM.
    func untilStop(log: Log) async {
        arrived.withLock { $0.log = log }
        await withCheckedContinuation { continuation in
            let already = arrived.withLock { arrival in
                if !arrival.isStopping { arrival.waiting = continuation }
                return arrival.isStopping
            }
            if already { continuation.resume() }
        }
    }
}
