import JSON

/// One operation in a plan, in words for a person.
struct PlanCandidate {
    private let json: JSONValue

    init(_ json: JSONValue) {
        self.json = json
    }

    /// `provider/operation`.
    var name: String {
        printable("\(json["provider"]?.string ?? "?")/\(json["operation"]?.string ?? "?")")
    }

    var isEligible: Bool { json["eligible"]?.bool ?? false }

    /// Why it stands where it stands.
    var reason: String { printable(json["reason"]?.string ?? "") }

    /// Why it cannot take the request, one sentence each.
    var refusals: [String] {
        (json["refusals"]?.array ?? []).map { refusal in
            let message = refusal["message"]?.string ?? refusal["code"]?.string ?? "refused"
            guard let field = refusal["field"]?.string, !field.isEmpty else { return printable(message) }
            return printable("\(field): \(message)")
        }
    }

    /// How it would meet each field: `loop native, bpm hint`.
    var fulfilment: String {
        guard let fields = json["fulfilment"]?.object else { return "" }
        return fields.map { printable("\($0.key) \($0.value.string ?? "?")") }.joined(separator: ", ")
    }

    var cost: String? {
        guard let cost = json["estimated_cost"], let amount = cost["amount"]?.double else { return nil }
        return printable("\(shortNumber(amount, places: 4)) \(cost["unit"]?.string ?? "")")
    }

    /// What would be sent: the line of the call, and its body.
    var call: (line: String, body: String)? {
        guard let call = json["upstream_request"], call.object != nil else { return nil }
        let words = [call["method"]?.string, call["url"]?.string, call["content_type"]?.string]
        let body = call["body"].map { $0.isNull ? "" : $0.prettyPrinted() } ?? ""
        return (printable(words.compactMap(\.self).joined(separator: "  ")), body)
    }
}
