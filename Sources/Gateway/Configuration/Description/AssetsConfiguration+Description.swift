extension AssetsConfiguration {
    /// The keys of `assets`.
    static var section: Section<AssetsConfiguration> {
        Section(
            "How result audio is fetched and kept.",
            AssetsConfiguration(),
            [
                Field(
                    "directory",
                    \.directory,
                    .text,
                    "The folder for audio files, or with s3 for those on their way there; a relative path starts at the working "
                        + "directory",
                    needsRestart: true
                ),
                Field(
                    "fetch_for",
                    \.fetchFor,
                    .duration(in: .zero ... .seconds(86_400)),
                    "How long a result that cannot be fetched or does not decode is tried again"
                ),
                Field(
                    "maximum_size",
                    \.maximumSize,
                    .size(in: 1024...1 << 40),
                    "The largest result file taken",
                    needsRestart: true
                ),
                Field(
                    "maximum_duration",
                    \.maximumDuration,
                    .duration(in: .seconds(1) ... .seconds(86_400)),
                    "The longest result taken",
                    needsRestart: true
                ),
                Field(
                    "retention",
                    \.retention,
                    .duration(in: .zero ... .seconds(36_500 * 86_400)),
                    "How long ended tasks and their audio are kept; 0s keeps them for ever"
                ),
                Field(
                    "s3",
                    \.s3,
                    .bucketSection,
                    "The object store that audio is kept in, for several gateways; the folder when not set",
                    comesLive: false
                ),
            ]
        )
    }
}
