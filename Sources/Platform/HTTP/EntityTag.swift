/// A validator for one state of a resource (RFC 9110 section 8.8.3).
package struct EntityTag: Hashable, Sendable, CustomStringConvertible {
    /// Without the quotes.
    package let value: String
    package let isWeak: Bool

    /// A tag by its value, which must hold no quote and no control character.
    package init(_ value: String, isWeak: Bool = false) {
        self.value = value
        self.isWeak = isWeak
    }

    /// Parses one tag in its quotes.
    package init?(parsing text: String) {
        var scanner = FieldScanner(text)
        guard let tag = scanner.entityTag(), scanner.isAtEnd else { return nil }
        self = tag
    }

    package var description: String { (isWeak ? "W/\"" : "\"") + value + "\"" }

    /// Same and both strong.
    package func matchesStrongly(_ other: EntityTag) -> Bool {
        !isWeak && !other.isWeak && value == other.value
    }

    /// Same, strong or weak.
    package func matchesWeakly(_ other: EntityTag) -> Bool { value == other.value }

    /// A list of tags, or `nil` for `*` or a malformed list.
    static func list(_ text: String) -> [EntityTag]? {
        var scanner = FieldScanner(text)
        var tags: [EntityTag] = []
        while scanner.skipBlanks(), !scanner.isAtEnd {
            if scanner.skip(0x2C) { continue }
            guard let tag = scanner.entityTag(), scanner.skipBlanks(), scanner.isAtEnd || scanner.skip(0x2C)
            else {
                return nil
            }
            tags.append(tag)
        }
        return tags
    }
}
