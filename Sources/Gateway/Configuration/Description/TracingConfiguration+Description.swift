import Crypto
import JSON
import YAML

extension TracingConfiguration {
    /// The keys of `tracing`.
    static var section: Section<TracingConfiguration> {
        Section(
            "Which traces are recorded, and where they go.",
            TracingConfiguration(),
            [
                Field(
                    "sample",
                    \.sample,
                    .fraction,
                    "The part of the traces that begin here which is recorded, 0 to 1; a traceparent that comes with a "
                        + "request has decided already"
                ),
                Field(
                    "propagate_upstream",
                    \.propagatesUpstream,
                    .bool,
                    "Whether vendors get a traceparent with each call"
                ),
                Field("service", \.service, .text, "What spans are told under (service.name)"),
                Field(
                    "otlp",
                    \.otlp,
                    .section(OTLPConfiguration.section),
                    "The collector, by OTLP over HTTP in JSON",
                    required: true
                ),
            ]
        )
    }
}

extension OTLPConfiguration {
    /// The keys of `tracing.otlp`.
    static var section: Section<OTLPConfiguration> {
        Section(
            "A collector that takes OTLP over HTTP in JSON.",
            OTLPConfiguration(),
            [
                Field(
                    "endpoint",
                    \.endpoint,
                    Shape.webAddress.checked { endpoint, path, reader in
                        let hasPath = endpoint.split(separator: "/", maxSplits: 2).count > 2
                        guard !hasPath else { return }
                        reader.report(
                            reader.position(of: path),
                            path,
                            "has no path",
                            remedy: "write the whole URL, as a rule \(endpoint)/v1/traces"
                        )
                    },
                    "The whole URL, as https://collector.internal.example/v1/traces",
                    required: true
                ),
                Field(
                    "headers",
                    \.headers,
                    .secretFields,
                    "Fields of each request, as keys",
                    showsDefault: false
                ),
                Field(
                    "ca",
                    \.ca,
                    .authorityFile,
                    "A PEM file of authorities to trust for the collector instead of the system's; a relative path starts at "
                        + "this file's folder"
                ),
            ]
        )
    }
}

extension Shape<[String: Secret<String>]> {
    /// Fields of a request, whose values no message ever shows.
    fileprivate static var secretFields: Shape {
        let value = ReferenceSchema.orSecret(["type": "string", "minLength": 1])
        return Shape(
            schema: [
                "type": ["object", "null"], "propertyNames": ["pattern": "^[A-Za-z0-9-]{1,64}$"],
                "additionalProperties": value,
            ]
        ) { node, path, reader in
            if node.isNull { return [:] }
            guard let mapping = node.mapping else {
                reader.report(node.position, path, "is \(node.kind), must be a map")
                return nil
            }
            return mapping.entries.reduce(into: [:]) { fields, entry in
                let here = "\(path).\(entry.key)"
                let name = entry.key.utf8
                let isPlain = name.allSatisfy { byte in
                    (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) || byte == 0x2D
                }
                guard (1...64).contains(name.count), isPlain, !ownFields.contains(entry.key.lowercased())
                else {
                    reader.report(
                        entry.keyPosition,
                        here,
                        "is no name of a field that can be set here",
                        remedy:
                            "use letters, digits and '-', and none of \(ownFields.sorted().joined(separator: ", "))"
                    )
                    return
                }
                reader.note(here, at: entry.value.position)
                guard let secret = reader.secret(entry.value, here) else { return }
                let isText = secret.withBytes { bytes in
                    bytes.withUnsafeBytes { $0.allSatisfy { (0x20...0x7E).contains($0) } && !$0.isEmpty }
                }
                guard isText else {
                    reader.report(
                        entry.value.position,
                        here,
                        "is empty, or holds line breaks or other characters that no field has",
                        remedy: "check what was pasted"
                    )
                    return
                }
                fields[entry.key] = secret
            }
        }
    }
}

/// Fields that are written by whoever makes the request.
private let ownFields: Set = [
    "connection", "content-length", "content-type", "expect", "host", "transfer-encoding",
]
