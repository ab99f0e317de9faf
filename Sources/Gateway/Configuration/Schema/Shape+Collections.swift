import JSON
import YAML

extension Shape {
    /// A list of one kind of value.
    ///
    /// `unique` is what no two elements may share, and the key it is written under (`nil`: the element itself).
    static func list<Element>(
        of element: Shape<Element>,
        unique: (key: String?, of: (Element) -> String)? = nil
    ) -> Shape where Value == [Element] {
        Shape(
            schema: ["type": ["array", "null"], "items": element.schema],
            rendered: { .array($0.compactMap(element.rendered)) },
            comparison: unique.flatMap { unique in
                element.comparison.map { .named(unique.of, path: { "\($0)[\($1)]" }, $0) }
            }
        ) { node, path, reader in
            if node.isNull { return [] }
            guard let nodes = node.sequence else {
                reader.report(
                    node.position,
                    path,
                    "is \(node.kind), must be a list",
                    remedy: "begin each entry with a dash"
                )
                return nil
            }
            var seen: [String: Int] = [:]
            return nodes.enumerated().compactMap { index, node in
                let here = "\(path)[\(index)]"
                reader.note(here, at: node.position)
                guard let value = element.read(node, here, reader) else { return nil }
                guard let unique else { return value }
                let place = unique.key.map { "\(here).\($0)" } ?? here
                let identity = unique.of(value)
                guard !reader.hasProblem(within: place) else { return value }
                if let first = seen[identity] {
                    reader.report(
                        reader.position(of: place),
                        place,
                        "\"\(identity)\" is already taken by \(path)[\(first)]",
                        remedy: "remove or rename one of them"
                    )
                } else {
                    seen[identity] = index
                }
                return value
            }
        }
    }

    /// A list of at least one, where a single value needs no list.
    static func oneOrMore<Element>(of element: Shape<Element>) -> Shape where Value == [Element] {
        let list = Shape<[Element]>.list(of: element)
        return Shape(
            schema: ["anyOf": [element.schema, ["type": "array", "items": element.schema, "minItems": 1]]],
            rendered: { $0.count == 1 ? element.rendered($0[0]) : list.rendered($0) }
        ) { node, path, reader in
            guard let elements = node.sequence else { return element.read(node, path, reader).map { [$0] } }
            guard !elements.isEmpty else {
                reader.report(
                    node.position,
                    path,
                    "is an empty list",
                    remedy: "list at least one, or remove the key"
                )
                return nil
            }
            return list.read(node, path, reader)
        }
    }

    /// A map from names to sections that know their name.
    static func named<Element>(
        _ name: @escaping (Element) -> String,
        _ section: @escaping (String) -> Section<Element>,
        rule: @escaping (Element, String, Reader) -> Void
    ) -> Shape where Value == [Element] {
        Shape(
            schema: [
                "type": ["object", "null"],
                "propertyNames": ["pattern": "^[a-z0-9][a-z0-9._-]{0,63}$"],
                "additionalProperties": section("").schema,
            ],
            comparison: .named(name, path: { "\($0).\($1)" }, .section { section(name($0)) })
        ) { node, path, reader in
            if node.isNull { return [] }
            guard let mapping = node.mapping else {
                reader.report(node.position, path, "is \(node.kind), must be a map")
                return nil
            }
            return mapping.entries.compactMap { entry in
                let here = "\(path).\(entry.key)"
                guard Names.isName(entry.key) else {
                    reader.report(
                        entry.keyPosition,
                        path,
                        "\"\(entry.key)\" is not a name",
                        remedy: "use up to 64 of a-z, 0-9, '.', '-' and '_', a letter or digit first"
                    )
                    return nil
                }
                reader.note(here, at: entry.keyPosition)
                let value = section(entry.key).read(entry.value, here, reader)
                if let value { rule(value, here, reader) }
                return value
            }
        }
    }

    /// A section within a section.
    static func section(_ section: Section<Value>) -> Shape {
        Shape(schema: section.schema, comparison: .section { _ in section }, read: section.read)
    }
}

extension Shape<JSONValue> {
    /// A map that is passed on as it is; references in its texts are replaced.
    static var freeMap: Shape {
        Shape(schema: ["type": ["object", "null"]]) { node, path, reader in
            if node.isNull { return .object([:]) }
            guard node.mapping != nil else {
                reader.report(node.position, path, "is \(node.kind), must be a map")
                return nil
            }
            return json(node, path, reader)
        }
    }

    private static func json(_ node: YAMLNode, _ path: String, _ reader: Reader) -> JSONValue {
        switch node.content {
        case .sequence(let elements):
            return .array(elements.enumerated().map { json($1, "\(path)[\($0)]", reader) })
        case .mapping(let mapping):
            var object = JSONObject()
            for entry in mapping.entries {
                object.append(entry.key, json(entry.value, "\(path).\(entry.key)", reader))
            }
            return .object(object)
        case .scalar(let scalar):
            switch scalar.value {
            case .null: return .null
            case .bool(let value): return .bool(value)
            case .integer(let value): return JSONValue(value)
            case .real(let value) where value.isFinite: return .number(value)
            case .real:
                reader.report(node.position, path, "is not a finite number")
                return .null
            case .string: return reader.text(node, path).map { .string($0.text) } ?? .null
            }
        }
    }
}
