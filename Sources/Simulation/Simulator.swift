import EventLoop

/// A run: windows of time, in which all gateways go on by themselves, and between them the database and the auditor.
package struct Simulator: Sendable {
    /// How far a run is.
    package struct Progress: Sendable {
        /// Simulated, in nanoseconds.
        package let time: UInt64
        package let ended: Int
        package let breaches: Int
    }

    /// The tasks have ended, and messages to hosts that do not answer are waited for no longer.
    private static let afterglow: UInt64 = 600_000_000_000
    /// Between two ends of processes, so that each takeover is seen by itself.
    private static let leastBetweenDeaths: UInt64 = 20_000_000_000

    private let parameters: Parameters
    private let codec: Codec
    private var shards: [Shard] = []
    private var shardOf: [Int] = []
    private var database: Database
    private var auditor: Auditor
    private var deaths: [(at: UInt64, replica: Int)] = []
    private var died = 0
    private var outlived = 0

    private init(_ parameters: Parameters) {
        self.parameters = parameters
        codec = Codec(parameters)
        database = Database(parameters, codec: codec)
        auditor = Auditor(parameters)
        let threads = min(parameters.threads, parameters.replicas)
        for index in 0..<threads {
            let from = parameters.replicas * index / threads
            let to = parameters.replicas * (index + 1) / threads
            shards.append(Shard(parameters, codec: codec, numbers: from..<to))
            shardOf += Array(repeating: index, count: to - from)
        }
        deaths = Self.deaths(parameters)
    }

    /// When which gateway dies: by chance, in the time in which most tasks are still there.
    private static func deaths(_ parameters: Parameters) -> [(at: UInt64, replica: Int)] {
        var draws = Draws(seed: parameters.seed, stream: 3 << 48)
        let throughput = Double(parameters.places * parameters.keys) / parameters.jobSeconds
        let span = max(120, Double(parameters.tasks) / throughput)
        var last: UInt64 = 0
        var times = (0..<parameters.deaths).map { _ in UInt64((0.05 + 0.75 * draws.unit()) * span * 1e9) }
        times.sort()
        return times.map { time in
            last = max(time, last + leastBetweenDeaths)
            return (last, draws.below(parameters.replicas))
        }
    }

    /// Simulates, until all tasks have ended, the time is over or somebody has had enough.
    ///
    /// - Parameters:
    ///   - parameters: what is simulated; there is no ``Parameters/problem`` with it.
    ///   - isInterrupted: asked often.
    ///   - tell: called about once a second.
    /// - Returns: what came of it.
    package static func run(
        _ parameters: Parameters,
        isInterrupted: @Sendable () -> Bool = { false },
        tell: @Sendable (Progress) -> Void = { _ in }
    ) async -> Report {
        let bytesWhole = Footprint.ofMachine(Codec(parameters))
        let before = Footprint.resident
        var simulator = Simulator(parameters)
        return await simulator.run(isInterrupted, tell, before, bytesWhole)
    }

    private mutating func run(
        _ isInterrupted: @Sendable () -> Bool,
        _ tell: @Sendable (Progress) -> Void,
        _ bytesBefore: Int,
        _ bytesWhole: Int
    ) async -> Report {
        let clock = ContinuousClock()
        let began = clock.now
        var toldAt = began
        let window = UInt64(parameters.commitFloor * 1e6)
        let limit = UInt64(parameters.hours * 3600e9)
        var harvests = await begin()
        let ready = clock.now
        let bytesPerTask = max(0, Footprint.resident - bytesBefore) / parameters.tasks
        var answers: [Answer] = []
        var calls: [Call] = []
        var (time, windows): (UInt64, UInt64) = (0, 0)
        var isCut = false
        while true {
            var questions = harvests.flatMap(\.questions)
            questions.sort { ($0.at, $0.replica) < ($1.at, $1.replica) }
            database.answer(questions, &answers, &calls)
            auditor.take(harvests.flatMap(\.facts), before: time)
            windows += 1
            if windows % 128 == 0, clock.now - toldAt > .seconds(1) {
                toldAt = clock.now
                let breaches = auditor.breaches.values.reduce(0, +)
                tell(Progress(time: time, ended: auditor.ended, breaches: breaches))
            }
            isCut = isInterrupted()
            var next = min(
                harvests.compactMap(\.nextDue).min() ?? .max,
                min(answers.map(\.due).min() ?? .max, calls.map(\.due).min() ?? .max)
            )
            if let death = deaths.first { next = min(next, max(death.at, time)) }
            guard !isCut, !hasFinished(next), next < limit else { break }
            time = next
            await endProcesses(at: time, &answers)
            harvests = await run(until: min(time + window, limit), with: answers, calls)
            answers = []
            calls = []
        }
        auditor.take([], before: time)
        let last = await shards.asyncFlatMap { await $0.unfinished() }
        let undelivered = answers.flatMap(\.claimed).map(\.row.task)
        auditor.close(unfinished: last + undelivered + database.unheld)
        return Report(
            parameters: parameters,
            time: auditor.ended == parameters.tasks ? auditor.lastEnd : time,
            isCut: isCut,
            tallies: await shards.asyncFlatMap { await $0.tallies() },
            database: database,
            auditor: auditor,
            died: died,
            outlived: outlived,
            timing: Report.Timing(
                beginning: ready - began,
                running: clock.now - ready,
                windows: windows,
                bytesPerTask: bytesPerTask,
                bytesWhole: bytesWhole,
                mostBytes: Footprint.most
            )
        )
    }

    private func hasFinished(_ next: UInt64) -> Bool {
        guard auditor.ended == parameters.tasks else { return false }
        return database.outbox.pending == 0 || next > auditor.lastEnd + Self.afterglow
    }

    private func begin() async -> [Shard.Harvest] {
        await withTaskGroup(of: (Int, Shard.Harvest).self) { group in
            for (index, shard) in shards.enumerated() {
                group.addTask { [parameters] in
                    (index, await shard.begin(of: parameters.replicas, tasks: parameters.tasks))
                }
            }
            return await group.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    private func run(until end: UInt64, with answers: [Answer], _ calls: [Call]) async -> [Shard.Harvest] {
        guard shards.count > 1 else { return [await shards[0].run(until: end, with: answers, calls)] }
        var parts = [[Answer]](repeating: [], count: shards.count)
        for answer in answers { parts[shardOf[answer.replica]].append(answer) }
        return await withTaskGroup(of: (Int, Shard.Harvest).self) { group in
            for (index, shard) in shards.enumerated() {
                let part = parts[index]
                group.addTask { (index, await shard.run(until: end, with: part, calls)) }
            }
            return await group.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    /// Ends the processes whose time has come, and those whose lease has run out.
    private mutating func endProcesses(at time: UInt64, _ answers: inout [Answer]) async {
        var ending: [(replica: Int, pause: UInt64)] = database.outlived.map { ($0, 0) }
        outlived += ending.count
        while let death = deaths.first, death.at <= time {
            deaths.removeFirst()
            died += 1
            ending.append((death.replica, UInt64(parameters.restart * 1e9)))
        }
        for (replica, pause) in ending {
            let unseen = answers.filter { $0.replica == replica }.flatMap(\.claimed)
            answers.removeAll { $0.replica == replica }
            let left = await shards[shardOf[replica]].kill(replica, at: time, backAfter: pause)
            database.left(replica, left + unseen, at: time)
        }
    }
}

extension Answer {
    /// Tasks that are on their way to whoever claimed them.
    fileprivate var claimed: [StoredTask] { if case .claimed(let tasks, _) = kind { tasks } else { [] } }
}

extension Array {
    fileprivate func asyncFlatMap<Part>(_ body: (Element) async -> [Part]) async -> [Part] {
        var all: [Part] = []
        for element in self { all += await body(element) }
        return all
    }
}
