import HTTP
import HTTPServer
import JSON

/// What `openapi/soundgate.yaml` promises, as the running gateway serves it.
struct Contract {
    let document: JSONValue
    let checker: SchemaChecker

    init(_ document: JSONValue) {
        self.document = document
        checker = SchemaChecker(document: document)
    }

    /// Every `METHOD /path` that the contract names.
    var routes: Set<String> {
        var routes: Set<String> = []
        for path in document["paths"]?.object ?? [:] {
            for operation in path.value.object ?? [:] where operation.key != "parameters" {
                routes.insert("\(operation.key.uppercased()) \(path.key)")
            }
        }
        return routes
    }

    /// How an answer breaks the contract; empty when it does not.
    func violations(of response: Response, to method: HTTP.Method, body: [UInt8]) -> [String] {
        if method == .options { return [] }
        guard let promised = promise(for: response, method) else {
            return ["\(response.status.code) is not promised for \(method) \(response.route ?? "-")"]
        }
        var found = fields(of: response, promised)
        guard let type = response.fields["Content-Type"] else {
            if promised["content"] != nil, method != .head { found.append("the answer has no content") }
            return found
        }
        let essence = String(type.prefix { $0 != ";" })
        guard let media = promised["content"]?[essence] else { return found + ["\(essence) is not promised"] }
        guard let schema = media["schema"], method != .head, essence.hasSuffix("json") else { return found }
        do {
            found += checker.violations(of: try JSONValue(parsing: body), against: schema)
        } catch {
            found.append("the body is not JSON: \(error)")
        }
        return found
    }

    /// The contract's words on an answer of this status; refusals of the router itself have the common ones.
    private func promise(for response: Response, _ method: HTTP.Method) -> JSONValue? {
        let name = method == .head ? "get" : method.rawValue.lowercased()
        let operation = response.route.flatMap { document["paths"]?[$0]?[name] }
        let responses = operation?["responses"]
        let common = checker.resolve("#/components/responses/Problem")
        let promised = responses?["\(response.status.code)"] ?? (response.status.isSuccess ? nil : common)
        guard let pointer = promised?["$ref"]?.string else { return promised }
        return checker.resolve(pointer)
    }

    private static let everywhere: Set<String> = [
        "content-type", "cache-control", "content-security-policy", "x-content-type-options",
        "referrer-policy",
        "x-request-id", "traceparent",
        // What browsers are told of the console.
        "x-frame-options", "cross-origin-resource-policy", "permissions-policy",
    ]

    private func fields(of response: Response, _ promised: JSONValue) -> [String] {
        let named = Set((promised["headers"]?.object ?? [:]).map { $0.key.lowercased() })
        let strangers = response.fields.map { $0.name.lowercased() }.filter {
            !named.contains($0) && !Self.everywhere.contains($0)
        }
        let missing = ["X-Request-Id", "traceparent"].filter { response.fields[$0] == nil }
        return strangers.map { "the field \($0) is not promised" }
            + missing.map { "the field \($0) is missing" }
    }
}
