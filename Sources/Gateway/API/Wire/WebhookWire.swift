import JSON
import Sound
import Webhooks

/// Writes a webhook message as callers see it: what it is about and where it stands, without what is sent.
struct WebhookWire {
    let message: OutboxMessage

    func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("id", message.id)
        json.member("object", "webhook")
        json.member("type", message.type)
        json.member("task", message.task.rawValue)
        json.member("url", message.url)
        json.member("state", message.state.rawValue)
        json.member("tries", message.tries)
        json.member("due_at", message.state == .pending ? stamp(message.dueAt) : nil)
        json.member("created_at", stamp(message.createdAt))
        json.member("settled_at", message.settledAt.map(stamp))
        json.member("last_status", message.lastStatus)
        json.member("last_error", message.lastError)
        json.endObject()
    }
}
