/// Where state is kept.
package struct StorageConfiguration: Sendable, Equatable {
    /// The task ledger.
    package var sqlite = SQLite()

    /// The defaults.
    package init() {}

    /// The SQLite file behind the task ledger.
    package struct SQLite: Sendable, Equatable {
        /// The file; a relative path starts at the working directory.
        package var path = "data/soundgate.db"

        /// The defaults.
        package init() {}
    }
}
