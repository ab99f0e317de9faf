import Threads

/// A few threads for what would block a loop: looking up names, and asking a server to cancel.
///
/// One for the process, which nobody ends: an errand is short, or waits for a network that is gone.
enum Errands {
    private static let workers: WorkerPool? = {
        do throws(SystemError) { return try WorkerPool(name: "pg-errand", threads: 4) } catch { return nil }
    }()

    /// Does it soon; at once, and on the caller's thread, where the system has no thread to give.
    static func submit(_ errand: @escaping @Sendable () -> Void) {
        guard let workers else { return errand() }
        workers.submit(errand)
    }
}
