import HTTP
import HTTPServer
import JSON
import Sound
import Timing
import Webhooks

/// What webhook addresses were told or are to be told, and where they may be.
extension Gateway {
    private var outbox: any Outbox { parts.courier.parts.outbox }

    /// Refuses an address that names an address of a machine where webhooks may not go.
    func checkDestination(of request: SoundRequest) throws(InvalidRequest) {
        guard let text = request.webhookURL, let url = HTTPURL(text),
            parts.courier.settings.destinations.refuses(url)
        else { return }
        throw InvalidRequest([
            Problem(
                RequestField.webhookURL.rawValue,
                .invalid,
                "webhook_url must not point to an address that is not public; the gateway's operator can allow it with "
                    + "webhooks.allow in the configuration"
            )
        ])
    }

    func listWebhooks(_ call: Request, _ caller: Caller) async throws -> Response {
        var query = try Self.query(call, caller)
        if caller.name != nil, caller.isAdmin { Exchange.note("scope", "everyone") }
        let limit = query.limit
        query.limit += 1
        let messages = try await outbox.messages(query)
        var json = JSONWriter()
        json.beginObject()
        json.key("data")
        json.beginArray()
        for message in messages.prefix(limit) { WebhookWire(message: message).write(to: &json) }
        json.endArray()
        json.member("next_cursor", messages.count > limit ? messages[limit - 1].id : nil)
        json.endObject()
        return Response(.ok, contentType: "application/json", json.bytes)
    }

    private static func query(_ call: Request, _ caller: Caller) throws(InvalidRequest) -> OutboxQuery {
        var query = OutboxQuery(limit: 20)
        query.client = caller.isAdmin ? nil : .some(caller.name)
        var reading = QueryReading(call.target)
        query.state = reading.word("state")
        query.task = reading.id("task", prefix: "snd_", "must be the id of a task, which begins with snd_")
            .map(TaskID.init(rawValue:))
        query.limit = reading.limit(default: query.limit)
        query.before = reading.cursor(prefix: "evt_")
        try reading.finish()
        return query
    }

    func resendWebhook(_ call: Request, _ caller: Caller) async throws -> Response {
        guard let id = call.parameters["id"], id.hasPrefix("evt_"), id.utf8.count <= 256,
            let message = try await outbox.message(id), caller.isAdmin || message.client == caller.name,
            let again = try await outbox.resendMessage(id, now: parts.courier.parts.time.moment)
        else { throw ProblemDetails.notFound("webhook") }
        parts.courier.resent(again)
        Exchange.note("task", again.task.rawValue)
        if message.client != caller.name { Exchange.note("owner", message.client ?? "-") }
        var json = JSONWriter()
        WebhookWire(message: again).write(to: &json)
        return Response(.accepted, contentType: "application/json", json.bytes)
    }
}
