import Sound
import Tasks
import Webhooks

/// What a gateway wants of the database, or of the others through it.
struct Question: Sendable {
    enum Kind: Sendable {
        case commit(slot: UInt32, [Announcement])
        case renew
        case claim
        case share(vendor: Int, using: Int, wanting: Int, before: Int)
        case starts(vendor: Int, wanting: Int)
        /// A word to all others; none of it is a commit.
        case tell(Word, vendor: Int)
        case messages(limit: Int, except: Set<String>)
        case settle(message: Int, Settlement)
    }

    enum Word: Sendable { case freed, wanted }

    /// When it leaves the gateway, in nanoseconds since the run began.
    let at: UInt64
    let replica: Int
    let life: Int
    /// How long the way there and back and the disk take.
    let span: UInt64
    let kind: Kind
}

/// Something that a webhook address is to be told, as it lies in the outbox.
struct Announcement: Sendable {
    let task: UInt32
    let number: Int
    let host: Int
    let createdAt: Moment
}

/// What came of a message, for the outbox.
struct Settlement: Sendable {
    let tries: Int
    let isPending: Bool
    let dueAt: Moment

    init(_ message: OutboxMessage) {
        tries = message.tries
        isPending = message.state == .pending
        dueAt = message.dueAt
    }
}

/// A word of one gateway to all others.
struct Call: Sendable {
    let replica: Int
    let due: UInt64
    let word: Question.Word
    let vendor: Int
}

/// What the database says to a gateway.
struct Answer: Sendable {
    enum Kind: Sendable {
        case committed(slot: UInt32)
        case renewed(asked: UInt64)
        case claimed([StoredTask], asked: UInt64)
        case share(vendor: Int, KeyShare, before: Int, wanting: Int)
        case starts(vendor: Int, [Duration], asked: UInt64)
        /// With when the next one comes due, where there are none.
        case messages([(number: Int, message: OutboxMessage)], next: Moment?)
        case settled(message: Int)
    }

    let replica: Int
    let life: Int
    let due: UInt64
    let kind: Kind
}

/// Something that happened in the world, for the auditor.
struct Fact: Sendable {
    enum Kind: Sendable {
        /// A place was given to a call.
        case began
        /// A create arrived at the vendor; whether it took the job, until when it works on it, and whether that fails.
        case create(isTaken: Bool, until: UInt64, fails: Bool)
        /// The vendor was told to stop the job.
        case stopped
        /// Nobody can tell whether the vendor has the job: its place is given back.
        case unknown
        case ended(TaskStatus)
        /// A gateway works on the task from now on.
        case taken(replica: Int)
        /// A rule of polls or rests was broken.
        case broken(Rule)
    }

    let at: UInt64
    let task: UInt32
    let vendor: Int
    let attempt: Int
    let kind: Kind
}

/// What must hold in every run.
package enum Rule: String, Sendable, CaseIterable {
    case endsOnce = "every task ends once"
    case nothingLost = "no task is lost or held by two gateways"
    case submittedOnce = "no task is submitted twice"
    case placesKept = "jobs at a vendor stay within the places of its key"
    case ratePerKey = "starts stay within the rate of a key"
    case paceKept = "no job is asked about faster than its vendor's pace"
    case restsWhole = "a task that rests is the record that it was"
}
