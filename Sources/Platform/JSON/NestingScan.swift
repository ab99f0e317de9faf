/// Refuses deep nesting and too many values before the C library's recursive parser sees them.
enum NestingScan {
    /// Counts brackets and commas outside strings; texts that are wrong in other ways may pass.
    static func check(_ bytes: UnsafeBufferPointer<UInt8>, maximumDepth: Int, maximumValues: Int)
        throws(JSONError)
    {
        var depth = 0
        // An upper bound: the first value of each array or object comes after its bracket, each other after a comma.
        var values = 1
        var offset = 0
        var inString = false
        while offset < bytes.count {
            let byte = unsafe bytes[offset]
            if inString {
                if byte == UInt8(ascii: "\\") {
                    offset += 1
                } else if byte == UInt8(ascii: "\"") {
                    inString = false
                }
            } else {
                switch byte {
                case UInt8(ascii: "\""): inString = true
                case UInt8(ascii: "["), UInt8(ascii: "{"):
                    depth += 1
                    values += 1
                    if depth > maximumDepth {
                        throw unsafe error(
                            "nested more than \(maximumDepth) levels deep",
                            bytes,
                            at: offset
                        )
                    }
                case UInt8(ascii: ","): values += 1
                case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
                default: break
                }
                if values > maximumValues {
                    throw unsafe error("more than \(maximumValues) values", bytes, at: offset)
                }
            }
            offset += 1
        }
    }

    private static func error(_ message: String, _ bytes: UnsafeBufferPointer<UInt8>, at offset: Int)
        -> JSONError
    {
        var line = 1
        var column = 0
        for index in 0...offset {
            let byte = unsafe bytes[index]
            if byte == UInt8(ascii: "\n") {
                line += 1
                column = 0
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
        }
        return JSONError(line: line, column: column, offset: offset, message: message)
    }
}
