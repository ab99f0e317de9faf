import JSON
package import Telemetry

/// Spans as OTLP's `ExportTraceServiceRequest` in JSON.
///
/// Ids are hexadecimal and not base 64, and 64-bit integers are strings: what OTLP says of its JSON, against the usual
/// mapping of protobuf.
package enum TraceWire {
    /// The request's content.
    package static func encode(_ spans: [SpanRecord], of service: String, _ process: Process) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.key("resourceSpans")
        json.beginArray()
        json.beginObject()
        json.key("resource")
        json.beginObject()
        json.key("attributes")
        json.beginArray()
        let attributes = [
            ("service.name", service), ("service.version", process.version),
            ("service.instance.id", process.instance), ("telemetry.sdk.name", "soundgate"),
            ("telemetry.sdk.language", "swift"), ("telemetry.sdk.version", process.version),
        ]
        for (name, value) in attributes { write(name, .string(value), to: &json) }
        json.endArray()
        json.endObject()
        json.key("scopeSpans")
        json.beginArray()
        json.beginObject()
        json.key("scope")
        json.beginObject()
        json.member("name", "soundgate")
        json.member("version", process.version)
        json.endObject()
        json.key("spans")
        json.beginArray()
        for span in spans { write(span, to: &json) }
        json.endArray()
        json.endObject()
        json.endArray()
        json.endObject()
        json.endArray()
        json.endObject()
        return json.bytes
    }

    private static func write(_ span: SpanRecord, to json: inout JSONWriter) {
        json.beginObject()
        json.member("traceId", span.context.trace.description)
        json.member("spanId", span.context.span.description)
        if let parent = span.parent { json.member("parentSpanId", parent.span.description) }
        if let state = span.state { json.member("traceState", state) }
        // Bit 8: it is known whether the parent is remote; bit 9: it is.
        let remote = span.parent.map { $0.isRemote ? 0x300 : 0x100 } ?? 0
        json.member("flags", remote | (span.context.isSampled ? 1 : 0))
        json.member("name", span.name)
        json.member("kind", span.kind.rawValue)
        json.member("startTimeUnixNano", String(span.start))
        json.member("endTimeUnixNano", String(span.end))
        json.key("attributes")
        json.beginArray()
        for attribute in span.attributes { write(attribute.name, attribute.value, to: &json) }
        json.endArray()
        if !span.links.isEmpty {
            json.key("links")
            json.beginArray()
            for link in span.links {
                json.beginObject()
                json.member("traceId", link.trace.description)
                json.member("spanId", link.span.description)
                json.endObject()
            }
            json.endArray()
        }
        json.key("status")
        json.beginObject()
        if span.hasFailed { json.member("code", 2) }
        json.endObject()
        json.endObject()
    }

    private static func write(_ name: String, _ value: SpanValue, to json: inout JSONWriter) {
        json.beginObject()
        json.member("key", name)
        json.key("value")
        json.beginObject()
        switch value {
        case .string(let text): json.member("stringValue", text)
        case .integer(let number): json.member("intValue", String(number))
        case .number(let number): json.member("doubleValue", number)
        case .bool(let truth): json.member("boolValue", truth)
        }
        json.endObject()
        json.endObject()
    }
}
