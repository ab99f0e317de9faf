import JSON
import YAML

extension JSONValue {
    /// The same tree in JSON; a mapping's keys are text.
    init(_ node: YAMLNode) {
        switch node.content {
        case .scalar(let scalar):
            switch scalar.value {
            case .null: self = .null
            case .bool(let value): self = .bool(value)
            case .integer(let value): self = .integer(Int64(value))
            case .real(let value): self = .number(value)
            case .string: self = .string(scalar.text)
            }
        case .sequence(let items): self = .array(items.map { JSONValue($0) })
        case .mapping(let mapping):
            var object = JSONObject()
            for entry in mapping.entries { object.append(entry.key, JSONValue(entry.value)) }
            self = .object(object)
        }
    }
}
