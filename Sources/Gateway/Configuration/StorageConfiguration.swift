package import Crypto

/// Where state is kept.
package struct StorageConfiguration: Sendable, Equatable {
    /// The task ledger of one gateway.
    package var sqlite = SQLite()
    /// The task ledger of several gateways, in the place of the SQLite file; `nil` for that.
    package var postgres: Postgres?
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

    /// The PostgreSQL database behind the task ledger.
    package struct Postgres: Sendable, Equatable {
        /// Where it is, as libpq takes it; it may hold a password.
        package var url = Secret("")
        /// How many connections this gateway opens at most.
        package var connections = 8
        /// How long a gateway that says nothing keeps its tasks before others go on with them.
        package var lease: Duration = .seconds(30)

        /// The defaults; useless without an address.
        package init() {}
    }
}
