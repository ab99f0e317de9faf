package import Telemetry
import Threads

/// What comes to be known of a request while it is answered: whose it is, which task it is about, how it was refused.
package final class AuditNotes: Sendable {
    private let fields = Guarded(LogFields())

    /// Nothing noted.
    package init() {}

    /// Notes a field; `nil` takes it back.
    package subscript(name: String) -> LogValue? {
        get { fields.withLock { $0[name] } }
        set { fields.withLock { $0[name] = newValue } }
    }

    /// Notes several fields.
    package func add(_ more: LogFields) { fields.withLock { $0 = $0.adding(more) } }

    /// All that was noted.
    package var all: LogFields { fields.withLock { $0 } }
}
