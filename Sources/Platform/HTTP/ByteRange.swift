/// What part of a representation a `Range` request gets (RFC 9110 section 14).
package enum ByteRange: Hashable, Sendable {
    /// All of it with 200: no range was asked, the field is malformed, or `If-Range` no longer holds.
    ///
    /// Several ranges at once also get everything: the RFC allows it, no player needs `multipart/byteranges`, and many
    /// small overlapping ranges are a known attack.
    case whole
    /// These bytes with 206.
    case partial(Range<Int64>)
    /// None, with 416 and `Content-Range: bytes */size`.
    case unsatisfiable

    /// Chooses the range for a `GET` with these fields of a representation of that size.
    package static func select(
        _ fields: Fields,
        size: Int64,
        entityTag: EntityTag? = nil,
        lastModified: HTTPDate? = nil
    ) -> ByteRange {
        guard let range = fields["Range"] else { return .whole }
        if let condition = fields["If-Range"], !holds(condition, entityTag, lastModified) { return .whole }
        return parse(range, size: size)
    }

    /// The value of `Content-Range` for this part, or `nil` for the whole.
    package func contentRange(size: Int64) -> String? {
        switch self {
        case .whole: nil
        case .partial(let range): "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(size)"
        case .unsatisfiable: "bytes */\(size)"
        }
    }

    private static func holds(_ condition: String, _ entityTag: EntityTag?, _ lastModified: HTTPDate?) -> Bool
    {
        if let tag = EntityTag(parsing: condition) { return entityTag.map(tag.matchesStrongly) ?? false }
        guard let date = HTTPDate(parsing: condition), let lastModified else { return false }
        return date == lastModified
    }

    private static func parse(_ text: String, size: Int64) -> ByteRange {
        var scanner = FieldScanner(text)
        guard scanner.token()?.asciiLowercased == "bytes", scanner.skip(0x3D), scanner.skipBlanks() else {
            return .whole
        }
        if scanner.skip(0x2D) {
            guard let count = scanner.digits(), scanner.skipBlanks(), scanner.isAtEnd else { return .whole }
            guard count > 0, size > 0 else { return .unsatisfiable }
            return .partial(max(0, size - count)..<size)
        }
        guard let first = scanner.digits(), scanner.skip(0x2D) else { return .whole }
        let last = scanner.digits()
        guard scanner.skipBlanks(), scanner.isAtEnd else { return .whole }
        if let last, last < first { return .whole }
        guard first < size else { return .unsatisfiable }
        return .partial(first..<min(size - 1, last ?? (size - 1)) + 1)
    }
}
