/// A place in a text, counted as editors count.
package struct YAMLPosition: Sendable, Hashable, Comparable {
    /// The line; the first is 1.
    package let line: Int
    /// The column in Unicode scalars; the first is 1.
    package let column: Int

    /// A place in a text; both counts begin at 1.
    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    package static func < (first: YAMLPosition, second: YAMLPosition) -> Bool {
        (first.line, first.column) < (second.line, second.column)
    }
}
