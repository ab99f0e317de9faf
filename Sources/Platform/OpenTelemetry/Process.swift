/// Which process tells of spans.
package struct Process: Sendable, Equatable {
    /// `service.version`.
    package var version: String
    /// `service.instance.id`: another one for each process.
    package var instance: String

    /// A process of a version.
    package init(version: String, instance: String) {
        self.version = version
        self.instance = instance
    }
}
