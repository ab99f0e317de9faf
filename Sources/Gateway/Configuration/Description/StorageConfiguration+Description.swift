extension StorageConfiguration {
    /// The keys of `storage`.
    static var section: Section<StorageConfiguration> {
        Section(
            "Where state is kept.",
            StorageConfiguration(),
            [
                Field("sqlite", \.sqlite, .section(SQLite.section), "The SQLite file behind the task ledger"),
                Field(
                    "reserve",
                    \.reserve,
                    .size(in: 0...1 << 40),
                    "The room kept for accepted tasks on the disks of the ledger and the audio; at most a tenth of a disk"
                ),
            ]
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
