import JSON
import Spelling
import YAML

extension LogConfiguration {
    /// The keys of `log`.
    static var section: Section<LogConfiguration> {
        Section(
            "What is logged, and how.",
            LogConfiguration(),
            [
                Field(
                    "level",
                    \.level,
                    .choice(what: "a log level"),
                    "The least important lines still written"
                ),
                Field(
                    "modules",
                    \.modules,
                    .moduleLevels,
                    "Levels of single modules, as in { Tasks: debug }"
                ),
                Field(
                    "repeats",
                    \.repeats,
                    .integer(in: 0...1_000_000),
                    "How many lines with the same message a module writes in a second; more are counted and told, 0 writes all"
                ),
                Field(
                    "format",
                    \.format,
                    .choice(what: "a log format"),
                    "How a line looks; auto is text on a terminal and JSON elsewhere",
                    needsRestart: true
                ),
            ]
        )
    }
}

extension Shape<[LogConfiguration.Module: LogConfiguration.Level]> {
    /// A level for each of some modules.
    fileprivate static var moduleLevels: Shape {
        let level = Shape<LogConfiguration.Level>.choice(what: "a log level")
        let modules = LogConfiguration.Module.allCases
        return Shape(
            schema: [
                "type": ["object", "null"],
                "propertyNames": ["enum": .array(modules.map { .string($0.rawValue) })],
                "additionalProperties": level.schema,
            ],
            comparison: Comparison(changes: { old, new, path in
                modules.compactMap { module in
                    guard old[module] != new[module] else { return nil }
                    let kind: ConfigurationChange.Kind =
                        old[module] == nil ? .added : new[module] == nil ? .removed : .changed
                    return ConfigurationChange("\(path).\(module.rawValue)", kind)
                }
            })
        ) { node, path, reader in
            if node.isNull { return [:] }
            guard let mapping = node.mapping else {
                reader.report(
                    node.position,
                    path,
                    "is \(node.kind), must be a map",
                    remedy: "write it as in { Tasks: debug }"
                )
                return nil
            }
            return mapping.entries.reduce(into: [:]) { levels, entry in
                let here = "\(path).\(entry.key)"
                guard let module = LogConfiguration.Module(rawValue: entry.key) else {
                    let names = modules.map(\.rawValue)
                    // Somebody may have left out the capitals only.
                    let meant =
                        names.first { $0.lowercased() == entry.key.lowercased() }
                        ?? nearestMatch(to: entry.key, among: names)
                    reader.report(
                        entry.keyPosition,
                        here,
                        "no module is called \"\(entry.key)\"",
                        remedy: meant.map { "did you mean \"\($0)\"?" }
                            ?? "use one of \(names.joined(separator: ", "))"
                    )
                    return
                }
                reader.note(here, at: entry.value.position)
                levels[module] = level.read(entry.value, here, reader)
            }
        }
    }
}
