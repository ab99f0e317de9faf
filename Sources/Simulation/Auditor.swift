import Sound
import Tasks

/// Watches what happens in the world, and says which rules were broken.
///
/// It knows nothing of what gateways have in mind: only what vendors saw, what was stored, and who has which task.
struct Auditor: Sendable {
    /// What is known of a task.
    private struct Mark: OptionSet, Sendable {
        let rawValue: UInt8
        static let hasEnded = Mark(rawValue: 1)
        /// A vendor is at work for it, or has done it.
        static let isPaid = Mark(rawValue: 2)
        /// The vendor is at work.
        static let isAtWork = Mark(rawValue: 4)
        /// Its place has been given back because nobody knew of the job.
        static let isUnknown = Mark(rawValue: 8)
        static let isOutside = Mark(rawValue: 16)
    }

    /// Something that happened in the world.
    struct Step: Sendable {
        enum Kind: UInt64, Sendable { case began, create, done, stopped, unknown }

        let kind: Kind
        let task: UInt32
        let vendor: Int
        let attempt: UInt8
        var isTaken = false
        var fails = false

        init(_ kind: Kind, _ fact: Fact) {
            self.kind = kind
            task = fact.task
            vendor = fact.vendor
            attempt = UInt8(clamping: fact.attempt)
        }
    }

    /// The last times at which something happened with a key, so many of them.
    private struct Window: Sendable {
        private var times: [UInt64] = []
        private var next = 0
        let count: Int

        init(count: Int) { self.count = count }

        /// Takes in a time, and tells whether it and so many before it are closer than a second.
        mutating func isTooSoon(_ time: UInt64) -> Bool {
            guard count > 0 else { return false }
            guard times.count == count else {
                times.append(time)
                return false
            }
            defer {
                times[next] = time
                next = (next + 1) % count
            }
            return time < times[next] &+ 1_000_000_000
        }
    }

    private var marks: ContiguousArray<Mark>
    private var attempts: ContiguousArray<UInt8>
    /// The attempt whose job the vendor works on.
    private var jobs: ContiguousArray<UInt8>
    /// Packed steps, for they are not told in their order.
    private var steps = PackedDueHeap()
    private let places: Int
    private var atWork: [Int]
    private var outside = 0
    private var begun: [Window]
    private var arrived: [Window]

    /// Most jobs at once with one key, and of those that nobody knows of with all keys.
    private(set) var mostAtWork = 0
    private(set) var mostOutside = 0
    /// Creates that arrived closer together than the rate allows: it holds where they begin.
    private(set) var hastyArrivals = 0
    private(set) var ended = 0
    private(set) var endedBy: [TaskStatus: Int] = [:]
    private(set) var lastEnd: UInt64 = 0
    /// When nearly all tasks had ended: the last few only wait for their deadline.
    private(set) var nearEnd: UInt64 = 0
    private(set) var breaches: [Rule: Int] = [:]
    private(set) var firstBreaches: [String] = []

    init(_ parameters: Parameters) {
        marks = ContiguousArray(repeating: [], count: parameters.tasks)
        attempts = ContiguousArray(repeating: 0, count: parameters.tasks)
        jobs = attempts
        places = parameters.places
        atWork = Array(repeating: 0, count: parameters.keys)
        begun = Array(repeating: Window(count: parameters.rate), count: parameters.keys)
        arrived = begun
    }

    mutating func breach(_ rule: Rule, _ words: String) {
        breaches[rule, default: 0] += 1
        if firstBreaches.count < 10 { firstBreaches.append("\(rule.rawValue): \(words)") }
    }

    /// Takes in facts, in any order, and judges all that happened before `horizon`.
    mutating func take(_ facts: [Fact], before horizon: UInt64) {
        for fact in facts { take(fact) }
        while let due = steps.firstDue, due < horizon, let packed = steps.pop(until: due) {
            guard let step = Step(packed: packed) else { continue }
            judge(step, at: due)
        }
    }

    private mutating func take(_ fact: Fact) {
        switch fact.kind {
        case .began: steps.push(Step(.began, fact).packed, due: fact.at)
        case .create(let isTaken, let until, let fails):
            var create = Step(.create, fact)
            create.isTaken = isTaken
            steps.push(create.packed, due: fact.at)
            guard isTaken else { return }
            var done = Step(.done, fact)
            done.fails = fails
            steps.push(done.packed, due: until)
        case .stopped: steps.push(Step(.stopped, fact).packed, due: fact.at)
        case .unknown: steps.push(Step(.unknown, fact).packed, due: fact.at)
        case .ended(let status): end(fact, status)
        case .taken:
            if marks[Int(fact.task)].contains(.hasEnded) {
                breach(.nothingLost, "task \(fact.task) was taken up after its end")
            }
        case .broken(let rule): breach(rule, "task \(fact.task) at \(fact.at / 1_000_000) ms")
        }
    }

    private mutating func end(_ fact: Fact, _ status: TaskStatus) {
        guard marks[Int(fact.task)].insert(.hasEnded).inserted else {
            return breach(.endsOnce, "task \(fact.task) ended again at \(fact.at / 1_000_000) ms")
        }
        ended += 1
        endedBy[status, default: 0] += 1
        lastEnd = max(lastEnd, fact.at)
        if ended * 100 <= marks.count * 99 { nearEnd = lastEnd }
    }

    private mutating func judge(_ step: Step, at time: UInt64) {
        let index = Int(step.task)
        switch step.kind {
        case .began:
            guard begun[step.vendor].isTooSoon(time) else { return }
            breach(.ratePerKey, "key \(step.vendor) at \(time / 1_000_000) ms")
        case .create: judgeCreate(step, at: time)
        case .done:
            stop(step)
            if step.fails { marks[index].remove(.isPaid) }
        case .stopped: stop(step)
        case .unknown:
            guard marks[index].contains(.isAtWork), !marks[index].contains(.isOutside) else {
                marks[index].insert(.isUnknown)
                return
            }
            atWork[step.vendor] -= 1
            leaveOutside(index)
        }
    }

    private mutating func judgeCreate(_ step: Step, at time: UInt64) {
        let (index, vendor) = (Int(step.task), step.vendor)
        if arrived[vendor].isTooSoon(time) { hastyArrivals += 1 }
        if step.attempt <= attempts[index] {
            breach(.submittedOnce, "attempt \(step.attempt) of task \(step.task) came again")
        }
        attempts[index] = max(attempts[index], step.attempt)
        guard step.isTaken else { return }
        if marks[index].contains(.isPaid) { breach(.submittedOnce, "task \(step.task) has a job already") }
        marks[index].formUnion([.isPaid, .isAtWork])
        marks[index].remove(.isOutside)
        jobs[index] = step.attempt
        guard !marks[index].contains(.isUnknown) else { return leaveOutside(index) }
        atWork[vendor] += 1
        mostAtWork = max(mostAtWork, atWork[vendor])
        if atWork[vendor] > places {
            breach(.placesKept, "\(atWork[vendor]) jobs with key \(vendor) at \(time / 1_000_000) ms")
        }
    }

    private mutating func leaveOutside(_ index: Int) {
        marks[index].insert(.isOutside)
        outside += 1
        mostOutside = max(mostOutside, outside)
    }

    private mutating func stop(_ step: Step) {
        let index = Int(step.task)
        guard marks[index].contains(.isAtWork), jobs[index] == step.attempt else { return }
        marks[index].remove(.isAtWork)
        if marks[index].contains(.isOutside) { outside -= 1 } else { atWork[step.vendor] -= 1 }
    }

    /// Judges the end: every task has ended, or somebody has it and nobody else.
    mutating func close(unfinished: [UInt32]) {
        take([], before: .max)
        var holders = ContiguousArray<UInt8>(repeating: 0, count: marks.count)
        for task in unfinished { holders[Int(task)] = min(holders[Int(task)], 254) + 1 }
        for index in marks.indices {
            let wanted = marks[index].contains(.hasEnded) ? 0 : 1
            guard holders[index] != wanted else { continue }
            let words = wanted == 1 ? "has not ended and \(holders[index]) have it" : "has ended and is held"
            breach(.nothingLost, "task \(index) \(words)")
        }
    }
}
