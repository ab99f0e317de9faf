package import Sound

/// An output that has audio, and what the ledger knows of it.
package struct KeptOutput: Sendable, Equatable {
    package let task: TaskID
    package let index: Int
    package let asset: AssetRecord

    /// An output from its parts.
    package init(task: TaskID, index: Int, asset: AssetRecord) {
        self.task = task
        self.index = index
        self.asset = asset
    }
}

/// A ledger that can be looked after while no gateway works with it.
package protocol Caring: Sendable {
    /// What the store finds wrong with itself; empty when it is sound.
    func damage() async throws(LedgerError) -> [String]
    /// How many tasks there are, and how many of them have not ended.
    func counts() async throws(LedgerError) -> (tasks: Int, unfinished: Int)
    /// Every output that has audio.
    func keptOutputs() async throws(LedgerError) -> [KeptOutput]
    /// Gives the store up.
    func close() async
}
