/// A point in wall-clock time, to the millisecond.
package struct Moment: Sendable, Hashable, Comparable {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    package let milliseconds: Int64

    /// A moment from its milliseconds since 1970.
    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    package static func < (a: Moment, b: Moment) -> Bool { a.milliseconds < b.milliseconds }

    /// The moment a span later (or earlier, when negative).
    package func advanced(by span: Duration) -> Moment {
        let (seconds, attoseconds) = span.components
        return Moment(milliseconds: milliseconds &+ seconds &* 1000 &+ attoseconds / 1_000_000_000_000_000)
    }
}

/// A task's id: `snd_` and a sortable, unguessable part.
package struct TaskID: Sendable, Hashable, CustomStringConvertible, RawRepresentable {
    package let rawValue: String
    /// The last eight bytes, random in every id of ours: enough to hash by, and tables of a hundred thousand tasks grow
    /// without reading every id again.
    private let tail: UInt64

    package init(rawValue: String) {
        self.rawValue = rawValue
        tail = rawValue.utf8.suffix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    package static func == (a: TaskID, b: TaskID) -> Bool { a.tail == b.tail && a.rawValue == b.rawValue }

    package func hash(into hasher: inout Hasher) { hasher.combine(tail) }

    package var description: String { rawValue }

    /// A number below `count`, the same for the same task and salt, and scattered over tasks.
    package func spread(over count: Int, salt: Int) -> Int {
        var mixed = tail ^ UInt64(truncatingIfNeeded: salt) &* 0x9E37_79B9_7F4A_7C15
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((mixed ^ (mixed >> 31)) % UInt64(max(count, 1)))
    }
}

/// Where a task stands.
package enum TaskStatus: String, Sendable, CaseIterable {
    case queued, running, succeeded, failed, canceled

    /// Nothing will change any more.
    package var hasEnded: Bool { self == .succeeded || self == .failed || self == .canceled }
}

/// An operation of a configured provider: `sunoapi/sounds`.
package struct RouteName: Sendable, Hashable, CustomStringConvertible {
    package let provider: String
    package let operation: String

    /// A route by its two names.
    package init(provider: String, operation: String) {
        self.provider = provider
        self.operation = operation
    }

    package var description: String { "\(provider)/\(operation)" }
}

/// One way that a task may go, as planned: enough to submit it without planning again.
package struct Route: Sendable, Equatable {
    package var name: RouteName
    package var model: String?
    /// The prompt as it will be sent, hints folded in.
    package var prompt: String
    package var fulfilment: [RequestField: Grade]
    /// Over all its calls.
    package var estimatedCost: Cost.Amount?
    /// The most takes that one call gives, where several calls together give the number that was asked for; `nil`
    /// where one call does.
    package var takesPerCall: Int?

    /// A planned way.
    package init(
        name: RouteName,
        model: String?,
        prompt: String,
        fulfilment: [RequestField: Grade],
        estimatedCost: Cost.Amount?,
        takesPerCall: Int? = nil
    ) {
        self.name = name
        self.model = model
        self.prompt = prompt
        self.fulfilment = fulfilment
        self.estimatedCost = estimatedCost
        self.takesPerCall = takesPerCall
    }

    /// How many takes each call is asked for, so that together they bring `wanted`.
    ///
    /// A vendor that sometimes gives fewer than its most is called again for the rest, never beforehand: the first
    /// calls may give all.
    package func shares(of wanted: Int?) -> [Int?] {
        guard let wanted, let most = takesPerCall, most > 0, wanted > most else { return [wanted] }
        let whole = [Int?](repeating: most, count: wanted / most)
        return wanted % most == 0 ? whole : whole + [wanted % most]
    }
}

/// A call that is yet to be made: it waits for a place at its route's provider.
package struct CallRequest: Sendable, Equatable {
    /// Unique within the task, from 1.
    package var id: Int
    /// Index into the task's routes.
    package var route: Int
    /// How many takes it is to bring; `nil` leaves the number to the provider.
    package var takes: Int?
    /// Which try at these takes it is, from 1.
    package var tries: Int
    /// When it may be made at the earliest; `nil` for at once.
    package var notBefore: Moment?

    /// A call to make.
    package init(id: Int, route: Int, takes: Int?, tries: Int, notBefore: Moment? = nil) {
        self.id = id
        self.route = route
        self.takes = takes
        self.tries = tries
        self.notBefore = notBefore
    }
}

/// One try at one provider.
package struct AttemptRecord: Sendable, Equatable {
    /// Where an attempt stands; `unknown` when nobody can tell whether the vendor took the job.
    package enum State: String, Sendable {
        case intended, accepted, succeeded, failed, canceled, unknown

        /// The vendor has or may have the job.
        package var isOpen: Bool { self == .intended || self == .accepted || self == .unknown }
    }

    /// From 1.
    package var number: Int
    /// Index into the task's routes.
    package var route: Int
    package var name: RouteName
    package var credential: String?
    package var state: State
    package var providerTaskID: String?
    package var startedAt: Moment
    package var endedAt: Moment?
    package var error: Failure?
    /// How many takes it is to bring; `nil` leaves the number to the provider.
    package var takes: Int?
    /// Which try at these takes it is, from 1.
    package var tries = 1
    /// What stands in the address at which the vendor may call back; nobody else knows it.
    package var callbackToken: String?
    package var cost: Cost?

    /// The vendor has or may have the job, it has not ended, and we have not given it up.
    package var isOpen: Bool { state.isOpen && endedAt == nil }

    /// An attempt that is about to be made.
    package init(number: Int, route: Int, name: RouteName, credential: String?, startedAt: Moment) {
        self.number = number
        self.route = route
        self.name = name
        self.credential = credential
        self.state = .intended
        self.startedAt = startedAt
    }
}

/// One take of a task.
package struct OutputRecord: Sendable, Equatable {
    /// Where an output stands.
    package enum Status: String, Sendable { case pending, ready, failed }

    package var index: Int
    package var attempt: Int
    package var status: Status
    /// The vendor's own name of the take, by which a second report of it is recognised.
    package var providerKey: String?
    package var sourceURL: String?
    package var asset: AssetRecord?
    package var title: String?
    package var lyrics: String?
    package var timedLyrics: [TimedLine]?
    package var coverURL: String?
    package var readyAt: Moment?
    package var error: Failure?

    /// A take that is yet to come.
    package init(index: Int, attempt: Int) {
        self.index = index
        self.attempt = attempt
        self.status = .pending
    }
}

/// A line of lyrics with its time in seconds.
package struct TimedLine: Sendable, Equatable {
    package var text: String
    package var start: Double
    package var end: Double

    /// A line and when it is sung.
    package init(text: String, start: Double, end: Double) {
        self.text = text
        self.start = start
        self.end = end
    }
}

/// A file in the asset store: checked audio under the name of its content.
package struct AssetRecord: Sendable, Equatable {
    /// Lower-case hex of the file's SHA-256; also its name.
    package var sha256: String
    package var format: SoundFormat
    package var bytes: Int64
    /// Seconds.
    package var duration: Double

    /// A kept file.
    package init(sha256: String, format: SoundFormat, bytes: Int64, duration: Double) {
        self.sha256 = sha256
        self.format = format
        self.bytes = bytes
        self.duration = duration
    }
}

/// All that is known of a task; what the ledger keeps and the API shows.
package struct TaskRecord: Sendable, Equatable {
    package var id: TaskID
    package var client: String?
    package var request: SoundRequest
    package var status: TaskStatus
    package var createdAt: Moment
    package var startedAt: Moment?
    package var endedAt: Moment?
    /// When the gateway gives up.
    package var deadline: Moment
    /// The ways that the plan found, best first.
    package var routes: [Route]
    package var attempts: [AttemptRecord]
    /// The calls that are yet to be made.
    package var waiting: [CallRequest]
    package var outputs: [OutputRecord]
    package var cost: Cost?
    package var error: Failure?
    /// From 0 to 1; not durable, after a restart the next poll tells it again.
    package var progress: Double
    /// Expected time to the end; not durable.
    package var eta: Duration?
    /// Counts the durable changes.
    package var revision: Int
    /// The request that it came with; `nil` for tasks of before that was kept.
    package var provenance: Provenance?

    /// A task as it is admitted.
    package init(
        id: TaskID,
        client: String?,
        request: SoundRequest,
        createdAt: Moment,
        deadline: Moment,
        routes: [Route]
    ) {
        self.id = id
        self.client = client
        self.request = request
        self.status = .queued
        self.createdAt = createdAt
        self.deadline = deadline
        self.routes = routes
        self.attempts = []
        self.waiting = (routes.first?.shares(of: request.variations) ?? []).enumerated().map { index, takes in
            CallRequest(id: index + 1, route: 0, takes: takes, tries: 1)
        }
        self.outputs = []
        self.progress = 0
        self.revision = 1
    }

    /// The way that the task is on: that of its first attempt that has not failed, else of its last one, else the first
    /// planned one.
    package var route: Route? {
        let main = attempts.first { $0.state != .failed && $0.state != .canceled } ?? attempts.last
        return main.flatMap { routes.indices.contains($0.route) ? routes[$0.route] : nil } ?? routes.first
    }
}
