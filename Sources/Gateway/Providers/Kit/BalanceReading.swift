package import Sound

/// Asks a vendor what is left on an account.
package protocol BalanceReading: Sendable {
    /// The call that asks.
    var call: UpstreamCall { get }
    /// What the answer says; `nil` when it says nothing.
    func balance(_ reply: UpstreamReply) -> Cost.Amount?
}
