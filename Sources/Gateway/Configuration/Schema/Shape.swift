import JSON
import YAML

/// A kind of value: how it is read from the file, and how the JSON Schema tells it.
struct Shape<Value> {
    /// What the JSON Schema says.
    let schema: JSONValue
    /// The value at a place; reports problems, and gives `nil` when there is no value to go on with.
    let read: (YAMLNode, String, Reader) -> Value?
    /// How the schema writes a default of this kind; `nil` for none.
    let rendered: (Value) -> JSONValue?
    /// How two of them are held against each other; `nil` for as a whole.
    let comparison: Comparison<Value>?

    init(
        schema: JSONValue,
        rendered: @escaping (Value) -> JSONValue? = { _ in nil },
        comparison: Comparison<Value>? = nil,
        read: @escaping (YAMLNode, String, Reader) -> Value?
    ) {
        self.schema = schema
        self.rendered = rendered
        self.comparison = comparison
        self.read = read
    }

    /// The same kind with one more rule.
    func checked(_ rule: @escaping (Value, String, Reader) -> Void) -> Self {
        Shape(schema: schema, rendered: rendered, comparison: comparison) { node, path, reader in
            let value = read(node, path, reader)
            if let value { rule(value, path, reader) }
            return value
        }
    }
}

/// What the schema says of values that come from elsewhere.
enum ReferenceSchema {
    /// A text with `${env:…}` or `${file:…}` in it.
    static let definition: JSONValue = [
        "description": "A value from the environment or from a file.",
        "type": "string",
        "pattern": "\\$\\{(env|file):[^}]+\\}",
    ]

    /// A text with `${vault:…}` or `${hcv:…}` in it, or with one of the others.
    static let secretDefinition: JSONValue = [
        "description": "A value from the vault, from HashiCorp Vault, from the environment or from a file.",
        "type": "string",
        "pattern": "\\$\\{(vault|hcv|env|file):[^}]+\\}",
    ]

    /// Either what is wanted, or a reference to it, which may lead into the vault.
    static func orSecret(_ schema: JSONValue) -> JSONValue {
        ["anyOf": [schema, ["$ref": "#/$defs/secret_reference"]]]
    }

    /// Either what is wanted, or a reference to it.
    static func or(_ schema: JSONValue) -> JSONValue {
        ["anyOf": [schema, ["$ref": "#/$defs/reference"]]]
    }
}
