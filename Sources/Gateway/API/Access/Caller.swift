import Routing
import Timing

/// Who is calling: a client by its key, or anybody where no key is asked for.
package struct Caller: Sendable {
    /// `nil` where the gateway asks for no key.
    package let name: String?
    /// Sees the tasks of all clients.
    package let isAdmin: Bool
    /// What the configuration lets it have.
    let limits: ClientLimits
    /// What is counted of it; `nil` for anybody.
    let standing: ClientStanding?

    /// Somebody who was asked for no key, and sees everything.
    static let anybody = Caller(name: nil, isAdmin: true, limits: ClientLimits(), standing: nil)

    /// What it may have in a plan, where that is enforced.
    var permit: Permit { limits.isEnforced ? limits.permit : Permit() }
}

/// What the configuration lets a client have; its quota itself is kept by the ledger.
struct ClientLimits: Sendable, Equatable {
    var permit = Permit()
    /// How many requests it may make; `nil` without a limit.
    var pace: Pace?
    /// The most tasks that have not ended; `nil` where the gateway's own limit for a client holds.
    var maxConcurrent: Int?
    /// Whether the ledger keeps a quota of it.
    var hasQuota = false
    /// Whether these refuse anything, or are only watched.
    var isEnforced = true
}
