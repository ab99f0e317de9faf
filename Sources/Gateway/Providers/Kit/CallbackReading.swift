package import Crypto
package import HTTP
package import Sound

/// Reads what a vendor posts to us about its jobs.
///
/// Pure: the clock and the secret are given. Nothing that a reader says can end a task unless the vendor has signed it.
package protocol CallbackReading: Sendable {
    /// Whether a secret is of use: without one its signatures cannot be told from forged ones.
    var isSigned: Bool { get }
    /// Judges a message. `secret` is `providers.NAME.webhook_secret`, where it is set.
    func news(in message: CallbackMessage, secret: Secret<String>?, now: Moment) -> CallbackNews
}

/// A message as it came in.
package struct CallbackMessage: Sendable {
    package let fields: Fields
    package let body: [UInt8]

    /// A message from its header fields and body.
    package init(fields: Fields, body: [UInt8]) {
        self.fields = fields
        self.body = body
    }
}

/// What a message says.
package enum CallbackNews: Sendable, Equatable {
    /// Not from the vendor, or too old: the signature is missing, wrong or outside the window.
    case forged(String)
    /// Nothing to act on; the vendor sends many things.
    case irrelevant
    /// Something may have happened to a job: worth a poll. The id is `nil` where the message has none.
    case hint(job: String?)
    /// The vendor's own, signed word about a job.
    case proven(job: String, Observation)
}

/// How a vendor tells us of its jobs by itself.
package enum CallbackStyle: Sendable {
    case none
    /// To an address that each create names.
    case perJob(any CallbackReading)
    /// To an address that the account names, for all jobs.
    case perAccount(any CallbackReading, any WebhookRegistering)

    /// Who reads the messages.
    package var reader: (any CallbackReading)? {
        switch self {
        case .none: nil
        case .perJob(let reader), .perAccount(let reader, _): reader
        }
    }
}

/// Makes our address known to a vendor whose webhooks are per account.
package protocol WebhookRegistering: Sendable {
    /// The call that registers an address.
    func registration(of url: String) -> UpstreamCall
    /// Reads the answer: the vendor's id of the registration and the secret, which is shown this once.
    func registered(_ reply: UpstreamReply) throws(SubmitError) -> WebhookRegistration
}

/// An address that a vendor will call, and what proves its calls.
package struct WebhookRegistration: Sendable {
    package let id: String
    package let secret: Secret<String>

    /// A registration from its parts.
    package init(id: String, secret: Secret<String>) {
        self.id = id
        self.secret = secret
    }
}
