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

    /// A key whose property always has a value.
    init<Value>(
        _ key: String,
        _ property: WritableKeyPath<Root, Value>,
        _ shape: Shape<Value>,
        _ summary: String,
        required: Bool = false,
        showsDefault: Bool = true
    ) {
        self.key = key
        self.summary = summary
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
    init<Value>(
        _ key: String,
        _ property: WritableKeyPath<Root, Value?>,
        _ shape: Shape<Value>,
        _ summary: String,
        readFirst: Bool = false
    ) {
        self.key = key
        self.summary = summary
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
}
