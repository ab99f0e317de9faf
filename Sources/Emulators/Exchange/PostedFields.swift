import HTTP
import JSON

/// Named values of a posted body, in the three forms that vendors take.
struct PostedFields: Sendable {
    enum Form: Sendable {
        case json, urlencoded, multipart
    }

    let form: Form
    /// In order; values of the forms are strings.
    let values: [(name: String, value: JSONValue)]

    /// Reads a body by its `Content-Type`; `nil` for another type, and for a body that is not of its type.
    init?(_ body: [UInt8], contentType: String?) {
        guard let type = contentType.flatMap({ MediaType($0) }) else { return nil }
        if type.isJSON {
            guard let object = PostedFields.object(body) else { return nil }
            form = .json
            values = object.map { ($0.key, $0.value) }
        } else if type.essence == "application/x-www-form-urlencoded" {
            guard let pairs = FormEncoding.decode(String(decoding: body, as: UTF8.self)) else { return nil }
            form = .urlencoded
            values = pairs.map { ($0.name, .string($0.value)) }
        } else if type.essence == "multipart/form-data" {
            guard let parts = MultipartBody(body, boundary: type["boundary"] ?? "")?.parts else { return nil }
            form = .multipart
            values = parts.map { ($0.name, .string($0.text)) }
        } else {
            return nil
        }
    }

    /// The last value of that name; `nil` for `null` too.
    subscript(name: String) -> JSONValue? {
        values.last { $0.name == name }.flatMap { $0.value.isNull ? nil : $0.value }
    }

    private static func object(_ body: [UInt8]) -> JSONObject? {
        do { return try JSONValue(parsing: body).object } catch { return nil }
    }
}
