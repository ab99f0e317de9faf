package import Sound

/// What one gateway tells others that share its ledger.
///
/// A signal is a hint and may be lost: whoever acts on it looks into the ledger, and whoever waits for one looks there
/// now and then by itself.
package enum ReplicaSignal: Sendable, Equatable {
    /// There are tasks that nobody holds.
    case work
    /// A task of the receiver's is to be canceled.
    case cancel(TaskID)
    /// Somebody waits for changes of a task of the receiver's, for ``watchTerm`` from now, and knows it as it was then.
    case watch(TaskID, by: LeaseHolder, revision: Int, progress: Double)
    /// A task that the receiver watches has changed; its progress, which is in no ledger.
    case changed(TaskID, progress: Double)
    /// A vendor may have news of what a callback names, with the job that it told of.
    case callback(CallbackAddress, job: String?)
    /// A vendor took a job for an attempt of the receiver's; the sender heard the answer and no longer has the task.
    case taken(TaskID, attempt: Int, job: String)
    /// An ended task was removed.
    case removed(TaskID)
    /// An operation fails again and again, and is left alone for so long; `nil` when it answers again.
    case failing(RouteName, milliseconds: Int64?)
    /// What a vendor said of a key, which has this mark, and for how long it holds.
    case key(KeyName, mark: String, KeyWord, milliseconds: Int64?)
    /// Somebody has too few places of a key.
    case wanted(KeyName)
    /// Somebody has given places of a key back.
    case freed(KeyName)

    /// What a vendor may say of a key.
    package enum KeyWord: String, Sendable {
        case setAside = "set_aside"
        case limited
        case outOfCredit = "out_of_credit"
    }

    /// How long somebody who watches a task is told of it without asking again.
    package static let watchTerm = Duration.seconds(15)
}

/// A key of a provider by its names.
package struct KeyName: Sendable, Hashable {
    package let provider: String
    package let credential: String?

    /// A key by its provider's name and its own; without a name for a provider without keys.
    package init(provider: String, credential: String?) {
        self.provider = provider
        self.credential = credential
    }
}

/// How gateways that share a ledger reach each other.
package protocol ReplicaBus: Sendable {
    /// Sends a signal to one holder, or to all others; returns at once, and the signal may be lost.
    func send(_ signal: ReplicaSignal, to holder: LeaseHolder?)
    /// Calls `hear`, on any thread, with what comes for a holder and for all; a second call changes the holder.
    func listen(as holder: LeaseHolder, _ hear: @escaping @Sendable (ReplicaNews) -> Void)
}

/// What a bus brings.
package enum ReplicaNews: Sendable, Equatable {
    case signal(ReplicaSignal)
    /// Signals may have been lost.
    case gap
}
