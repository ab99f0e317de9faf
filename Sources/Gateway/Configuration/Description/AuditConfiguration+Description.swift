extension AuditConfiguration {
    /// The keys of `audit`.
    static var section: Section<AuditConfiguration> {
        Section(
            "Where it is recorded who did what.",
            AuditConfiguration(),
            [
                Field(
                    "file",
                    \.file,
                    .text,
                    "The file that records are added to; a relative path starts at the working directory"
                ),
                Field(
                    "prompts",
                    \.prompts,
                    .choice(what: "a way to record prompts"),
                    "How much of a prompt, a style and lyrics is recorded: none, a keyed hash, or the full text"
                ),
                Field(
                    "hash_key",
                    \.hashKey,
                    .secret,
                    "The key of the hashes, to find a known text by; a random one at each start when not set"
                ),
            ]
        )
    }
}
