import JSON

/// Holds a value against the part of JSON Schema that the contract uses.
///
/// A keyword that it does not know is a violation itself: nothing is passed over in silence.
struct SchemaChecker {
    /// The document that `$ref` points into.
    let document: JSONValue

    /// Where and how the value breaks the schema; empty when it does not.
    func violations(of value: JSONValue, against schema: JSONValue, at path: String = "$") -> [String] {
        guard let keywords = schema.object else { return ["\(path): the schema is no object"] }
        return keywords.flatMap { member in
            violations(of: value, member.key, member.value, within: schema, at: path)
        }
    }

    /// The value that a local pointer such as `#/components/schemas/Task` names.
    func resolve(_ pointer: String) -> JSONValue? {
        pointer.split(separator: "/").dropFirst().reduce(document) { $0?[String($1)] }
    }

    private func violations(
        of value: JSONValue,
        _ keyword: String,
        _ argument: JSONValue,
        within schema: JSONValue,
        at path: String
    ) -> [String] {
        switch keyword {
        case "description", "summary", "examples", "default", "format": return []
        case "$ref":
            guard let target = argument.string.flatMap(resolve) else {
                return ["\(path): a dead $ref \(argument)"]
            }
            return violations(of: value, against: target, at: path)
        case "oneOf", "anyOf":
            let results = (argument.array ?? []).map { violations(of: value, against: $0, at: path) }
            let met = results.count { $0.isEmpty }
            let isMet = keyword == "oneOf" ? met == 1 : met >= 1
            return isMet ? [] : ["\(path): \(keyword) is met \(met) times"] + results.joined()
        case "not":
            let isMet = !violations(of: value, against: argument, at: path).isEmpty
            return isMet ? [] : ["\(path): is what it must not be"]
        case "if":
            let isMet = violations(of: value, against: argument, at: path).isEmpty
            guard let rule = schema[isMet ? "then" : "else"] else { return [] }
            return violations(of: value, against: rule, at: path)
        case "then", "else": return []
        case "type":
            let types = argument.array ?? [argument]
            let isOneOf = types.contains { $0.string.map { value.isOfType($0) } ?? false }
            return isOneOf ? [] : ["\(path): not of type \(argument)"]
        case "const": return value == argument ? [] : ["\(path): not \(argument)"]
        case "enum":
            return argument.array?.contains(value) == true ? [] : ["\(path): \(value) is not in the enum"]
        default:
            if let object = value.object, let found = members(of: object, keyword, argument, schema, path) {
                return found
            }
            return limits(on: value, keyword, argument, path)
        }
    }

    /// Keywords for objects; `nil` for others.
    private func members(
        of object: JSONObject,
        _ keyword: String,
        _ argument: JSONValue,
        _ schema: JSONValue,
        _ path: String
    ) -> [String]? {
        switch keyword {
        case "required":
            return (argument.array ?? []).compactMap(\.string).filter { object[$0] == nil }
                .map { "\(path): \($0) is missing" }
        case "properties":
            return object.flatMap { member in
                argument[member.key].map {
                    violations(of: member.value, against: $0, at: "\(path).\(member.key)")
                } ?? []
            }
        case "additionalProperties":
            return object.filter { schema["properties"]?[$0.key] == nil }.flatMap { member in
                argument.bool == nil
                    ? violations(of: member.value, against: argument, at: "\(path).\(member.key)")
                    : argument.bool == true ? [] : ["\(path): \(member.key) is not in the contract"]
            }
        case "propertyNames":
            return object.flatMap { violations(of: .string($0.key), against: argument, at: "\(path) (name)") }
        default: return nil
        }
    }

    private func limits(
        on value: JSONValue,
        _ keyword: String,
        _ argument: JSONValue,
        _ path: String
    )
        -> [String]
    {
        let limit = argument.double ?? .nan
        let isMet: Bool
        switch keyword {
        case "minimum": isMet = value.double.map { $0 >= limit } ?? true
        case "maximum": isMet = value.double.map { $0 <= limit } ?? true
        case "minLength": isMet = value.string.map { Double($0.unicodeScalars.count) >= limit } ?? true
        case "maxLength": isMet = value.string.map { Double($0.unicodeScalars.count) <= limit } ?? true
        case "minItems": isMet = value.array.map { Double($0.count) >= limit } ?? true
        case "maxProperties": isMet = value.object.map { Double($0.count) <= limit } ?? true
        case "pattern":
            guard let text = value.string, let pattern = argument.string else { return [] }
            do {
                isMet = try text.contains(Regex(pattern))
            } catch {
                return ["\(path): the pattern \(pattern) cannot be read"]
            }
        case "items":
            return (value.array ?? []).enumerated().flatMap { index, item in
                violations(of: item, against: argument, at: "\(path)[\(index)]")
            }
        case "required", "properties", "additionalProperties", "propertyNames": return []
        default: return ["\(path): the checker does not know the keyword \(keyword)"]
        }
        return isMet ? [] : ["\(path): breaks \(keyword) \(argument)"]
    }
}

extension JSONValue {
    fileprivate func isOfType(_ name: String) -> Bool {
        switch name {
        case "null": isNull
        case "boolean": bool != nil
        case "integer": integer != nil
        case "number": double != nil
        case "string": string != nil
        case "array": array != nil
        case "object": object != nil
        default: false
        }
    }
}
