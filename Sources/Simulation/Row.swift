import Sound

/// A task as it rests between two events, in 72 bytes.
///
/// A task whose record has another shape than nearly all have (a second attempt, an error) rests as its full record, beside
/// its row.
struct Row: Sendable {
    static let never = UInt32.max

    /// What the record has.
    struct Parts: OptionSet, Sendable {
        let rawValue: UInt8
        static let waiting = Parts(rawValue: 1)
        static let attempt = Parts(rawValue: 2)
        static let job = Parts(rawValue: 4)
        static let token = Parts(rawValue: 8)
        static let output = Parts(rawValue: 16)
        static let address = Parts(rawValue: 32)
        /// The record is kept whole.
        static let isWhole = Parts(rawValue: 64)
    }

    /// Where the task stands with the gateway that holds it.
    struct Standing: OptionSet, Sendable {
        let rawValue: UInt8
        static let hasEnded = Standing(rawValue: 1)
        /// Its call stands in a line.
        static let isInLine = Standing(rawValue: 2)
        /// It has a place at the vendor.
        static let hasPlace = Standing(rawValue: 4)
        static let isHinted = Standing(rawValue: 8)
        static let isBeingAsked = Standing(rawValue: 16)
        static let isBeingFetched = Standing(rawValue: 32)
        /// Its claimer forgot it (``Parameters/Breakage/lostClaim``).
        static let isForgotten = Standing(rawValue: 64)
    }

    // The record.
    let task: UInt32
    /// In milliseconds since the run began.
    var startedAt = Row.never
    var attemptStartedAt = Row.never
    var attemptEndedAt = Row.never
    var revision: UInt16 = 1
    var parts: Parts = .waiting
    /// Of the last attempt, of whole records too.
    var attempt: UInt8 = 0
    var route: UInt8 = 0
    var state: AttemptState = .none

    // The gateway's.
    var standing: Standing = []
    var refused: UInt8 = 0
    var polls: UInt16 = 0
    var turn: UInt16 = 0
    var askedAt: UInt64 = 0
    var deadline = UInt64.max

    // The vendor's: what it knows of the job goes nowhere when a gateway dies.
    var jobFails = false
    var doneAt = UInt64.max
    var lastQuestion: UInt64 = 0

    init(task: UInt32) { self.task = task }

    /// The row as the ledger has it: what a gateway had in mind is gone with it.
    var stored: Row {
        var row = self
        row.standing = []
        row.refused = 0
        row.polls = 0
        row.turn = 0
        row.askedAt = 0
        row.deadline = .max
        return row
    }
}

/// ``AttemptRecord/State``, in a byte.
enum AttemptState: UInt8, Sendable {
    case none, intended, accepted, succeeded, failed, canceled, unknown

    init(_ state: AttemptRecord.State) {
        switch state {
        case .intended: self = .intended
        case .accepted: self = .accepted
        case .succeeded: self = .succeeded
        case .failed: self = .failed
        case .canceled: self = .canceled
        case .unknown: self = .unknown
        }
    }

    var state: AttemptRecord.State? {
        switch self {
        case .none: nil
        case .intended: .intended
        case .accepted: .accepted
        case .succeeded: .succeeded
        case .failed: .failed
        case .canceled: .canceled
        case .unknown: .unknown
        }
    }
}

/// A task as it lies in the ledger, when nobody works on it.
struct StoredTask: Sendable {
    var row: Row
    var whole: TaskRecord?
}
