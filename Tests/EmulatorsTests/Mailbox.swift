import Emulators
import HTTP
import JSON
import Threads

/// Takes callbacks in place of a gateway, and answers each with the next of the replies that were laid out, else 200.
final class Mailbox: CallbackCarrier {
    struct Letter: Sendable {
        let url: String
        let fields: Fields
        let body: [UInt8]

        var json: JSONValue? {
            do { return try JSONValue(parsing: body) } catch { return nil }
        }
    }

    private struct State {
        var letters: [Letter] = []
        var replies: [CallbackReply] = []
    }

    private let state = Guarded(State())

    func carry(_ body: [UInt8], to url: String, _ fields: Fields) async -> CallbackReply {
        state.withLock { state in
            state.letters.append(Letter(url: url, fields: fields, body: body))
            return state.replies.isEmpty ? .answered(200) : state.replies.removeFirst()
        }
    }

    func answer(_ replies: CallbackReply...) {
        state.withLock { $0.replies += replies }
    }

    /// What has come so far.
    var letters: [Letter] { state.withLock { $0.letters } }
}
