import HTTP

/// What a chunked body has used of its limits, and the grammar of its size lines.
struct ChunkCount: Sendable {
    private var body = 0
    private var extensions = 0

    /// Takes a chunk-size line without its CRLF and gives the chunk's size.
    mutating func add(_ line: Span<UInt8>, _ limits: ParserLimits) throws(ParseFailure) -> Int {
        var size = 0
        var index = 0
        while index < line.count, let digit = line[index].hexadecimalValue {
            // Fifteen digits cannot overflow; no honest client pads a size with zeros beyond that.
            guard index < 15 else { throw .malformed("chunk size has too many digits") }
            size = size << 4 | Int(digit)
            index += 1
        }
        guard index > 0 else { throw .malformed("malformed chunk size") }
        extensions += line.count - index
        guard extensions <= limits.chunkExtensions else { throw .malformed("too many chunk extensions") }
        while index < line.count { try ChunkCount.skipExtension(line, &index) }
        guard size <= limits.body - body else {
            throw ParseFailure(.contentTooLarge, "the body may have \(limits.body) bytes")
        }
        body += size
        return size
    }

    /// `";" token [ "=" ( token / quoted-string ) ]`, without the blanks that RFC 9112 calls bad.
    private static func skipExtension(_ line: Span<UInt8>, _ index: inout Int) throws(ParseFailure) {
        guard line[index] == 0x3B else { throw .malformed("malformed chunk size") }
        index += 1
        try skipToken(line, &index)
        guard index < line.count, line[index] == 0x3D else { return }
        index += 1
        guard index < line.count, line[index] == 0x22 else { return try skipToken(line, &index) }
        index += 1
        while index < line.count, line[index] != 0x22 {
            if line[index] == 0x5C { index += 1 }
            guard index < line.count, line[index] >= 0x20 || line[index] == 0x09, line[index] != 0x7F else {
                throw .malformed("malformed chunk extension")
            }
            index += 1
        }
        guard index < line.count else { throw .malformed("malformed chunk extension") }
        index += 1
    }

    private static func skipToken(_ line: Span<UInt8>, _ index: inout Int) throws(ParseFailure) {
        let start = index
        while index < line.count, ByteClass.token.contains(line[index]) { index += 1 }
        guard index > start else { throw .malformed("malformed chunk extension") }
    }
}
