import HTTP

/// One field line: a token, a colon at once, and a value without control characters.
struct FieldLine {
    let name: String
    let value: String

    /// Parses a line without its CRLF.
    init(_ line: Span<UInt8>) throws(ParseFailure) {
        // obs-fold: a line that begins with a blank would continue the one before (RFC 9112 section 5.2).
        guard line[0] != 0x20, line[0] != 0x09 else { throw .malformed("field line begins with a blank") }
        var colon = 0
        while colon < line.count, ByteClass.token.contains(line[colon]) { colon += 1 }
        guard colon > 0, colon < line.count, line[colon] == 0x3A else {
            throw .malformed("malformed field name")
        }
        var start = colon + 1
        var end = line.count
        while start < end, line[start] == 0x20 || line[start] == 0x09 { start += 1 }
        while end > start, line[end - 1] == 0x20 || line[end - 1] == 0x09 { end -= 1 }
        for index in start..<end {
            let byte = line[index]
            guard byte >= 0x20 && byte != 0x7F || byte == 0x09 else {
                throw .malformed("control character in a field value")
            }
        }
        name = String(line, 0..<colon)
        value = String(line, start..<end)
    }
}

extension String {
    /// The text of some bytes; what is not UTF-8 is replaced, for RFC 9110 leaves such bytes without meaning.
    init(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        self = unsafe bytes.extracting(range).withUnsafeBufferPointer {
            unsafe String(decoding: $0, as: UTF8.self)
        }
    }
}
