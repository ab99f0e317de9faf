import EventLoop
import Sound
import Tasks
import Timing

/// The database that all gateways share, as a line with so many commits a second, and what it decides.
///
/// Who may have which places is ``KeyDivision``'s, as in the real store.
struct Database: Sendable {
    /// A process by its gateway's number and how many there were before it.
    private struct Holder: Hashable, Comparable, Sendable {
        let replica: Int
        let life: Int

        static func < (a: Holder, b: Holder) -> Bool { (a.replica, a.life) < (b.replica, b.life) }
    }

    /// What a process left.
    private struct Legacy: Sendable {
        let holder: Holder
        let diedAt: UInt64
        var tasks: [StoredTask]
        var next = 0
        var firstClaim: UInt64?

        var isEmpty: Bool { next == tasks.count }
    }

    /// How a death went for those who took over.
    struct Takeover: Sendable {
        let tasks: Int
        /// From the death to the first claimed batch, and to the last; in nanoseconds.
        let first: UInt64
        let last: UInt64
    }

    private let parameters: Parameters
    private let codec: Codec
    private let term = LeaseHolder.term.wholeNanoseconds
    private let perCommit: Double

    /// When the line of commits is empty, and that of each key's lock.
    private var freeAt: UInt64 = 0
    private var unlockedAt: [UInt64]
    private var worked = 0.0
    private var served = 0

    private var leases: [Holder: UInt64]
    /// The process of each gateway.
    private var lives: [Int]
    private var legacies: [Legacy] = []
    private var stakes: [[Holder: KeyDivision.Stake]]
    private var starts: [[Int64]]

    private(set) var outbox: OutboxTable
    private(set) var takeovers: [Takeover] = []
    private(set) var claimTime = Histogram()
    private(set) var commitTime = Histogram()
    private(set) var commits = PerSecond()
    private(set) var claims = 0
    /// Gateways whose lease ran out although they live.
    private(set) var outlived: [Int] = []

    init(_ parameters: Parameters, codec: Codec) {
        self.parameters = parameters
        self.codec = codec
        perCommit = 1e9 / parameters.capacity
        unlockedAt = Array(repeating: 0, count: parameters.keys)
        lives = Array(repeating: 0, count: parameters.replicas)
        leases = [:]
        for replica in 0..<parameters.replicas { leases[Holder(replica: replica, life: 0)] = term }
        stakes = Array(repeating: [:], count: parameters.keys)
        starts = Array(repeating: [], count: parameters.keys)
        outbox = OutboxTable(hosts: parameters.hosts)
    }

    /// The part of its time that it worked before a time.
    func load(until instant: UInt64) -> Double {
        guard served > 0 else { return 0 }
        return commits.mean(until: instant) / 1e9 * worked / Double(served)
    }

    /// Tasks that nobody holds.
    var unheld: [UInt32] { legacies.flatMap { $0.tasks[$0.next...].map(\.row.task) } }

    /// A process has ended, and these are its tasks in the ledger.
    mutating func left(_ replica: Int, _ tasks: [StoredTask], at instant: UInt64) {
        let holder = Holder(replica: replica, life: lives[replica])
        legacies.append(
            Legacy(holder: holder, diedAt: instant, tasks: tasks.sorted { $0.row.task < $1.row.task })
        )
        lives[replica] += 1
        outlived.removeAll { $0 == replica }
    }

    // MARK: Questions

    /// Answers questions in the order in which they come.
    mutating func answer(_ questions: [Question], _ answers: inout [Answer], _ calls: inout [Call]) {
        for question in questions where question.life == lives[question.replica] || question.isChange {
            if case .tell(let word, let vendor) = question.kind {
                let due = question.at + question.span
                calls.append(Call(replica: question.replica, due: due, word: word, vendor: vendor))
            } else {
                answers.append(answer(question))
            }
        }
    }

    private mutating func answer(_ question: Question) -> Answer {
        let (kind, done): (Answer.Kind, UInt64)
        switch question.kind {
        case .commit(let slot, let announcements):
            done = serve(question)
            commitTime.add(done - question.at)
            for announcement in announcements { outbox.add(announcement, at: done) }
            kind = .committed(slot: slot)
        case .renew:
            done = serve(question)
            leases[holder(question)] = question.at + term
            kind = .renewed(asked: question.at)
        case .claim: (kind, done) = claim(question)
        case .share(let vendor, let using, let wanting, let before):
            done = serve(question, key: vendor)
            let share = share(of: vendor, using, wanting, holder(question))
            kind = .share(vendor: vendor, share, before: before, wanting: wanting)
        case .starts(let vendor, let wanting):
            done = serve(question, key: vendor)
            // Its clock is read somewhere between question and answer.
            let now = Int64((question.at + (done - question.at) / 2) / 1000)
            let new = KeyDivision.starts(
                wanting,
                count: parameters.rate,
                per: 1_000_000,
                hold: Int64(KeyStart.hold(per: .seconds(1)).wholeNanoseconds / 1000),
                after: starts[vendor],
                now: now
            )
            starts[vendor] = Array((starts[vendor] + new).suffix(parameters.rate))
            kind = .starts(vendor: vendor, new.map { .microseconds($0 - now) }, asked: question.at)
        case .tell: fatalError("a word is passed on, and not answered")
        case .messages(let limit, let hosts):
            done = serve(question)
            let found = outbox.claim(limit, except: hosts, at: question.at, codec)
            kind = .messages(found.messages, next: found.next)
        case .settle(let number, let settlement):
            done = serve(question)
            outbox.settle(number, settlement)
            kind = .settled(message: number)
        }
        return Answer(replica: question.replica, life: question.life, due: done, kind: kind)
    }

    private func holder(_ question: Question) -> Holder {
        Holder(replica: question.replica, life: question.life)
    }

    /// When a question has been answered that costs so many commits, alone for a key where one is given.
    private mutating func serve(_ question: Question, key: Int? = nil, cost: Double = 1) -> UInt64 {
        var start = max(freeAt, question.at)
        freeAt = start + UInt64(cost * perCommit)
        worked += cost * perCommit
        served += 1
        commits.count(at: start)
        if let key {
            start = max(start, unlockedAt[key])
            unlockedAt[key] = start + UInt64(parameters.keyLock * 1e6)
        }
        return max(start, freeAt) + question.span
    }

    // MARK: Leases

    private mutating func claim(_ question: Question) -> (Answer.Kind, UInt64) {
        let claimer = holder(question)
        leases[claimer] = question.at + term
        for (holder, until) in leases where until < question.at && holder != claimer {
            leases[holder] = nil
            if lives[holder.replica] == holder.life { outlived.append(holder.replica) }
        }
        outlived.sort()
        var taken: [StoredTask] = []
        for index in legacies.indices where leases[legacies[index].holder] == nil {
            let count = min(
                Engine.claimLimit - taken.count,
                legacies[index].tasks.count - legacies[index].next
            )
            guard count > 0 else { continue }
            let next = legacies[index].next
            taken += legacies[index].tasks[next..<next + count]
            legacies[index].next += count
            if legacies[index].firstClaim == nil { legacies[index].firstClaim = question.at }
        }
        let done = serve(question, cost: 1 + parameters.claimedRow * Double(taken.count))
        claims += taken.isEmpty ? 0 : 1
        for task in taken where task.row.state == .accepted || task.row.state == .intended {
            let vendor = codec.vendor(of: task.row.task, route: Int(task.row.route))
            let stake = stakes[vendor][claimer] ?? KeyDivision.Stake(places: 0, wanted: 0)
            stakes[vendor][claimer] = KeyDivision.Stake(places: stake.places + 1, wanted: stake.wanted)
        }
        close(at: done)
        return (.claimed(taken, asked: question.at), done)
    }

    /// Forgets what has been taken over whole.
    private mutating func close(at instant: UInt64) {
        for legacy in legacies where legacy.isEmpty && leases[legacy.holder] == nil {
            takeovers.append(
                Takeover(
                    tasks: legacy.tasks.count,
                    first: (legacy.firstClaim ?? instant) - legacy.diedAt,
                    last: instant - legacy.diedAt
                )
            )
        }
        legacies.removeAll { $0.isEmpty && leases[$0.holder] == nil }
    }

    // MARK: Keys

    private mutating func share(of vendor: Int, _ using: Int, _ wanting: Int, _ asker: Holder) -> KeyShare {
        for holder in stakes[vendor].keys
        where leases[holder] == nil && !legacies.contains(where: { $0.holder == holder }) {
            stakes[vendor][holder] = nil
        }
        if parameters.breakage == .freeShares {
            return KeyShare(places: parameters.places, othersWant: false)
        }
        let share = KeyDivision.share(
            of: parameters.places,
            before: stakes[vendor][asker]?.places ?? 0,
            using: using,
            wanting: wanting,
            others: stakes[vendor].filter { $0.key != asker }.map(\.value)
        )
        stakes[vendor][asker] =
            share.places == 0 && wanting == 0
            ? nil : KeyDivision.Stake(places: share.places, wanted: wanting)
        return share
    }
}

extension Question {
    /// Whether it changes a task: what has left a gateway before its end is stored all the same.
    fileprivate var isChange: Bool { if case .commit = kind { true } else { false } }
}
