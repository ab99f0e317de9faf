/// What a file's own structure says about its length, and the check that its end is there.
struct AudioStructure {
    /// Whether the decoder's count of frames is the file's own word, and not guessed from its size.
    var isCounted = true

    /// Looks through a file, and refuses one of more than so many parts.
    init(of format: AudioFormat, in stream: FileStream, parts: Int) throws(AudioFileError) {
        switch format {
        case .wav: try Self.checkWave(stream, parts)
        // STREAMINFO's count is libsndfile's; a missing end is a decoding error or a short count.
        case .flac: break
        case .ogg:
            let pages = try OggPages.summary(stream, parts: parts)
            guard pages.isComplete else { throw .truncated }
            guard pages.isIntact else { throw .damaged("an Ogg page's checksum is wrong") }
        case .mp3: isCounted = try Self.checkMPEG(stream, parts)
        }
    }

    /// Refuses a WAVE file whose `data` chunk is longer than the file.
    ///
    /// libsndfile shortens the sound silently instead. A length of 0xFFFFFFFF comes from programs that wrote to a pipe: the sound goes to the file's end.
    private static func checkWave(_ stream: FileStream, _ parts: Int) throws(AudioFileError) {
        let length = stream.length
        var offset = 12
        var wideLength: Int?
        var seen = 0
        while offset + 8 <= length {
            let head = try stream.bytes(at: offset, count: 24)
            guard head.count >= 8 else { break }
            seen += 1
            guard seen <= parts else { throw .beyondLimit(.parts) }
            let size = Int(UInt32(littleEndian: head[4..<8]))
            if head.starts(with: "ds64".utf8), head.count == 24 {
                wideLength =
                    Int(UInt32(littleEndian: head[16..<20])) | Int(UInt32(littleEndian: head[20..<24])) << 32
            }
            if head.starts(with: "data".utf8) {
                let size = size == 0xFFFF_FFFF ? wideLength ?? 0 : size
                guard size <= length - offset - 8 else { throw .truncated }
                return
            }
            offset += 8 + size + size & 1
        }
        throw .truncated
    }

    /// Refuses an MP3 file that is seen to be cut off.
    ///
    /// With a Xing or Info tag that tells the stream's bytes, fewer bytes are a cut. Without one, a last frame that's shorter than
    /// its header says is. A stream without a tag that ends exactly between two frames can't be told from a whole one.
    ///
    /// Tells whether there is a tag. Encoders leave it out where it doesn't fit into a frame, as at 32 kbit/s; libsndfile
    /// then takes a guess for the number of frames, mostly one that is too high.
    private static func checkMPEG(_ stream: FileStream, _ parts: Int) throws(AudioFileError) -> Bool {
        let length = stream.length
        var offset = try endOfTag(stream)
        let first = try stream.bytes(at: offset, count: 64)
        guard let frame = MPEGFrame(first) else { return false }
        let tag = first.dropFirst(frame.tagOffset)
        var isCounted = false
        if tag.starts(with: "Xing".utf8) || tag.starts(with: "Info".utf8), tag.count >= 16 {
            let values = Array(tag)
            isCounted = values[7] & 1 != 0
            let place = isCounted ? 12 : 8
            if values[7] & 2 != 0 {
                guard Int(UInt32(bigEndian: values[place..<place + 4])) <= length - offset else {
                    throw .truncated
                }
                return isCounted
            }
        }
        var seen = 0
        while offset < length, let frame = MPEGFrame(try stream.bytes(at: offset, count: 4)), frame.length > 0
        {
            offset += frame.length
            seen += 1
            guard seen <= parts else { throw .beyondLimit(.parts) }
        }
        guard offset <= length else { throw .truncated }
        return isCounted
    }

    /// Where the sound begins after an ID3v2 tag, whose length has 7 bits in each of four bytes.
    private static func endOfTag(_ stream: FileStream) throws(AudioFileError) -> Int {
        let head = try stream.bytes(at: 0, count: 10)
        guard head.starts(with: "ID3".utf8) else { return 0 }
        guard head.count == 10 else { throw .truncated }
        let size = head[6...].reduce(0) { $0 << 7 | Int($1 & 0x7F) }
        return 10 + size + (head[5] & 0x10 != 0 ? 10 : 0)
    }
}
