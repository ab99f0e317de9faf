import JSON
import Spelling
import YAML

/// A map with fixed keys: what they are, what they hold, and which property of a struct each one sets.
struct Section<Root> {
    /// What it is for, in a sentence.
    let summary: String
    /// The struct with every default.
    let initial: Root
    /// The keys in the order people write them.
    let fields: [Field<Root>]

    init(_ summary: String, _ initial: Root, _ fields: [Field<Root>]) {
        self.summary = summary
        self.initial = initial
        self.fields = fields
    }

    /// The struct as the file sets it; what is wrong is reported and keeps its default.
    func read(_ node: YAMLNode, _ path: String, _ reader: Reader) -> Root? {
        let known = fields.filter(\.isSupported).map(\.key)
        // A section whose keys are all commented out is `null` to YAML.
        let entries = node.isNull ? [] : node.mapping?.entries
        guard let entries else {
            reader.report(
                node.position,
                path,
                "is \(node.kind), must be a map",
                remedy: "its keys are \(known.joined(separator: ", "))"
            )
            return nil
        }
        var root = initial
        let early = Set(fields.filter(\.isReadFirst).map(\.key))
        for entry in entries.filter({ early.contains($0.key) }) + entries.filter({ !early.contains($0.key) })
        {
            let here = path.isEmpty ? entry.key : "\(path).\(entry.key)"
            guard let field = fields.first(where: { $0.key == entry.key }) else {
                let meant = nearestMatch(to: entry.key, among: known).map { "did you mean \"\($0)\"?" }
                reader.report(
                    entry.keyPosition,
                    here,
                    "unknown key",
                    remedy: meant ?? "the keys here are \(known.joined(separator: ", "))"
                )
                continue
            }
            guard field.isSupported else {
                reader.report(entry.keyPosition, here, "not supported by this version", remedy: "remove it")
                continue
            }
            reader.note(here, at: entry.value.position)
            field.read(entry.value, here, reader, &root)
        }
        for field in fields where field.isRequired && !entries.contains(where: { $0.key == field.key }) {
            reader.report(
                node.position,
                "\(path).\(field.key)",
                "is missing",
                remedy: "add it: \(field.summary)"
            )
        }
        return root
    }

    /// The section in JSON Schema, defaults included.
    var schema: JSONValue {
        var properties = JSONObject()
        for field in fields { properties.append(field.key, field.schema(initial)) }
        var schema: JSONObject = ["description": .string(summary), "type": ["object", "null"]]
        schema["properties"] = .object(properties)
        schema["additionalProperties"] = false
        let required = fields.filter(\.isRequired).map { JSONValue.string($0.key) }
        if !required.isEmpty {
            schema["required"] = .array(required)
            schema["type"] = "object"
        }
        return .object(schema)
    }
}
