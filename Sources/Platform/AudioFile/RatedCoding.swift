import CSndFile

/// A lossy coding at a constant bit rate, as vendors offer them.
///
/// The gateway writes none of these itself; doubles of vendors do. Opus takes 8, 12, 16, 24 and 48 kHz only.
package enum RatedCoding: Sendable, Equatable {
    /// MP3, at a rate in bits per second that the standard knows.
    case mp3(bitRate: Int)
    /// Opus in Ogg, at about a rate in bits per second.
    case opus(bitRate: Int)

    /// The format as the gateway reads it.
    package var format: AudioFormat {
        switch self {
        case .mp3: .mp3
        case .opus: .ogg
        }
    }

    /// libsndfile's name of it.
    var libraryFormat: Int32 {
        switch self {
        case .mp3: Int32(SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III)
        case .opus: Int32(SF_FORMAT_OGG | SF_FORMAT_OPUS)
        }
    }

    /// libsndfile's compression level, from 0 to 1: it spreads the codec's bit rates evenly over them.
    func level(sampleRate: Int, channels: Int) -> Double {
        switch self {
        case .mp3(let bitRate):
            let (lowest, highest) =
                switch sampleRate {
                case 32_000...: (32_000, 320_000)
                case 16_000...: (8000, 160_000)
                default: (8000, 64_000)
                }
            return RatedCoding.share(bitRate, lowest, highest)
        case .opus(let bitRate):
            return RatedCoding.share(bitRate / channels, 6000, 256_000)
        }
    }

    private static func share(_ bitRate: Int, _ lowest: Int, _ highest: Int) -> Double {
        min(max(Double(highest - bitRate) / Double(highest - lowest), 0), 1)
    }
}
