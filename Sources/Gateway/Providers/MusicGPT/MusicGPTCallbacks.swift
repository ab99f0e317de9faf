import Crypto
import JSON
import Sound

/// Reads the webhooks: two of a song's versions, two of their lyrics, one of its cover, or one of a sound, in any order.
///
/// None is signed, and most have no status; they are told apart by `subtype` (seen, not documented). So each is at most
/// a reason to ask.
struct MusicGPTCallbacks: CallbackReading {
    let isSigned = false

    func news(in message: CallbackMessage, secret: Secret<String>?, now: Moment) -> CallbackNews {
        let body: JSONObject?
        do {
            body = try JSONValue(parsing: message.body, maximumValues: UpstreamReply.mostValues).object
        } catch { body = nil }
        guard let body else { return .irrelevant }
        let job = body["task_id"]?.string.flatMap { $0.isEmpty ? nil : $0 }
        return isCover(body) ? .irrelevant : .hint(job: job)
    }

    /// A picture alone; the poll brings it as well.
    private func isCover(_ body: JSONObject) -> Bool {
        if body["subtype"]?.string?.lowercased() == "album_cover_generation" { return true }
        let hasPicture = body["image_path"]?.string != nil
        return hasPicture && body["conversion_path"] == nil && body["success"]?.bool != false
    }
}
