/// Gateways that are worked on by one thread.
///
/// What they do within a window of time depends on no other gateway: words and answers take longer than that.
actor Shard {
    /// What came of a window.
    struct Harvest: Sendable {
        var questions: [Question] = []
        var facts: [Fact] = []
        /// When the next of its gateways has something to do.
        var nextDue: UInt64?
    }

    private let replicas: [Replica]
    private let first: Int

    init(_ parameters: Parameters, codec: Codec, numbers: Range<Int>) {
        first = numbers.lowerBound
        replicas = numbers.map { Replica(parameters, codec: codec, number: $0) }
    }

    /// Gives each gateway the tasks that it has when the run begins.
    func begin(of count: Int, tasks: Int) -> Harvest {
        for replica in replicas {
            let from = tasks * replica.number / count
            let to = tasks * (replica.number + 1) / count
            replica.begin(with: UInt32(from)..<UInt32(to))
        }
        return harvest()
    }

    /// Lets every gateway do what comes due before a time.
    func run(until end: UInt64, with answers: [Answer], _ calls: [Call]) -> Harvest {
        for answer in answers { replicas[answer.replica - first].expect(answer) }
        for call in calls {
            let arrival = Replica.Arrival.told(isFreed: call.word == .freed, vendor: UInt8(call.vendor))
            for replica in replicas where replica.number != call.replica {
                replica.expect(arrival, at: call.due)
            }
        }
        for replica in replicas { replica.run(until: end) }
        return harvest()
    }

    private func harvest() -> Harvest {
        var harvest = Harvest()
        for replica in replicas {
            if !replica.questions.isEmpty {
                harvest.questions += replica.questions
                replica.questions.removeAll(keepingCapacity: true)
            }
            if !replica.facts.isEmpty {
                harvest.facts += replica.facts
                replica.facts.removeAll(keepingCapacity: true)
            }
            if let due = replica.nextDue { harvest.nextDue = min(harvest.nextDue ?? .max, due) }
        }
        return harvest
    }

    /// Ends a gateway's process and returns what it had.
    func kill(_ number: Int, at instant: UInt64, backAfter span: UInt64) -> [StoredTask] {
        replicas[number - first].die(at: instant, backAfter: span)
    }

    /// What was counted, and by each gateway: the sum and the most of one.
    func tallies() -> [Tally] { replicas.map(\.tally) }

    /// Tasks that have not ended, with the gateway that has each.
    func unfinished() -> [UInt32] { replicas.flatMap(\.unfinished) }
}
