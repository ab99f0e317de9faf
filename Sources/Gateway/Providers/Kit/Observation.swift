package import Sound

/// What a vendor says about a job at one moment.
package struct Observation: Sendable, Equatable {
    /// The vendor's word, normalized; a word that nobody knows is `running`.
    package enum State: Sendable, Equatable {
        case queued, running, succeeded
        case failed(Failure)
    }

    package var state: State
    /// 0–1, where the vendor tells it.
    package var progress: Double?
    package var eta: Duration?
    /// The takes that are there so far.
    package var results: [RemoteResult]
    /// What the vendor says that the job has cost.
    package var cost: Cost.Amount?
    /// A status word that no table has, for the log.
    package var unknownWord: String?

    /// What was seen.
    package init(
        _ state: State,
        progress: Double? = nil,
        eta: Duration? = nil,
        results: [RemoteResult] = [],
        cost: Cost.Amount? = nil,
        unknownWord: String? = nil
    ) {
        self.state = state
        self.progress = progress
        self.eta = eta
        self.results = results
        self.cost = cost
        self.unknownWord = unknownWord
    }
}

/// One take at the vendor, or what one answer says of it.
package struct RemoteResult: Sendable, Equatable {
    /// The vendor's name of the take, stable over polls.
    package var key: String
    /// Where the audio is; `nil` while only ``TakePart/address`` can tell.
    package var url: String?
    /// The same take in other encodings, where the vendor keeps several.
    package var encodings: [SoundFormat: String]
    package var title: String?
    package var lyrics: String?
    package var timedLyrics: [TimedLine]?
    package var coverURL: String?

    /// A take and where it is.
    package init(
        key: String,
        url: String?,
        encodings: [SoundFormat: String] = [:],
        title: String? = nil,
        lyrics: String? = nil,
        timedLyrics: [TimedLine]? = nil,
        coverURL: String? = nil
    ) {
        self.key = key
        self.url = url
        self.encodings = encodings
        self.title = title
        self.lyrics = lyrics
        self.timedLyrics = timedLyrics
        self.coverURL = coverURL
    }

    /// Where the take is in the wanted encoding, or in the vendor's own.
    package func url(as format: SoundFormat?) -> String? { format.flatMap { encodings[$0] } ?? url }
}
