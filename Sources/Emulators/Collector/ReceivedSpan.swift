package import JSON

/// A span as a collector got it, taken strictly: what OTLP's JSON forbids is a complaint.
package struct ReceivedSpan: Sendable, Equatable {
    package let trace: String
    package let span: String
    /// `nil` for the first one of a trace.
    package let parent: String?
    package let name: String
    /// By OTLP's numbers: 1 internal, 2 server, 3 client, 4 producer, 5 consumer.
    package let kind: Int
    /// In nanoseconds since 1970.
    package let start: UInt64
    package let end: UInt64
    /// Texts, numbers and truth values, as JSON.
    package let attributes: JSONObject
    /// `trace/span` of each.
    package let links: [String]
    package let hasFailed: Bool
    package let flags: Int
    /// Who told of it: `service.name` and the like.
    package let resource: JSONObject

    /// The value of an attribute.
    package subscript(name: String) -> JSONValue? { attributes[name] }
}

/// What is wrong with an export.
struct MalformedExport: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

extension ReceivedSpan {
    /// Reads an `ExportTraceServiceRequest`.
    static func list(_ json: JSONValue) throws(MalformedExport) -> [ReceivedSpan] {
        var spans: [ReceivedSpan] = []
        for group in try array(json["resourceSpans"], "resourceSpans") {
            let resource = try attributes(group["resource"]?["attributes"], "resource")
            guard resource["service.name"]?.string?.isEmpty == false else {
                throw MalformedExport("a resource has no service.name")
            }
            for scope in try array(group["scopeSpans"], "scopeSpans") {
                guard scope["scope"]?["name"]?.string != nil else {
                    throw MalformedExport("a scope has no name")
                }
                for span in try array(scope["spans"], "spans") {
                    spans.append(try ReceivedSpan(span, resource))
                }
            }
        }
        guard !spans.isEmpty else { throw MalformedExport("there are no spans") }
        return spans
    }

    private init(_ json: JSONValue, _ resource: JSONObject) throws(MalformedExport) {
        trace = try Self.id(json["traceId"], 32, "traceId")
        span = try Self.id(json["spanId"], 16, "spanId")
        parent = json["parentSpanId"] == nil ? nil : try Self.id(json["parentSpanId"], 16, "parentSpanId")
        guard let name = json["name"]?.string, !name.isEmpty else {
            throw MalformedExport("a span has no name")
        }
        guard case .integer(let kind)? = json["kind"], (1...5).contains(kind) else {
            throw MalformedExport("\(name): the kind is no number from 1 to 5")
        }
        self.name = name
        self.kind = Int(kind)
        start = try Self.time(json["startTimeUnixNano"], name)
        end = try Self.time(json["endTimeUnixNano"], name)
        guard start <= end else { throw MalformedExport("\(name) ends before it begins") }
        attributes = try Self.attributes(json["attributes"], name)
        var links: [String] = []
        for link in json["links"]?.array ?? [] {
            let trace = try Self.id(link["traceId"], 32, "link")
            links.append("\(trace)/\(try Self.id(link["spanId"], 16, "link"))")
        }
        self.links = links
        let code = json["status"]?["code"]
        guard code == nil || code == .integer(1) || code == .integer(2) else {
            throw MalformedExport("\(name): the status \(String(describing: code))")
        }
        hasFailed = code == .integer(2)
        guard case .integer(let flags)? = json["flags"], flags & 1 == 1 else {
            throw MalformedExport("\(name): told of although it is not sampled")
        }
        self.flags = Int(flags)
        self.resource = resource
    }

    private static func array(_ json: JSONValue?, _ what: String) throws(MalformedExport) -> [JSONValue] {
        guard let array = json?.array else { throw MalformedExport("\(what) is no array") }
        return array
    }

    private static func id(_ json: JSONValue?, _ count: Int, _ what: String) throws(MalformedExport) -> String
    {
        guard let text = json?.string, text.utf8.count == count,
            text.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }),
            text.utf8.contains(where: { $0 != 0x30 })
        else { throw MalformedExport("\(what) is not \(count) hexadecimal digits, or all zeros") }
        return text
    }

    /// Nanoseconds since 1970 as a string, within this century: a time in milliseconds would be in 1970.
    private static func time(_ json: JSONValue?, _ name: String) throws(MalformedExport) -> UInt64 {
        guard let text = json?.string, let value = UInt64(text),
            (1_500_000_000_000_000_000...4_200_000_000_000_000_000).contains(value)
        else { throw MalformedExport("\(name): a time is no string of nanoseconds since 1970") }
        return value
    }

    private static func attributes(_ json: JSONValue?, _ name: String) throws(MalformedExport) -> JSONObject {
        var attributes = JSONObject()
        for attribute in json?.array ?? [] {
            guard let key = attribute["key"]?.string, !key.isEmpty, attributes[key] == nil,
                let value = attribute["value"]?.object, value.count == 1, let member = Array(value).first
            else {
                throw MalformedExport("\(name): an attribute without a name, a value, or with a name twice")
            }
            switch (member.key, member.value) {
            case ("stringValue", .string), ("boolValue", .bool), ("doubleValue", .number),
                ("doubleValue", .integer):
                attributes[key] = member.value
            case ("intValue", .string(let text)):
                guard let number = Int64(text) else { throw MalformedExport("\(name): \(key) is no integer") }
                attributes[key] = .integer(number)
            default: throw MalformedExport("\(name): \(key) has a value of no known kind")
            }
        }
        return attributes
    }
}
