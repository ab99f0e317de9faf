/// A JSON object that keeps its members in the order they were written.
///
/// Two objects are equal when they hold the same members, in whatever order.
///
/// - Complexity: Looking a member up is linear, which beats hashing for the handful of members that real objects have.
package struct JSONObject: Sendable {
    /// One name and its value.
    package struct Member: Sendable, Equatable {
        package let key: String
        package var value: JSONValue
    }

    private var members: [Member]

    /// An object without members.
    package init() { members = [] }

    /// Members whose names are known to differ.
    init(members: [Member]) { self.members = members }

    /// The number of members.
    package var count: Int { members.count }

    /// Whether there are no members.
    package var isEmpty: Bool { members.isEmpty }

    /// The names in order.
    package var keys: some Sequence<String> { members.lazy.map(\.key) }

    /// The member of that name; assigning `nil` removes it, a new name goes last.
    package subscript(key: String) -> JSONValue? {
        get { members.first { $0.key == key }?.value }
        set {
            let index = members.firstIndex { $0.key == key }
            switch (index, newValue) {
            case (let index?, let value?): members[index].value = value
            case (let index?, nil): members.remove(at: index)
            case (nil, let value?): members.append(Member(key: key, value: value))
            case (nil, nil): break
            }
        }
    }

    /// Adds a member without looking whether the name is taken; that it is free is the caller's word.
    package mutating func append(_ key: String, _ value: JSONValue) {
        members.append(Member(key: key, value: value))
    }
}

extension JSONObject: Sequence {
    /// Hands out the members in order.
    package func makeIterator() -> IndexingIterator<[Member]> { members.makeIterator() }

    package var underestimatedCount: Int { members.count }
}

extension JSONObject: Equatable {
    package static func == (left: JSONObject, right: JSONObject) -> Bool {
        guard left.count == right.count else { return false }
        if left.members == right.members { return true }
        let index = Dictionary(
            right.members.map { ($0.key, $0.value) },
            uniquingKeysWith: { first, _ in first }
        )
        return left.members.allSatisfy { index[$0.key] == $0.value }
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        members = elements.map { Member(key: $0.0, value: $0.1) }
    }
}
