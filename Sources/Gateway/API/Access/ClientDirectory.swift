import Configuration
import Crypto
import HTTP
import HTTPServer
import Routing
import Sound
import TLS
import Tasks
import Telemetry
import Threads
import Timing

/// The clients that the configuration names, looked up by the digest of the key that a request shows.
///
/// Immutable; a new configuration makes a new one, over the same counts. Only digests are held. They are found by a
/// second digest under a key of this process, and compared in constant time: the time of a refusal tells nothing about
/// how close a guess was, however many clients there are.
struct ClientDirectory: Sendable {
    private struct Entry: Sendable {
        let digest: [UInt8]
        let expires: Timestamp?
        let caller: Caller
    }

    private let entries: [UInt64: [Entry]]
    private let holders: [CertificateMatch: Caller]
    private let requiresKey: Bool
    private let blinding: [UInt8]
    private let guesses: Guarded<GuessLimit<PeerAddress>>

    /// The clients of a configuration.
    ///
    /// - Parameters:
    ///   - access: who may call.
    ///   - standings: what is counted of clients.
    ///   - guesses: where wrong keys came from.
    init(_ access: ClientAccess, standings: ClientStandings, guesses: Guarded<GuessLimit<PeerAddress>>) {
        self.guesses = guesses
        requiresKey = access.requiresKey
        blinding = randomBytes(32)
        var entries: [UInt64: [Entry]] = [:]
        var holders: [CertificateMatch: Caller] = [:]
        for client in access.clients {
            let caller = Caller(
                name: client.name,
                isAdmin: client.isAdmin,
                limits: ClientLimits(client),
                standing: standings.standing(of: client.name)
            )
            for match in client.certificates { holders[match] = caller }
            for key in client.allKeys {
                guard let digest = Hex.decode(key.sha256) else { continue }
                let place = Self.place(of: digest, blinding)
                entries[place, default: []].append(
                    Entry(digest: digest, expires: key.expires, caller: caller)
                )
            }
        }
        self.entries = entries
        self.holders = holders
    }

    private static func place(of digest: [UInt8], _ blinding: [UInt8]) -> UInt64 {
        HMACSHA256.authenticate(digest, key: blinding).bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// What comes of a request: who is calling, or why nobody is let in.
    ///
    /// A certificate does in place of a key. A key that comes with one must be the same client's.
    func enter(_ request: Request, at time: any Timekeeper) -> Entrance {
        guard requiresKey else { return .admitted(.anybody, rate: nil) }
        let known = holders(of: request.clientCertificate)
        guard known.count <= 1 else {
            return Self.unauthorized("The client certificate stands for several clients.")
        }
        guard let field = request.fields["Authorization"] else {
            // Nobody guesses certificates: wrong keys from the same network are none of its holder's.
            if let holder = known.values.first { return admitted(holder, from: request, at: time.instant) }
            return Self.unauthorized(
                "This gateway asks for a client key: send \"Authorization: Bearer KEY\"."
            )
        }
        let (network, now) = (request.peer.network, time.instant)
        let parts = field.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else {
            return wrong("The Authorization field must read \"Bearer KEY\".", from: network, at: now)
        }
        guard let entry = entry(of: String(parts[1])) else {
            return wrong("The client key is not known here.", from: network, at: now)
        }
        // From where somebody guesses, only those are let in who have been there before.
        if let standing = entry.caller.standing, !standing.isAtHome(in: network),
            let wait = guesses.withLock({ $0.wait(network, at: now) })
        {
            return Self.tooManyAttempts(wait)
        }
        if let expires = entry.expires, expires.milliseconds <= time.moment.milliseconds {
            return Self.unauthorized(
                "This client key expired at \(expires); ask the gateway's operator for another one.",
                code: "key_expired"
            )
        }
        guard known.isEmpty || known.keys.contains(entry.caller.name) else {
            return Self.unauthorized("The client key and the client certificate belong to different clients.")
        }
        return admitted(entry.caller, from: request, at: now)
    }

    private func admitted(_ caller: Caller, from request: Request, at now: UInt64) -> Entrance {
        caller.standing?.settle(in: request.peer.network)
        let rate = caller.limits.pace.flatMap { caller.standing?.take($0, at: now) }
        return .admitted(caller, rate: rate)
    }

    /// The clients that a certificate stands for, by name: one, or none.
    private func holders(of certificate: PeerCertificate?) -> [String?: Caller] {
        guard let certificate, !holders.isEmpty else { return [:] }
        var found: [String?: Caller] = [:]
        if let holder = holders[.fingerprint(certificate.fingerprint)] { found[holder.name] = holder }
        for name in certificate.names {
            let match: CertificateMatch =
                switch name {
                case .dns(let name): .dns(name.lowercased())
                case .uri(let uri): .uri(uri)
                }
            if let holder = holders[match] { found[holder.name] = holder }
        }
        return found
    }

    private func entry(of key: String) -> Entry? {
        let digest = SHA256.hash(key).bytes
        var found: Entry?
        for entry in entries[Self.place(of: digest, blinding)] ?? []
        where constantTimeEquals(entry.digest, digest) { found = entry }
        return found
    }

    private func wrong(_ detail: String, from network: PeerAddress, at now: UInt64) -> Entrance {
        if let wait = guesses.withLock({ $0.take(network, at: now) }) { return Self.tooManyAttempts(wait) }
        return Self.unauthorized(detail)
    }

    private static func unauthorized(_ detail: String, code: String = "unauthorized") -> Entrance {
        .refused(Refused(ProblemDetails(.unauthorized, code: code, detail: detail)))
    }

    private static func tooManyAttempts(_ wait: Duration) -> Entrance {
        let problem = ProblemDetails(
            .tooManyRequests,
            code: "too_many_attempts",
            detail: "Too many wrong keys came from this address; come back after the seconds in Retry-After."
        )
        return .refused(Refused(problem, retryAfter: wait))
    }
}

extension ClientLimits {
    fileprivate init(_ client: Client) {
        permit = Permit(
            providers: client.providers.map { Set($0) },
            types: client.types.map { Set($0.compactMap { SoundType(rawValue: $0.rawValue) }) }
        )
        pace = client.rateLimit.map { Pace(count: $0.count, per: $0.per) }
        maxConcurrent = client.maxConcurrent
        hasQuota = client.quota != ClientQuota()
        isEnforced = client.enforce
    }
}

extension ClientAccess {
    /// What the ledger is to hold clients to, by their names.
    var quotas: [String: Quota] {
        clients.reduce(into: [:]) { quotas, client in
            let limits =
                client.quota.day.map { Quota.Limit($0, per: .day) }
                + client.quota.month.map { Quota.Limit($0, per: .month) }
            quotas[client.name] = Quota(limits, isEnforced: client.enforce)
        }
    }

    /// The most unfinished tasks of those who have a bound of their own that is enforced.
    var mostUnfinished: [String: Int] {
        clients.reduce(into: [:]) { bounds, client in
            if client.enforce { bounds[client.name] = client.maxConcurrent }
        }
    }
}

extension Quota.Limit {
    fileprivate init(_ allowance: ClientQuota.Allowance, per period: Quota.Period) {
        self.init(allowance.most, Meter(allowance.unit, of: allowance.provider), per: period)
    }
}
