/// The entries of a mapping in the order of the text; no two have the same key.
package struct YAMLMapping: Sendable, Equatable {
    /// One key and its value.
    package struct Entry: Sendable, Equatable {
        /// The key's text.
        ///
        /// Keys are text whatever they look like, so `1` and `"1"` are the same key.
        package let key: String
        /// Where the key begins.
        package let keyPosition: YAMLPosition
        /// The value.
        package let value: YAMLNode
    }

    /// In the order of the text; entries merged by `<<` come last.
    package let entries: [Entry]

    /// The value of that key.
    ///
    /// - Complexity: Linear, which suits mappings written by people.
    package subscript(key: String) -> YAMLNode? { entries.first { $0.key == key }?.value }
}
