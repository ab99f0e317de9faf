import JSON
import Sound

/// `{"success", …}`: an answer of the vendor's application, whatever its status.
struct MusicGPTAnswer {
    let success: Bool?
    private let status: Int
    private let body: JSONObject
    /// How long the vendor asks to wait, by field or (seen, not documented) in the body.
    let retryAfter: Duration?

    /// Reads an answer; `nil` when it is not the application's.
    init?(_ reply: UpstreamReply) {
        guard let body = reply.json else { return nil }
        success = body["success"]?.bool
        guard
            success != nil || body["task_id"] != nil || body["conversion"] != nil
                || Self.complaints.contains(where: { body[$0] != nil })
        else { return nil }
        self.body = body
        status = reply.status
        retryAfter = reply.retryAfter ?? Self.wait(body["retry_after"])
    }

    /// The job's id, in the answer to a create.
    var taskID: String? { body["task_id"]?.string.flatMap { $0.isEmpty ? nil : $0 } }

    /// The ids of the versions that will come, in the answer to the create of a song.
    var versionIDs: [String] {
        [1, 2].compactMap { body["conversion_id_\($0)"]?.string }.filter { !$0.isEmpty }
    }

    /// Expected time to the result; the vendor writes -1 when it does not know.
    var eta: Duration? {
        body["eta"]?.double.flatMap { $0 > 0 ? .milliseconds(Int64(min($0, 86_400) * 1000)) : nil }
    }

    /// What the vendor expects the job to cost.
    var cost: Cost.Amount? { body["credit_estimate"]?.double.map(MusicGPT.credits) }

    /// The job, in an answer of `byId`.
    var conversion: MusicGPTConversion? { body["conversion"]?.object.map(MusicGPTConversion.init) }

    /// Why the create was surely not taken; `nil` when it was, or when nobody can tell.
    var refusalOfCreate: Failure? {
        switch status {
        // The application said no with a good status; with a task's id beside it, it said both.
        case 200..<300 where success == false && taskID == nil: failure
        // Something in between gave up waiting for an answer.
        case 408, 499: nil
        case 400..<500 where success != true: failure
        default: nil
        }
    }

    /// Why the answer to a question says nothing about the job; `nil` when it may.
    var pollError: PollError? {
        switch status {
        case 200..<300: nil
        case 401, 403: .unauthorized(failure)
        case 400, 404, 422: .notFound(failure)
        default: .transient("status \(status) while polling", retryAfter: retryAfter)
        }
    }

    private var failure: Failure {
        let (code, message) = meaning
        return Failure(
            code,
            message,
            providerCode: String(status),
            retryAfter: code == .rateLimited ? retryAfter : nil
        )
    }

    private var meaning: (Failure.Code, String) {
        switch status {
        case 401, 403: return (.providerAuth, "the provider refused the key")
        case 402: return (.insufficientCredits, "the provider's account is out of credits")
        case 404: return (.providerRejected, "the provider does not know the path or the task")
        case 429: return (.rateLimited, "the provider takes no more calls for now")
        case 200..<300 where complaint.contains("insufficient"):
            return (.insufficientCredits, "the provider's account is out of credits")
        default: break
        }
        if isAboutLongPrompt { return (.promptTooLong, "the provider says the prompt is too long") }
        return (.providerRejected, "the provider refused the request")
    }

    /// The vendor's words for it are not documented; the form of FastAPI's own complaints is known.
    private var isAboutLongPrompt: Bool {
        let text = complaint
        let isAboutShortOne = ["at least", "empty", "too short", "too_short"].contains { text.contains($0) }
        let signs = ["too long", "too_long", "longer", "length", "character", "exceed", "at most", "maximum"]
        return text.contains("prompt") && !isAboutShortOne && signs.contains { text.contains($0) }
    }

    /// The vendor's text in lower case: read to tell complaints apart, never shown.
    private var complaint: String {
        let said = Self.complaints.lazy.compactMap { body[$0] }.first { !$0.isNull && $0 != .string("") }
        return (said.map(Self.words) ?? "").lowercased()
    }

    /// The names under which the vendor complains, the best first.
    private static let complaints = ["error", "message", "status_msg", "detail"]

    /// The texts in a value: FastAPI's `detail` is a list of objects, with the field's name in a list of its own.
    private static func words(_ value: JSONValue) -> String {
        switch value {
        case .string(let text): text
        case .array(let elements): elements.map(words).joined(separator: " ")
        case .object(let members):
            // Whatever was sent may be quoted there, and says nothing of what is wrong with it.
            members.filter { $0.key != "input" }.map { words($0.value) }.joined(separator: " ")
        default: ""
        }
    }

    private static func wait(_ value: JSONValue?) -> Duration? {
        guard let seconds = value?.double ?? value?.string.flatMap({ Double($0) }), seconds >= 0 else {
            return nil
        }
        return .milliseconds(Int64(min(seconds, 86_400) * 1000))
    }
}
