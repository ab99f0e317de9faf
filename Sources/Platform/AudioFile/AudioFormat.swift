import CSndFile

/// An encoding that the gateway writes, reads and serves.
package enum AudioFormat: String, Sendable, CaseIterable {
    /// RIFF WAVE; written as 16-bit PCM.
    case wav
    /// Free Lossless Audio Codec; written with 16 bits.
    case flac
    /// Ogg; written as Vorbis.
    case ogg
    /// MPEG-1 or MPEG-2 Audio Layer III; written with a variable bit rate.
    case mp3

    /// The media type for `Content-Type`.
    package var contentType: String {
        switch self {
        case .wav: "audio/wav"
        case .flac: "audio/flac"
        case .ogg: "audio/ogg"
        case .mp3: "audio/mpeg"
        }
    }

    /// The usual file name extension, without a dot.
    package var fileExtension: String { rawValue }

    /// Recognises a format by its first bytes, never by a name; 12 bytes are enough.
    ///
    /// `nil` for anything else: a web page, JSON, a picture, or audio that the gateway doesn't keep.
    package init?(firstBytes bytes: some Collection<UInt8>) {
        let head = Array(bytes.prefix(12))
        if head.count >= 12, head[8...] == [0x57, 0x41, 0x56, 0x45],
            head.starts(with: "RIFF".utf8) || head.starts(with: "RF64".utf8)
        {
            self = .wav
        } else if head.starts(with: "fLaC".utf8) {
            self = .flac
        } else if head.starts(with: "OggS".utf8) {
            self = .ogg
        } else if head.starts(with: "ID3".utf8) || MPEGFrame(head) != nil {
            self = .mp3
        } else {
            return nil
        }
    }

    /// libsndfile's name of what we write.
    var libraryFormat: Int32 {
        switch self {
        case .wav: Int32(SF_FORMAT_WAV | SF_FORMAT_PCM_16)
        case .flac: Int32(SF_FORMAT_FLAC | SF_FORMAT_PCM_16)
        case .ogg: Int32(SF_FORMAT_OGG | SF_FORMAT_VORBIS)
        case .mp3: Int32(SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III)
        }
    }
}
