/// How result audio is fetched and kept.
package struct AssetsConfiguration: Sendable, Equatable {
    /// The folder for audio files; a relative path starts at the working directory.
    package var directory = "data/audio"
    /// How long a result that cannot be fetched or does not decode is tried again.
    package var fetchFor: Duration = .seconds(120)
    /// The largest result file taken, in bytes.
    package var maximumSize = 200 * 1024 * 1024
    /// The longest result taken.
    package var maximumDuration: Duration = .seconds(900)

    /// The defaults.
    package init() {}
}
