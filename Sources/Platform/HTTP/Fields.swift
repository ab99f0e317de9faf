/// Header or trailer fields in the order they were sent; names are looked up without regard to case.
///
/// A list of pairs, not a dictionary: a message has a dozen fields, order matters when they repeat, and a scan over
/// short names costs less than hashing them.
package struct Fields: Sendable {
    /// One field line.
    package struct Field: Hashable, Sendable {
        package let name: String
        package var value: String

        /// A field as it stands on its line.
        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    private var lines: [Field] = []

    /// No fields.
    package init() {}

    /// Fields from pairs, repeated names kept.
    package init(_ pairs: [(String, String)]) {
        lines = pairs.map { Field(name: $0.0, value: $0.1) }
    }

    /// The field's value, repeated lines joined by `, ` as RFC 9110 section 5.2 has it; assigning replaces every line of
    /// that name, `nil` removes them.
    package subscript(name: String) -> String? {
        get {
            var found: String?
            for line in lines where line.name.equalsIgnoringASCIICase(name) {
                found = found.map { $0 + ", " + line.value } ?? line.value
            }
            return found
        }
        set {
            guard let newValue else { return remove(name) }
            guard let first = lines.firstIndex(where: { $0.name.equalsIgnoringASCIICase(name) }) else {
                return append(name, newValue)
            }
            lines[first].value = newValue
            let rest = lines.index(after: first)...
            let repeated = lines[rest].contains { $0.name.equalsIgnoringASCIICase(name) }
            guard repeated else { return }
            let kept = lines[first]
            remove(name)
            lines.insert(kept, at: first)
        }
    }

    /// The values of every line of that name, in order.
    package func values(for name: String) -> [String] {
        lines.filter { $0.name.equalsIgnoringASCIICase(name) }.map(\.value)
    }

    /// The members of a comma-separated list field over all its lines, blanks trimmed and empty members dropped.
    ///
    /// Not for fields whose members hold quoted commas.
    package func members(of name: String) -> [String] {
        values(for: name).flatMap { $0.split(separator: ",") }.map { String(String($0).trimmingBlanks) }
            .filter { !$0.isEmpty }
    }

    /// Whether a line of that name exists.
    package func contains(_ name: String) -> Bool {
        lines.contains { $0.name.equalsIgnoringASCIICase(name) }
    }

    /// Adds a line after the others, whether or not the name is there already.
    package mutating func append(_ name: String, _ value: String) {
        lines.append(Field(name: name, value: value))
    }

    /// Drops every line of that name.
    package mutating func remove(_ name: String) {
        lines.removeAll { $0.name.equalsIgnoringASCIICase(name) }
    }

    /// Makes room for so many lines.
    package mutating func reserveCapacity(_ count: Int) {
        lines.reserveCapacity(count)
    }
}

extension Fields: RandomAccessCollection {
    package var startIndex: Int { 0 }
    package var endIndex: Int { lines.count }
    package subscript(position: Int) -> Field { lines[position] }
}

extension Fields: Equatable {
    /// Same lines in the same order; names may differ in case.
    package static func == (left: Fields, right: Fields) -> Bool {
        left.count == right.count
            && zip(left, right).allSatisfy {
                $0.name.equalsIgnoringASCIICase($1.name) && $0.value == $1.value
            }
    }
}

extension Fields: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, String)...) {
        self.init(elements)
    }
}
