package import HTTPClient
package import Providers
package import Sound

/// What became of making our address known to a vendor whose webhooks are per account.
package enum WebhookEnrolment: Sendable {
    case registered(WebhookRegistration)
    /// The vendor said no: nothing was registered.
    case refused(Failure)
    /// Surely nothing has left.
    case unreachable(String)
    /// Something may have left: the vendor may call the address and sign with a secret that nobody was told.
    case unknown(String)

    /// Asks the vendor, once, to call an address.
    package static func ask(
        _ provider: Provider,
        credential: String?,
        toCall url: String,
        by registering: any WebhookRegistering,
        over client: HTTPClient
    ) async -> WebhookEnrolment {
        let outcome = await Upstream(client: client).send(
            registering.registration(of: url),
            to: provider,
            credential: credential,
            for: CallPurpose(.register)
        )
        switch outcome {
        case .notSent(let reason): return .unreachable(reason)
        case .unknown(let reason): return .unknown(reason)
        case .answered(let reply):
            do throws(SubmitError) {
                return .registered(try registering.registered(reply))
            } catch {
                switch error {
                case .refused(let failure): return .refused(failure)
                case .unknown(let reason): return .unknown(reason)
                }
            }
        }
    }
}
