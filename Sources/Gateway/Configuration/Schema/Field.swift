import JSON
import YAML

/// One key of a section.
struct Field<Root> {
    /// The word in the file.
    let key: String
    /// What it is for, without a full stop.
    let summary: String
    /// Whether the section means nothing without it.
    let isRequired: Bool
    /// Whether this version does what it asks for; a key of a later version is known and refused.
    let isSupported: Bool
    /// Whether it is read before its neighbours, wherever it stands among them.
    let isReadFirst: Bool
    /// What the JSON Schema says; takes the struct with every default.
    let schema: (Root) -> JSONValue
    /// Reads the value into the struct.
    let read: (YAMLNode, String, Reader, inout Root) -> Void
    /// What differs between two structs, by its path.
    let changes: (Root, Root, String) -> [ConfigurationChange]
    /// Puts what needs a restart back to what it was.
    let keep: (Root, inout Root) -> Void

    /// A key whose property always has a value.
    init<Value: Equatable>(
        _ key: String,
        _ property: WritableKeyPath<Root, Value>,
        _ shape: Shape<Value>,
        _ summary: String,
        required: Bool = false,
        showsDefault: Bool = true,
        needsRestart: Bool = false
    ) {
        let summary = Self.summary(summary, needsRestart)
        self.key = key
        self.summary = summary
        (changes, keep) = Self.comparing(property, shape.comparison ?? .whole, needsRestart)
        isRequired = required
        isSupported = true
        isReadFirst = false
        schema = { initial in
            let value = required || !showsDefault ? nil : shape.rendered(initial[keyPath: property])
            return Self.described(shape.schema, summary, default: value)
        }
        read = { node, path, reader, root in
            if let value = shape.read(node, path, reader) { root[keyPath: property] = value }
        }
    }

    /// A key whose property is `nil` when nothing was said.
    ///
    /// With `comesLive` false, adding or removing it needs a restart; its parts say for themselves.
    init<Value: Equatable>(
        _ key: String,
        _ property: WritableKeyPath<Root, Value?>,
        _ shape: Shape<Value>,
        _ summary: String,
        readFirst: Bool = false,
        needsRestart: Bool = false,
        comesLive: Bool = true
    ) {
        let summary = Self.summary(summary, needsRestart)
        self.key = key
        self.summary = summary
        (changes, keep) = Self.comparing(
            property,
            .optional(shape.comparison ?? .whole, comesLive: comesLive),
            needsRestart
        )
        isRequired = false
        isSupported = true
        isReadFirst = readFirst
        schema = { _ in Self.described(shape.schema, summary, default: nil) }
        read = { node, path, reader, root in
            if let value = shape.read(node, path, reader) { root[keyPath: property] = value }
        }
    }

    private init(later key: String, _ summary: String) {
        self.key = key
        self.summary = summary
        isRequired = false
        isSupported = false
        isReadFirst = false
        schema = { _ in ["description": .string("\(summary). Not supported by this version."), "not": [:]] }
        read = { _, _, _, _ in }
        changes = { _, _, _ in [] }
        keep = { _, _ in }
    }

    /// A key that a later version will read; this one refuses it rather than ignore it.
    static func later(_ key: String, _ summary: String) -> Field { Field(later: key, summary) }

    private static func described(_ schema: JSONValue, _ summary: String, default value: JSONValue?)
        -> JSONValue
    {
        var described: JSONObject = ["description": .string("\(summary).")]
        for member in schema.object ?? [:] where member.key != "description" {
            described[member.key] = member.value
        }
        if let value { described["default"] = value }
        return .object(described)
    }

    private static func summary(_ summary: String, _ needsRestart: Bool) -> String {
        needsRestart ? "\(summary); taken up at the next start only" : summary
    }

    private static func comparing<Value>(
        _ property: WritableKeyPath<Root, Value>,
        _ comparison: Comparison<Value>,
        _ needsRestart: Bool
    ) -> (changes: (Root, Root, String) -> [ConfigurationChange], keep: (Root, inout Root) -> Void) {
        (
            { old, new, path in
                comparison.changes(old[keyPath: property], new[keyPath: property], path).map { change in
                    var change = change
                    if needsRestart { change.needsRestart = true }
                    return change
                }
            },
            { old, new in
                if needsRestart {
                    new[keyPath: property] = old[keyPath: property]
                } else {
                    comparison.keep(old[keyPath: property], &new[keyPath: property])
                }
            }
        )
    }
}
