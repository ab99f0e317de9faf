/// What kind of sound is asked for.
package enum SoundType: String, Sendable, CaseIterable {
    case effect, music

    /// As a sentence names several of them.
    package var plural: String {
        switch self {
        case .effect: "effects"
        case .music: "music"
        }
    }
}

/// The kind of voice that sings.
package enum VoiceGender: String, Sendable, CaseIterable {
    case male, female, neutral
}

/// The encoding of an output.
package enum SoundFormat: String, Sendable, CaseIterable {
    case mp3, wav, flac, ogg
}

/// How a field of the request is met, weakest first, so that `<` reads as "weaker than".
package enum Grade: String, Sendable, CaseIterable, Comparable {
    /// Written into the prompt; the provider may or may not heed it.
    case hint
    /// Made so by the gateway: several calls for several variations, conversion to a format.
    case emulated
    /// The provider has a parameter for it.
    case native

    package static func < (a: Grade, b: Grade) -> Bool { a.strength < b.strength }

    private var strength: Int {
        switch self {
        case .hint: 0
        case .emulated: 1
        case .native: 2
        }
    }
}
