/// What one gateway has counted; several are added up.
struct Tally: Sendable {
    /// Events taken from the heaps.
    var events: UInt64 = 0
    /// Events that went through task machines.
    var steps: UInt64 = 0
    var commits: UInt64 = 0
    var pushes: UInt64 = 0
    var pops: UInt64 = 0
    var creates: UInt64 = 0
    var polls: UInt64 = 0
    var fetches: UInt64 = 0
    var cancels: UInt64 = 0
    var callbacks: UInt64 = 0
    var hooks: UInt64 = 0
    var delivered: UInt64 = 0
    var dead: UInt64 = 0
    var lateJobs: UInt64 = 0
    var shareQuestions: UInt64 = 0
    var reserved: UInt64 = 0
    var used: UInt64 = 0
    var adopted: UInt64 = 0
    /// How late dues of polls fired.
    var lateness = Histogram()
    /// From a milestone to the first try of its message, and to its delivery.
    var hookLag = Histogram()
    var deliveryLag = Histogram()
    var wholeMost = 0
    /// Vendor calls, commits of tasks and events by second.
    var calls = PerSecond()
    var commitRate = PerSecond()
    var eventRate = PerSecond()

    /// Nanoseconds that sampled machine steps, rebuilds of records and heap operations took, and how many were sampled.
    var stepTime = Sample()
    var rebuildTime = Sample()
    var heapTime = Sample()

    mutating func add(_ other: Tally) {
        events += other.events
        steps += other.steps
        commits += other.commits
        pushes += other.pushes
        pops += other.pops
        creates += other.creates
        polls += other.polls
        fetches += other.fetches
        cancels += other.cancels
        callbacks += other.callbacks
        hooks += other.hooks
        delivered += other.delivered
        dead += other.dead
        lateJobs += other.lateJobs
        shareQuestions += other.shareQuestions
        reserved += other.reserved
        used += other.used
        adopted += other.adopted
        lateness.add(other.lateness)
        hookLag.add(other.hookLag)
        deliveryLag.add(other.deliveryLag)
        wholeMost += other.wholeMost
        calls.add(other.calls)
        commitRate.add(other.commitRate)
        eventRate.add(other.eventRate)
        stepTime.add(other.stepTime)
        rebuildTime.add(other.rebuildTime)
        heapTime.add(other.heapTime)
    }
}

/// How often something happened in each second.
struct PerSecond: Sendable {
    private(set) var seconds: [UInt32] = []

    mutating func count(at instant: UInt64) {
        let second = Int(instant / 1_000_000_000)
        if second >= seconds.count {
            seconds.append(contentsOf: repeatElement(0, count: second + 1 - seconds.count))
        }
        seconds[second] += 1
    }

    mutating func add(_ other: PerSecond) {
        if seconds.count < other.seconds.count {
            seconds.append(contentsOf: repeatElement(0, count: other.seconds.count - seconds.count))
        }
        for (second, value) in other.seconds.enumerated() { seconds[second] += value }
    }

    var most: UInt32 { seconds.max() ?? 0 }
    /// How often it happened before a time, a second on the average.
    func mean(until instant: UInt64) -> Double {
        let count = max(1, Int(instant / 1_000_000_000))
        return Double(seconds.prefix(count).reduce(0) { $0 + Int($1) }) / Double(count)
    }
}

/// Times of a few of many.
struct Sample: Sendable {
    var count = 0
    var nanoseconds: UInt64 = 0

    mutating func add(_ other: Sample) {
        count += other.count
        nanoseconds += other.nanoseconds
    }

    var mean: Double { count == 0 ? 0 : Double(nanoseconds) / Double(count) }
}
