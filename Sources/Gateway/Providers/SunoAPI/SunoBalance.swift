import HTTP
import JSON
import Sound

/// Asks a host for the credits that an account has left; the path differs.
struct SunoBalance: BalanceReading {
    let profile: SunoProfile

    var call: UpstreamCall { UpstreamCall(.get, profile.creditPath) }

    /// `data` is the number alone; a fraction where prices have one.
    func balance(_ reply: UpstreamReply) -> Cost.Amount? {
        guard let envelope = SunoEnvelope(reply, of: profile), envelope.verdict == nil else { return nil }
        return envelope.data.double.map { Cost.Amount($0, "credits") }
    }
}
