/// A value of a YAML document, with its place in the text.
///
/// Aliases are already replaced by what they stand for: the copy has the alias's place, its children keep theirs.
package struct YAMLNode: Sendable, Equatable {
    /// Where it begins.
    package let position: YAMLPosition
    /// What it is.
    package let content: Content

    /// A value at a place.
    package init(position: YAMLPosition, content: Content) {
        self.position = position
        self.content = content
    }

    /// The three forms a value takes.
    package enum Content: Sendable, Equatable {
        /// Text, a number, a truth value or nothing.
        case scalar(YAMLScalar)
        /// A list.
        case sequence([YAMLNode])
        /// Names and values.
        case mapping(YAMLMapping)
    }

    /// The scalar, when this is one.
    package var scalar: YAMLScalar? {
        if case .scalar(let scalar) = content { scalar } else { nil }
    }

    /// The elements, when this is a sequence.
    package var sequence: [YAMLNode]? {
        if case .sequence(let elements) = content { elements } else { nil }
    }

    /// The entries, when this is a mapping.
    package var mapping: YAMLMapping? {
        if case .mapping(let mapping) = content { mapping } else { nil }
    }

    /// Whether nothing was written, or `null` or `~`.
    package var isNull: Bool { scalar?.value == .null }

    /// The element at that place; `nil` when there is none or this is no sequence.
    package subscript(index: Int) -> YAMLNode? {
        guard let sequence, sequence.indices.contains(index) else { return nil }
        return sequence[index]
    }

    /// The value of that key; `nil` when there is none or this is no mapping.
    package subscript(key: String) -> YAMLNode? { mapping?[key] }

    /// What this is, for messages to people.
    package var kind: String {
        switch content {
        case .sequence: "a list"
        case .mapping: "a map"
        case .scalar(let scalar): scalar.value.kind
        }
    }
}
