/// Where state is kept.
package struct StorageConfiguration: Sendable, Equatable {
    /// The task ledger.
    package var sqlite = SQLite()
    /// The room kept for accepted tasks on the disks of the ledger and of the audio, in bytes; no more than a tenth of a
    /// disk is kept.
    package var reserve = 256 * 1024 * 1024

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
