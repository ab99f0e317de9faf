import CLinux

/// How many descriptors the process may have.
package enum OpenFiles {
    /// Lets the process have as many as its user may, and tells how many that is.
    ///
    /// The usual soft limit of 1,024 is for programs that call `select`, which this one does not.
    ///
    /// - Throws: When the system does not tell, which it has no reason to.
    package static func raise() throws(SystemError) -> Int {
        let count = soundgate_raise_open_files()
        guard count > 0 else { throw SystemError("getrlimit", subject: "RLIMIT_NOFILE") }
        return count
    }
}
