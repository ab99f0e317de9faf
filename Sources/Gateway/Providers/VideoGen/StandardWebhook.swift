import Crypto
import HTTP
import Sound

/// Checks messages that are signed as <https://www.standardwebhooks.com> has it, with symmetric keys.
///
/// A message that is repeated within the window is as true as the first time: whoever acts on it must bear that.
struct StandardWebhook {
    /// Why a message is not believed.
    enum Fault: Error, Equatable {
        case badSecret, incomplete, badTimestamp, tooOld, tooNew, badSignature

        var reason: String {
            switch self {
            case .badSecret: "webhook_secret is not \"whsec_\" and base 64"
            case .incomplete: "webhook-id, webhook-timestamp or webhook-signature is missing"
            case .badTimestamp: "webhook-timestamp is not a number of seconds"
            case .tooOld: "the message is too old"
            case .tooNew: "the message is from the future"
            case .badSignature: "no signature fits"
            }
        }
    }

    /// How far the sender's clock and the network may be off: five minutes.
    private static let window: Int64 = 300

    private let key: WebhookKey

    /// A check with a secret as the sender shows it: `whsec_` and base 64.
    init(secret: Secret<String>) throws(Fault) {
        guard let key = WebhookKey(secret) else { throw .badSecret }
        self.key = key
    }

    /// Returns when one of the message's signatures is right and its time is about now.
    func verify(_ message: CallbackMessage, now: Moment) throws(Fault) {
        guard let id = message.fields["webhook-id"], !id.isEmpty,
            let timestamp = message.fields["webhook-timestamp"],
            let signatures = message.fields["webhook-signature"]
        else { throw .incomplete }
        // Twelve digits last for thirty thousand years and overflow nowhere.
        guard (1...12).contains(timestamp.utf8.count),
            timestamp.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let seconds = Int64(timestamp)
        else { throw .badTimestamp }
        let age = now.milliseconds / 1000 - seconds
        guard age <= Self.window else { throw .tooOld }
        guard age >= -Self.window else { throw .tooNew }
        guard key.hasSigned(id, at: timestamp, message.body, in: signatures) else { throw .badSignature }
    }
}
