import HTTP
import JSON
import Telemetry

/// One call that a double saw, and what it made of it.
///
/// It holds no key: of an `Authorization` field only the form is kept.
struct CallRecord: Sendable {
    /// How the caller named itself: `none`, `raw` for a value without a scheme, else the scheme as written, or the name
    /// of the vendor's own field.
    static func authorizationForm(_ fields: Fields) -> String {
        guard let value = fields["Authorization"] else {
            return fields.contains("xi-api-key") ? "xi-api-key" : "none"
        }
        let parts = value.split(separator: " ", maxSplits: 1)
        return parts.count == 2 ? String(parts[0]) : "raw"
    }

    /// Longer bodies are counted, not kept.
    static let longestBody = 8192

    let vendor: String
    let operation: VendorOperation
    let method: Method
    let target: RequestTarget
    let contentType: String?
    let authorization: String
    /// The trace that the caller told of.
    let traceparent: String?
    let body: [UInt8]
    let bodyLength: Int
    let time: Timestamp
    let task: String?
    let fault: FaultKind?
    let status: Int
    /// What became of it, in a word or two: `accepted`, `code 429`, `SUCCESS`, `dropped`.
    let outcome: String

    /// The record as the control route shows it; a body that is JSON is shown as such, another as text.
    func json(number: Int) -> JSONValue {
        var query = JSONObject()
        for name in target.query.names { query[name] = .string(target.query[name] ?? "") }
        return [
            "seq": JSONValue(number),
            "time": .string(time.description),
            "vendor": .string(vendor),
            "operation": .string(operation.rawValue),
            "method": .string(method.rawValue),
            "path": .string(target.path),
            "query": .object(query),
            "content_type": JSONValue(orNull: contentType),
            "auth": .string(authorization),
            "traceparent": JSONValue(orNull: traceparent),
            "fields": .array(fieldNames.map { .string($0) }),
            "body": CallRecord.shown(body),
            "body_bytes": JSONValue(bodyLength),
            "task": JSONValue(orNull: task),
            "fault": JSONValue(orNull: fault?.rawValue),
            "status": JSONValue(status),
            "outcome": .string(outcome),
        ]
    }

    /// The names of what was posted, in order, whatever the form of the body.
    private var fieldNames: [String] {
        PostedFields(body, contentType: contentType)?.values.map(\.name) ?? []
    }

    /// A body that is JSON as such, another as text.
    static func shown(_ body: [UInt8]) -> JSONValue {
        guard !body.isEmpty else { return .null }
        do {
            return try JSONValue(parsing: body)
        } catch {
            return .string(String(decoding: body, as: UTF8.self))
        }
    }
}
