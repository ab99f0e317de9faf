/// How result audio is fetched and kept, and for how long.
package struct AssetsConfiguration: Sendable, Equatable {
    /// The folder for audio files, or with `s3` for those on their way there; a relative path starts at the working
    /// directory.
    package var directory = "data/audio"
    /// How long a result that cannot be fetched or does not decode is tried again.
    package var fetchFor: Duration = .seconds(120)
    /// The largest result file taken, in bytes.
    package var maximumSize = 200 * 1024 * 1024
    /// The longest result taken.
    package var maximumDuration: Duration = .seconds(900)
    /// How long an ended task and its audio are kept; zero keeps them for ever.
    package var retention: Duration = .seconds(30 * 86_400)
    /// The object store that audio is kept in; `nil` for the folder.
    package var s3: S3Configuration?

    /// The defaults.
    package init() {}
}
