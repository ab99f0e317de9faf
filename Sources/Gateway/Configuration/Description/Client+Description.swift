import JSON
import Telemetry
import YAML

extension Client {
    private static let keySummary = "SHA-256 of the client's key in lower-case hexadecimal digits"

    /// The keys of an entry of `clients`.
    static var section: Section<Client> {
        Section(
            "A caller with keys of its own.",
            Client(name: "", keySHA256: nil),
            [
                Field(
                    "name",
                    \.name,
                    .name,
                    "A name for the client, shown as the owner of its tasks",
                    required: true
                ),
                Field("key_sha256", \.keySHA256, .digest, keySummary),
                Field(
                    "keys",
                    \.keys,
                    .list(of: .section(ClientKey.section), unique: ("sha256", \.sha256)),
                    "Several keys, for changing one without a gap, or keys that expire"
                ),
                Field(
                    "certificates",
                    \.certificates,
                    .list(of: .certificateMatch, unique: (nil, \.description)),
                    "Client certificates that stand for the client: a SHA-256 fingerprint, DNS:NAME or URI:URI each"
                ),
                Field("admin", \.isAdmin, .bool, "Whether it sees the tasks of all clients"),
                Field(
                    "providers",
                    \.providers,
                    .someOf(.name, what: "the providers that it may use"),
                    "The providers that it may use; all when not set"
                ),
                Field(
                    "types",
                    \.types,
                    .someOf(.choice(what: "a type of sound"), what: "what it may ask for"),
                    "What it may ask for; everything when not set"
                ),
                Field(
                    "rate_limit",
                    \.rateLimit,
                    .rate,
                    "How many requests it may make within a time, as 600/m; as many as it likes when not set"
                ),
                Field(
                    "max_concurrent",
                    \.maxConcurrent,
                    .integer(in: 1...1_000_000),
                    "The most tasks that have not ended; server.limits.tasks_per_client when not set"
                ),
                Field(
                    "quota",
                    \.quota,
                    .section(ClientQuota.section),
                    "What it may have in a day and in a month"
                ),
                Field(
                    "enforce",
                    \.enforce,
                    .bool,
                    "Whether its limits refuse anything; false counts and logs what they would have refused"
                ),
                Field(
                    "webhook_secret",
                    \.webhookSecret,
                    .oneOrMore(of: .signingSecret),
                    "What signs the client's webhooks, best as ${vault:NAME}, ${env:NAME} or ${file:PATH}; a list while it is changed",
                    showsDefault: false
                ),
            ]
        )
    }

    /// What must be right about a client as a whole.
    fileprivate static func check(_ client: Client, _ path: String, _ reader: Reader) {
        let isSilent = ["key_sha256", "keys", "certificates"].contains {
            reader.hasProblem(within: "\(path).\($0)")
        }
        guard client.allKeys.isEmpty, client.certificates.isEmpty, !isSilent else { return }
        reader.report(
            reader.position(of: path),
            "\(path).key_sha256",
            "is missing",
            remedy: "add it: \(keySummary)"
        )
    }
}

extension Shape<Client> {
    /// An entry of `clients`.
    static var client: Shape {
        let section = Shape.section(Client.section)
        var schema = section.schema.object ?? [:]
        schema["anyOf"] = [
            ["required": ["key_sha256"]],
            ["required": ["keys"], "properties": ["keys": ["type": "array", "minItems": 1]]],
            [
                "required": ["certificates"],
                "properties": ["certificates": ["type": "array", "minItems": 1]],
            ],
        ]
        return Shape(
            schema: .object(schema),
            rendered: section.rendered,
            comparison: section.comparison,
            read: section.read
        )
        .checked(Client.check)
    }
}

extension Shape {
    /// A list with something in it: an empty one would allow nothing at all, which nobody means.
    fileprivate static func someOf<Element>(_ element: Shape<Element>, what: String) -> Shape
    where Value == [Element], Element: Hashable {
        let list = Shape<[Element]>.list(of: element, unique: (nil, { "\($0)" }))
        return Shape(
            schema: ["type": "array", "items": element.schema, "minItems": 1],
            rendered: list.rendered
        ) { node, path, reader in
            guard let elements = list.read(node, path, reader) else { return nil }
            guard !elements.isEmpty || reader.hasProblem(within: path) else {
                reader.report(
                    node.position,
                    path,
                    "is an empty list",
                    remedy: "list \(what), or remove the key to allow all"
                )
                return nil
            }
            return elements
        }
    }
}

extension ClientKey {
    /// The keys of an entry of `clients[].keys`.
    static var section: Section<ClientKey> {
        Section(
            "One of a client's keys.",
            ClientKey(sha256: ""),
            [
                Field(
                    "sha256",
                    \.sha256,
                    .digest,
                    "SHA-256 of the key in lower-case hexadecimal digits",
                    required: true
                ),
                Field(
                    "expires",
                    \.expires,
                    .timestamp,
                    "From when on the key opens nothing; never when not set"
                ),
            ]
        )
    }
}

extension ClientQuota {
    /// The keys of `clients[].quota`.
    static var section: Section<ClientQuota> {
        Section(
            "What a client may have: tasks, and what they cost in the units that vendors bill.",
            ClientQuota(),
            [
                Field("day", \.day, .allowances, "The most from midnight to midnight in UTC"),
                Field(
                    "month",
                    \.month,
                    .allowances,
                    "The most from the first to the last day of a month in UTC"
                ),
            ]
        )
    }
}

extension Shape<[ClientQuota.Allowance]> {
    private static let pattern = "^([a-z0-9][a-z0-9._-]{0,63}/)?[a-z][a-z_]{0,31}$"

    /// A map from what is counted to the most of it.
    static var allowances: Shape {
        let number = Shape<Int>.integer(in: 0...1_000_000_000)
        return Shape(
            schema: [
                "type": ["object", "null"], "propertyNames": ["pattern": .string(pattern)],
                "additionalProperties": number.schema,
            ],
            rendered: { .object($0.reduce(into: [:]) { $0.append($1.key, JSONValue($1.most)) }) }
        ) { node, path, reader in
            if node.isNull { return [] }
            guard let mapping = node.mapping else {
                reader.report(
                    node.position,
                    path,
                    "is \(node.kind), must be a map",
                    remedy: "write what is counted and the most of it, as in tasks: 100"
                )
                return nil
            }
            return mapping.entries.compactMap { entry in
                let here = "\(path).\(entry.key)"
                reader.note(here, at: entry.keyPosition)
                guard let (provider, unit) = meter(entry.key) else {
                    reader.report(
                        entry.keyPosition,
                        here,
                        "is nothing that can be counted",
                        remedy:
                            "write tasks, a unit that vendors bill (credits), or PROVIDER/UNIT (suno/credits)"
                    )
                    return nil
                }
                return number.read(entry.value, here, reader).map { .init($0, unit, at: provider) }
            }
        }
    }

    /// `UNIT` or `PROVIDER/UNIT`.
    private static func meter(_ key: String) -> (provider: String?, unit: String)? {
        let parts = key.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard (1...2).contains(parts.count), let unit = parts.last, (1...32).contains(unit.utf8.count),
            unit.utf8.allSatisfy({ (97...122).contains($0) || $0 == 95 }), unit.utf8.first != 95
        else { return nil }
        guard parts.count == 2 else { return (nil, unit) }
        return Names.isName(parts[0]) && unit != "tasks" ? (parts[0], unit) : nil
    }
}

extension Shape<Timestamp> {
    /// A point in time with its offset.
    static var timestamp: Shape {
        .parsed(
            schema: [
                "type": "string",
                "pattern":
                    "^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})$",
            ],
            rendered: { .string($0.description) }
        ) { text throws(Malformed) in
            guard let timestamp = Timestamp(text) else {
                throw Malformed(
                    "is not a date with a time",
                    remedy: "write it as in 2027-01-31T23:59:59Z, with Z or an offset at its end"
                )
            }
            return timestamp
        }
    }
}
