package import Sound

/// Which messages a list shows, newest first.
package struct OutboxQuery: Sendable, Equatable {
    package var state: OutboxMessage.State?
    package var task: TaskID?
    /// Whose messages: everybody's when `nil`.
    package var client: String??
    /// At most so many.
    package var limit: Int
    /// Only messages before this one in the list: the id of the last one seen.
    package var before: String?

    /// All messages.
    package init(limit: Int = 50) { self.limit = limit }
}

/// Where messages wait until they have reached their address; the ledger is one.
///
/// Messages get in together with the change that they tell of, in one transaction, so there is no way to add one here.
package protocol Outbox: Sendable {
    /// Leases up to `limit` pending messages that are due and whose earlier ones of the same task are settled, the
    /// longest due first; a lease that has run out is void.
    ///
    /// Messages to `hosts` that are busy or shut are left where they are.
    func claimMessages(
        _ limit: Int,
        for holder: String,
        until: Moment,
        now: Moment,
        except hosts: Set<String>
    ) async throws -> [OutboxMessage]
    /// The earliest time at which a message that nobody holds comes due, or a lease runs out; `nil` when none waits.
    func nextMessageDue(except hosts: Set<String>) async throws -> Moment?
    /// Stores what came of a try (state, tries, times, last error) and gives the lease back; a holder that has lost
    /// its lease changes nothing, and is told so by `false`.
    func settleMessage(_ message: OutboxMessage, for holder: String) async throws -> Bool
    /// A message as it stands.
    func message(_ id: String) async throws -> OutboxMessage?
    /// Messages as they stand, newest first.
    func messages(_ query: OutboxQuery) async throws -> [OutboxMessage]
    /// Makes a dead or delivered message pending again, due now and with its tries forgotten, and brings the next try of
    /// one that waits forward to now; `nil` when there is none by this id.
    func resendMessage(_ id: String, now: Moment) async throws -> OutboxMessage?
}
