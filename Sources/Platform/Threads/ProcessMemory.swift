import CLinux

/// What others may learn of this process's memory.
package enum ProcessMemory {
    /// Keeps the memory from core dumps, debuggers and crash reports, and lets as much be locked as this user may.
    ///
    /// From then on `/proc/PID/environ`, `mem`, `maps` and the like are root's alone. There is no way back: call it
    /// before the first secret is read.
    ///
    /// - Throws: When the system refuses, which it has no reason to.
    package static func protect() throws(SystemError) {
        try retryingSystemCall("setrlimit", subject: "RLIMIT_CORE") { soundgate_forbid_core_files() }
        // Where core_pattern is a pipe the limit is not asked; this flag is.
        try retryingSystemCall("prctl", subject: "PR_SET_DUMPABLE") { soundgate_set_undumpable() }
        // Swift's backtraces print what registers point to. The line that says why and where it crashed remains.
        soundgate_reset_crash_handlers()
        // Secrets that cannot be locked are told of where they are kept.
        _ = soundgate_raise_memory_lock()
    }
}
