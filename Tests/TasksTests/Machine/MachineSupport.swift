import Providers
import Sound
import Tasks

let start = Moment(milliseconds: 1_800_000_000_000)

/// Routes at providers of the given names, first to last.
func routes(
    _ providers: [String],
    cost: Cost.Amount? = Cost.Amount(2.5, "credits"),
    takesPerCall: Int? = nil
) -> [Route] {
    providers.map {
        Route(
            name: RouteName(provider: $0, operation: "sounds"),
            model: "V5",
            prompt: "rain",
            fulfilment: [:],
            estimatedCost: cost,
            takesPerCall: takesPerCall
        )
    }
}

/// A task as it is admitted, with a quarter of an hour to live.
func admitted(
    _ id: String = "snd_1",
    at providers: [String] = ["a"],
    takesPerCall: Int? = nil,
    _ change: (inout SoundRequest) -> Void = { _ in }
) -> TaskRecord {
    var request = SoundRequest(prompt: "rain")
    change(&request)
    return TaskRecord(
        id: TaskID(rawValue: id),
        client: nil,
        request: request,
        createdAt: start,
        deadline: start.advanced(by: .seconds(900)),
        routes: routes(providers, takesPerCall: takesPerCall)
    )
}

func asset(_ content: String = "aa", seconds: Double = 2) -> AssetRecord {
    AssetRecord(sha256: content, format: .mp3, bytes: 100, duration: seconds)
}

func take(_ key: String, url: String? = nil) -> RemoteResult {
    RemoteResult(key: key, url: url ?? "https://cdn.example/\(key).mp3", title: "Rain")
}

/// A machine and what it has asked for, with a clock that stands still unless moved.
struct Bench {
    var machine: TaskMachine
    var now = start
    /// Whatever has been asked for so far.
    var asked: [TaskEffect] = []

    init(_ record: TaskRecord = admitted(), maxAttempts: Int = 3) {
        var policy = TaskMachine.Policy()
        policy.maxAttempts = maxAttempts
        machine = TaskMachine(record, policy: policy)
    }

    var record: TaskRecord { machine.record }
    var last: AttemptRecord? { record.attempts.last }

    @discardableResult
    mutating func apply(_ event: TaskEvent) -> [TaskEffect] {
        let effects = machine.apply(event, at: now)
        asked += effects
        return effects
    }

    @discardableResult
    mutating func resume(repeatable: Bool = false) -> [TaskEffect] {
        let effects = machine.resume(at: now) { _ in repeatable }
        asked += effects
        return effects
    }
}

/// A place in a task's life, reached by events.
enum Stage: String, CaseIterable {
    case queued, intended, unknown, accepted, acceptedPartly, acceptedPartlyReady, succeededFetching,
        rendering

    /// A bench that stands there, at the last of the given routes unless it waits.
    func bench(_ record: TaskRecord = admitted()) -> Bench {
        var bench = Bench(record)
        bench.resume()
        guard self != .queued else { return bench }
        bench.apply(.slotGranted(request: 1, credential: "main", token: nil))
        switch self {
        case .queued, .intended: break
        case .unknown: bench.apply(.acceptanceUnknown(attempt: 1))
        case .rendering: bench.apply(.renderingBegan(attempt: 1, takes: 2))
        case .accepted, .acceptedPartly, .acceptedPartlyReady, .succeededFetching:
            bench.apply(.accepted(attempt: 1, RemoteJob(id: "j1")))
        }
        switch self {
        case .acceptedPartly: bench.apply(.observed(attempt: 1, Observation(.running, results: [take("s1")])))
        case .acceptedPartlyReady:
            bench.apply(.observed(attempt: 1, Observation(.running, results: [take("s1")])))
            bench.apply(.outputKept(attempt: 1, index: 0, asset(), title: nil))
        case .succeededFetching:
            bench.apply(.observed(attempt: 1, Observation(.succeeded, results: [take("s1"), take("s2")])))
        default: break
        }
        return bench
    }
}
