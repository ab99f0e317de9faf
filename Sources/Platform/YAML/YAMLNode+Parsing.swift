extension YAMLNode {
    /// Reads one document: maps, lists, scalars, comments, anchors, aliases and `<<`; no tags, no second document.
    ///
    /// - Parameters:
    ///   - bytes: UTF-8, with or without a byte order mark.
    ///   - limits: What to refuse for its size.
    /// - Throws: The first fault; one is enough, since nothing behind it can be trusted.
    package init(parsing bytes: [UInt8], limits: YAMLLimits = YAMLLimits()) throws(YAMLError) {
        guard bytes.count <= limits.bytes else {
            throw YAMLError(
                position: YAMLPosition(line: 1, column: 1),
                message: "larger than \(limits.bytes) bytes"
            )
        }
        let hasMark = bytes.starts(with: [0xEF, 0xBB, 0xBF])
        var parser = try YAMLParser(hasMark ? Array(bytes.dropFirst(3)) : bytes, limits: limits)
        self = try parser.document()
    }

    /// Reads one document.
    package init(parsing text: String, limits: YAMLLimits = YAMLLimits()) throws(YAMLError) {
        try self.init(parsing: Array(text.utf8), limits: limits)
    }
}
