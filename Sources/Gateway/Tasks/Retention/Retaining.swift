package import Sound

/// What has been removed from a ledger because its time was over.
package struct Expired: Sendable, Equatable {
    package var tasks: [TaskID] = []
    /// Audio that no task refers to any more.
    package var orphans: [AssetRecord] = []

    /// Nothing so far.
    package init() {}
}

/// A ledger as the place where ended tasks are kept for a time.
package protocol Retaining: Sendable {
    /// Removes up to `limit` tasks that ended before a moment, the earliest first, with all that belongs to them.
    ///
    /// A task of which something is still to be told stays until that is settled, unless it ended before `patience`.
    func removeTasks(
        endedBefore moment: Moment,
        untoldBefore patience: Moment,
        limit: Int
    ) async throws(LedgerError) -> Expired
    /// The contents among these, by their hashes, that no task's output is.
    func unreferenced(_ contents: [String]) async throws(LedgerError) -> [String]
}
