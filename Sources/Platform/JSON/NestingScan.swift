/// Refuses deep nesting before the C library's recursive parser sees it.
enum NestingScan {
    /// Counts brackets outside strings; texts that are wrong in other ways may pass.
    static func check(_ bytes: UnsafeBufferPointer<UInt8>, maximumDepth: Int) throws(JSONError) {
        var depth = 0
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
                    if depth > maximumDepth { throw unsafe tooDeep(bytes, at: offset, maximumDepth) }
                case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
                default: break
                }
            }
            offset += 1
        }
    }

    private static func tooDeep(
        _ bytes: UnsafeBufferPointer<UInt8>,
        at offset: Int,
        _ maximumDepth: Int
    ) -> JSONError {
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
        return JSONError(
            line: line,
            column: column,
            offset: offset,
            message: "nested more than \(maximumDepth) levels deep"
        )
    }
}
