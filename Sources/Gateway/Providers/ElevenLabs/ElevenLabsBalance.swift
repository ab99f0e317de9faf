import HTTP
import JSON
import Sound

/// Reads `GET /v1/user/subscription`: what the plan gives for a month, and what of it is used.
struct ElevenLabsBalance: BalanceReading {
    var call: UpstreamCall { UpstreamCall(.get, "/v1/user/subscription") }

    func balance(_ reply: UpstreamReply) -> Cost.Amount? {
        guard reply.status == 200, let body = reply.json, let limit = body["character_limit"]?.double,
            let used = body["character_count"]?.double
        else { return nil }
        // An account may be let beyond its limit.
        return Cost.Amount(max(0, limit - used), "credits")
    }
}
