/// What is done when nobody can tell whether a vendor took a job.
package enum UnknownPolicy: String, Sendable, CaseIterable {
    /// Waits for the vendor to tell of it, until the task's deadline; the task then fails, paid once at most.
    case wait
    /// Fails at once, paid once at most.
    case fail
    /// Asks again as if the job had been refused: it may be made and paid twice.
    case resubmit
}
