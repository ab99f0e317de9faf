extension StorageConfiguration {
    /// The keys of `storage`.
    static var section: Section<StorageConfiguration> {
        Section(
            "Where state is kept.",
            StorageConfiguration(),
            [Field("sqlite", \.sqlite, .section(SQLite.section), "The SQLite file behind the task ledger")]
        )
    }
}

extension StorageConfiguration.SQLite {
    /// The keys of `storage.sqlite`.
    static var section: Section<Self> {
        Section(
            "The SQLite file behind the task ledger.",
            Self(),
            [Field("path", \.path, .text, "The file; a relative path starts at the working directory")]
        )
    }
}
