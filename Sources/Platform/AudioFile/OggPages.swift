/// The pages of an Ogg file, walked without a codec (RFC 3533, section 6).
enum OggPages {
    /// The serial number that every stream gets: libsndfile draws a random one and has no command to set it, and the same
    /// sound must give the same bytes.
    private static let serial: UInt32 = 0x736F_756E

    /// What the walk saw.
    struct Summary {
        /// Whether the last page is whole and says that its stream ends.
        var isComplete = false
        /// Whether each page's checksum holds.
        var isIntact = true
    }

    /// Gives every page our serial number and a new checksum.
    static func number(_ stream: FileStream) throws(AudioFileError) {
        var offset = 0
        while var page = try page(at: offset, in: stream) {
            page.replaceSubrange(14..<18, with: serial.littleEndianBytes)
            page.replaceSubrange(22..<26, with: checksum(page).littleEndianBytes)
            try stream.replace(at: offset, with: page)
            offset += page.count
        }
    }

    /// Walks all pages of a file that is being read, and refuses one of more than so many.
    static func summary(_ stream: FileStream, parts: Int) throws(AudioFileError) -> Summary {
        var summary = Summary()
        var offset = 0
        var seen = 0
        while let page = try page(at: offset, in: stream) {
            seen += 1
            guard seen <= parts else { throw .beyondLimit(.parts) }
            summary.isComplete = page[5] & 0x04 != 0
            if checksum(page) != UInt32(littleEndian: page[22..<26]) { summary.isIntact = false }
            offset += page.count
        }
        if offset != stream.length { summary.isComplete = false }
        return summary
    }

    /// A whole page, or `nil` when there's none at this place or its end is missing.
    private static func page(at offset: Int, in stream: FileStream) throws(AudioFileError) -> [UInt8]? {
        let head = try stream.bytes(at: offset, count: 27 + 255)
        guard head.count >= 27, head.starts(with: "OggS".utf8) else { return nil }
        let segments = Int(head[26])
        guard head.count >= 27 + segments else { return nil }
        let length = 27 + segments + head[27..<27 + segments].reduce(0) { $0 + Int($1) }
        let page = try stream.bytes(at: offset, count: length)
        return page.count == length ? page : nil
    }

    /// The page's CRC-32 with polynomial 0x04C11DB7, not reflected, its own field taken as zero.
    private static func checksum(_ page: [UInt8]) -> UInt32 {
        var sum: UInt32 = 0
        for (index, byte) in page.enumerated() {
            let value = (22..<26).contains(index) ? 0 : byte
            sum = (sum << 8) ^ table[Int(UInt8(truncatingIfNeeded: sum >> 24) ^ value)]
        }
        return sum
    }

    private static let table: [UInt32] = (0..<256).map { index in
        var value = UInt32(index) << 24
        for _ in 0..<8 { value = value & 0x8000_0000 != 0 ? (value << 1) ^ 0x04C1_1DB7 : value << 1 }
        return value
    }
}

extension UInt32 {
    /// The number read from four bytes, the lowest first.
    init(littleEndian bytes: ArraySlice<UInt8>) {
        self = bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// The number read from four bytes, the highest first.
    init(bigEndian bytes: ArraySlice<UInt8>) {
        self = bytes.reduce(0) { $0 << 8 | UInt32($1) }
    }

    fileprivate var littleEndianBytes: [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: self >> (8 * $0)) } }
}
