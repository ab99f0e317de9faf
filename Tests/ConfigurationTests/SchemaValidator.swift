import JSON
import YAML

/// As much of JSON Schema as our schema uses; an unknown keyword is a complaint, so that none is passed over.
struct SchemaValidator {
    let root: JSONValue

    /// What is wrong with a value, each with its path.
    func complaints(_ value: JSONValue, _ schema: JSONValue, at path: String = "$") throws -> [String] {
        var found: [String] = []
        for keyword in schema.object ?? [:] {
            found += try complaints(value, keyword.key, keyword.value, schema, path)
        }
        return found
    }

    private func complaints(
        _ value: JSONValue,
        _ keyword: String,
        _ argument: JSONValue,
        _ schema: JSONValue,
        _ path: String
    ) throws -> [String] {
        let complaint = ["\(path): \(keyword)"]
        switch keyword {
        case "$schema", "$defs", "title", "description", "default": return []
        case "$ref":
            let name = argument.string?.split(separator: "/").last.map(String.init) ?? ""
            guard let target = root["$defs"]?[name] else { return complaint }
            return try complaints(value, target, at: path)
        case "type":
            let types = argument.array?.compactMap(\.string) ?? [argument.string ?? ""]
            let kind = value.kind == "number" && value.integer != nil ? "integer" : value.kind
            // Every integer is a number.
            let fits = types.contains(kind) || kind == "integer" && types.contains("number")
            return fits ? [] : complaint
        case "const": return value == argument ? [] : complaint
        case "enum": return argument.array?.contains(value) == true ? [] : complaint
        case "not": return try complaints(value, argument, at: path).isEmpty ? complaint : []
        case "anyOf":
            let fits = try argument.array?.contains { try complaints(value, $0, at: path).isEmpty }
            return fits == true ? [] : complaint
        case "pattern":
            guard let text = value.string, let pattern = argument.string else { return [] }
            return try text.firstMatch(of: Regex(pattern)) == nil ? complaint : []
        case "minLength":
            return (value.string?.unicodeScalars.count ?? .max) < argument.integer ?? 0 ? complaint : []
        case "minItems": return (value.array?.count ?? .max) < argument.integer ?? 0 ? complaint : []
        case "minimum": return (value.integer ?? .max) < argument.integer ?? .min ? complaint : []
        case "maximum": return (value.integer ?? .min) > argument.integer ?? .max ? complaint : []
        case "items":
            return try (value.array ?? []).enumerated().flatMap {
                try complaints($1, argument, at: "\(path)[\($0)]")
            }
        case "required":
            guard let object = value.object else { return [] }
            return (argument.array ?? []).compactMap(\.string).filter { object[$0] == nil }.map {
                "\(path).\($0): required"
            }
        case "properties":
            return try (value.object.map(Array.init) ?? []).flatMap { member in
                try argument[member.key].map { try complaints(member.value, $0, at: "\(path).\(member.key)") }
                    ?? []
            }
        case "propertyNames":
            return try (value.object.map(Array.init) ?? []).flatMap { member in
                try complaints(.string(member.key), argument, at: "\(path).\(member.key)")
            }
        case "additionalProperties":
            return try (value.object.map(Array.init) ?? []).flatMap { member -> [String] in
                guard schema["properties"]?[member.key] == nil else { return [] }
                if argument == false { return ["\(path).\(member.key): additionalProperties"] }
                return try complaints(member.value, argument, at: "\(path).\(member.key)")
            }
        default: return ["\(path): the validator does not know \(keyword)"]
        }
    }

    /// A YAML value as JSON, as an editor's YAML support sees it.
    static func json(_ node: YAMLNode) -> JSONValue {
        switch node.content {
        case .sequence(let elements): return .array(elements.map(json))
        case .mapping(let mapping):
            var object = JSONObject()
            for entry in mapping.entries { object.append(entry.key, json(entry.value)) }
            return .object(object)
        case .scalar(let scalar):
            return switch scalar.value {
            case .null: .null
            case .bool(let value): .bool(value)
            case .integer(let value): JSONValue(value)
            case .real(let value): .number(value)
            case .string: .string(scalar.text)
            }
        }
    }
}
