extension LogConfiguration {
    /// The keys of `log`.
    static var section: Section<LogConfiguration> {
        Section(
            "What is logged, and how.",
            LogConfiguration(),
            [
                Field(
                    "level",
                    \.level,
                    .choice(what: "a log level"),
                    "The least important lines still written"
                ),
                Field(
                    "format",
                    \.format,
                    .choice(what: "a log format"),
                    "How a line looks; auto is text on a terminal and JSON elsewhere",
                    needsRestart: true
                ),
            ]
        )
    }
}
