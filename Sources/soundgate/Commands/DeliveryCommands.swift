import HTTP
import JSON

/// Shows what a running gateway told, or is to tell, by webhook, and has it sent again.
enum DeliveryCommands {
    private static let state = Option(
        "--state",
        value: "STATE",
        expects: .words(["pending", "delivered", "dead"]),
        summary: "only those that are pending, delivered or dead"
    )
    private static let task = Option("--task", value: "ID", summary: "only those of this task")
    private static let limit = Option("--limit", value: "COUNT", summary: "how many at most (default 50)")
    private static let allDead = Option("--all-dead", summary: "every message that was given up")

    static let list = Command(
        name: "webhooks list",
        summary: "show what a running gateway told by webhook, newest first",
        details: """
            A message is pending until its receiver has taken it, and dead when every try failed or the receiver said that
            it is gone.
            """,
        options: [state, task, limit] + GatewayClient.options + [.json],
        document: .of("{\"data\": [MESSAGE, …]}, each message as GET /v1/webhooks answers it"),
        run: list
    )

    static let resend = Command(
        name: "webhooks resend",
        summary: "have a running gateway send webhooks again, with the ids they had",
        details: "Ends with 1 when one of them could not be found.",
        arguments: [Argument(name: "ID", isRequired: false, isRepeatable: true)],
        options: [allDead] + GatewayClient.options + [.json],
        document: .of("{\"data\": [MESSAGE, …]}, each message as POST /v1/webhooks/{id}/resend answers it"),
        run: resend
    )

    private static func list(_ invocation: Invocation) async throws -> ExitStatus {
        let most = try invocation.integer(limit) ?? 50
        guard (1...1_000_000).contains(most) else {
            throw invocation.misread(limit, "a number from 1 to 1000000")
        }
        let filters = [("state", invocation.text(state)), ("task", invocation.text(task))]
        return try await GatewayClient.with(invocation) { gateway in
            let messages = try await messages(of: gateway, filters, atMost: Int(most))
            if invocation.has(.json) {
                Console.output(JSONValue.object(["data": .array(messages)]).prettyPrinted())
            } else if messages.isEmpty {
                Console.note("no webhooks")
            } else {
                show(messages)
            }
            return .success
        }
    }

    private static func resend(_ invocation: Invocation) async throws -> ExitStatus {
        guard invocation.has(allDead) == invocation.arguments.isEmpty else {
            throw UsageError(
                "name the messages to send again, or all with \(allDead.name)",
                command: invocation.command
            )
        }
        return try await GatewayClient.with(invocation) { gateway in
            var ids = invocation.arguments
            if ids.isEmpty {
                // All of them first, for those that are sent again leave the list; and the oldest first, as they came.
                let dead = try await messages(of: gateway, [("state", "dead")], atMost: .max)
                ids = dead.reversed().compactMap { $0["id"]?.string }
            }
            var sent: [JSONValue] = []
            var status = ExitStatus.success
            for id in ids {
                do {
                    sent.append(try await gateway.post("/v1/webhooks/\(pathSegment(id))/resend", nil))
                    if !invocation.has(.json) { Console.output(printable(id)) }
                } catch let refusal as Refusal where refusal.httpStatus == .notFound {
                    Console.complain("there is no webhook \(printable(id))")
                    status = .failure
                }
            }
            if invocation.has(.json) {
                Console.output(JSONValue.object(["data": .array(sent)]).prettyPrinted())
            } else {
                Console.note("\(sent.count) to be sent again")
            }
            return status
        }
    }

    /// The messages that fit, page by page.
    private static func messages(
        of gateway: GatewayClient,
        _ filters: [(String, String?)],
        atMost most: Int
    ) async throws -> [JSONValue] {
        var found: [JSONValue] = []
        var cursor: String?
        repeat {
            let parameters = filters + [("limit", String(min(most - found.count, 100))), ("cursor", cursor)]
            let query = parameters.compactMap { name, value in value.map { "\(name)=\(pathSegment($0))" } }
            let page = try await gateway.get("/v1/webhooks", query: query.joined(separator: "&"))
            found += page["data"]?.array ?? []
            cursor = page["next_cursor"]?.string
        } while cursor != nil && found.count < most
        return found
    }

    private static func show(_ messages: [JSONValue]) {
        var table = Table(["ID", "TYPE", "STATE", "TRIES", "NEXT OR LAST", "HOST", "WHY"])
        for message in messages {
            let url = message["url"]?.string ?? ""
            table.add(
                [
                    message["id"]?.string ?? "", message["type"]?.string ?? "",
                    message["state"]?.string ?? "",
                    message["tries"]?.integer.map { String($0) } ?? "",
                    message["due_at"]?.string ?? message["settled_at"]?.string ?? "",
                    // Its path and query may be as good as a password.
                    HTTPURL(url)?.origin ?? "", message["last_error"]?.string ?? "",
                ].map { printable($0) }
            )
        }
        for line in table.lines { Console.output(line) }
    }

    /// A text as part of a path or query, percent-encoded.
    private static func pathSegment(_ text: String) -> String { PercentEncoding.encode(text) }
}
