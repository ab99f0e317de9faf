import JSON

/// Shows what a running gateway can use.
enum ProvidersCommand {
    static let command = Command(
        name: "providers",
        summary: "show what a running gateway can use, with each operation's fields and limits",
        options: GatewayClient.options + [.json],
        run: { invocation in
            try await GatewayClient.with(invocation) { gateway in
                let answer = try await gateway.get("/v1/providers")
                if invocation.has(.json) {
                    Console.output(answer.prettyPrinted())
                } else {
                    show(answer["data"]?.array ?? answer.array ?? [])
                }
                return .success
            }
        }
    )

    private static func show(_ providers: [JSONValue]) {
        var summary = Table(["PROVIDER", "KIND", "RUNNING", "WAITING", "KEYS"])
        for provider in providers {
            let keys = (provider["credentials"]?.array ?? []).compactMap { $0["name"]?.string }
            summary.add([
                text(provider["name"]),
                text(provider["kind"]),
                "\(provider["running"]?.integer ?? 0)",
                "\(provider["waiting"]?.integer ?? 0)",
                keys.isEmpty ? "none needed" : printable(keys.joined(separator: ", ")),
            ])
        }
        for line in summary.lines { Console.output(line) }
        for provider in providers {
            for operation in provider["operations"]?.array ?? [] {
                show(operation, of: text(provider["name"]))
            }
        }
    }

    private static func show(_ operation: JSONValue, of provider: String) {
        let types = (operation["types"]?.array ?? []).compactMap(\.string).joined(separator: ", ")
        let models = (operation["models"]?.array ?? []).compactMap(\.string)
        var facts = [types]
        if !models.isEmpty { facts.append("models \(models.joined(separator: ", "))") }
        if let limit = operation["prompt_limit"]?.integer { facts.append("prompt up to \(limit) characters") }
        Console.output(
            "\n\(provider)/\(text(operation["name"])): \(printable(facts.joined(separator: "; ")))"
        )
        var table = Table(["  FIELD", "MET"])
        for field in operation["fields"]?.object ?? [:] {
            let ways = (field.value.array ?? [field.value]).map(way).joined(separator: "; else ")
            table.add(["  \(printable(field.key))", printable(ways)])
        }
        for line in table.lines { Console.output(line) }
    }

    private static func way(_ means: JSONValue) -> String {
        var words = means["grade"]?.string ?? "?"
        if let range = means["range"], let from = range["from"]?.double, let to = range["to"]?.double {
            words += " \(shortNumber(from, places: 2)) to \(shortNumber(to, places: 2))"
        }
        if let choices = means["choices"]?.array {
            words += ": " + choices.compactMap(\.string).joined(separator: " ")
        }
        if let most = means["characters"]?.integer { words += " up to \(most) characters" }
        return words
    }

    private static func text(_ value: JSONValue?) -> String { printable(value?.string ?? "?") }
}
