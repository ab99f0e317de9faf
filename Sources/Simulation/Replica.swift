import EventLoop
import Providers
import Sound
import Tasks
import Timing
import Webhooks

/// One gateway: the engine's and the courier's work for the tasks that it holds, with the real rules and without I/O.
///
/// What the engine is told of by sockets and by the database comes from `arrivals`; what comes due is in `dues`, the heap
/// that the engine has. Each event keeps the loop busy for a while, so what is due may be late. Confined to one ``Shard``.
final class Replica {
    /// What comes due, as in the engine.
    enum Due: Sendable {
        case deadline(UInt32)
        case slot(UInt32, request: UInt8)
        case poll(UInt32, attempt: UInt8, turn: UInt16)
        case lease, takeUp
        case shares(UInt8)
        case opening(UInt8)
        case courier
    }

    /// What the world tells.
    enum Arrival: Sendable {
        case submitted(UInt32, attempt: UInt8)
        case polled(UInt32, attempt: UInt8, isDone: Bool)
        case fetched(UInt32, attempt: UInt8)
        case called(UInt32, attempt: UInt8)
        case landed(UInt32)
        case committed(UInt32)
        /// Others have given places of a key back, or want some.
        case told(isFreed: Bool, vendor: UInt8)
        /// Another answer of the database, by its number.
        case answer(Int)
    }

    /// A task for which a change is being stored, with what waits behind it.
    final class Busy {
        var machine: TaskMachine
        var events: [TaskEvent] = []
        /// What is being stored: the event that brought it about, `nil` for the beginning, and what follows.
        var event: TaskEvent?
        var effects: [TaskEffect] = []
        var told: Set<String> = []
        var isStoring = false

        init(_ machine: TaskMachine) { self.machine = machine }
    }

    /// A vendor as this gateway stands with it.
    struct Vendor {
        let provider: String
        var slots: SlotQueue
        var sharing = Sharing()
        var breaker = Breaker()
        var budget = RetryBudget(at: 0)
        var opening: UInt64?
    }

    let parameters: Parameters
    let codec: Codec
    let number: Int
    /// Counts the processes that there were under this number.
    var life = 0
    var draws: Draws
    let policy = TaskMachine.Policy()
    let pace: PollPace
    let term = LeaseHolder.term
    let cost: UInt64

    var rows: ContiguousArray<Row> = []
    /// Records that fit into no row, by slot.
    var whole: [UInt32: TaskRecord] = [:]
    /// The tasks that it began with stand in their order; where the others are is noted.
    var home: Range<UInt32> = 0..<0
    var moved: [UInt32: UInt32] = [:]
    var live = 0
    var busy: [UInt32: Busy] = [:]

    /// Of packed dues and arrivals.
    var dues = PackedDueHeap()
    var arrivals = PackedDueHeap()
    var answers: [Int: Answer.Kind] = [:]
    var lastAnswer = 0
    var vendors: [Vendor] = []
    var courier: CourierBook

    var now: UInt64 = 0
    var busyUntil: UInt64 = 0
    var leaseHolds: UInt64 = 0
    var claims = 0
    var isTakingUp = false
    var claimed: [StoredTask] = []

    var questions: [Question] = []
    var facts: [Fact] = []
    var tally = Tally()
    private var steps: UInt64 = 0

    init(_ parameters: Parameters, codec: Codec, number: Int) {
        self.parameters = parameters
        self.codec = codec
        self.number = number
        draws = Draws(seed: parameters.seed, stream: 2 << 48 | UInt64(number))
        pace = Self.pace
        cost = UInt64(parameters.eventCost * 1000)
        courier = CourierBook()
        forget()
    }

    /// The pace of the vendors: that of a real one.
    static let pace = PollPace(first: .seconds(5), ceiling: .seconds(30))

    /// The state of a process that has just started.
    private func forget() {
        whole = [:]
        rows = []
        home = 0..<0
        moved = [:]
        live = 0
        busy = [:]
        dues = PackedDueHeap()
        arrivals = PackedDueHeap()
        answers = [:]
        courier = CourierBook()
        claims = 0
        isTakingUp = false
        claimed = []
        leaseHolds = 0
        let rate = parameters.rate > 0 ? (count: parameters.rate, nanoseconds: UInt64(1_000_000_000)) : nil
        let key = SlotQueue.Key(Codec.credential, capacity: parameters.places, rate: rate, isShared: true)
        vendors = (0..<parameters.keys).map {
            Vendor(provider: Codec.provider($0), slots: SlotQueue(keys: [key], withoutKeys: 0))
        }
    }

    // MARK: Time

    /// When it has something to do; `nil` when never.
    var nextDue: UInt64? {
        let first = min(dues.firstDue ?? .max, arrivals.firstDue ?? .max)
        return first == .max ? nil : max(first, busyUntil)
    }

    /// Takes what comes due before a time.
    func run(until end: UInt64) {
        while let next = nextDue, next < end {
            now = next
            let steps = tally.steps
            tally.events += 1
            tally.eventRate.count(at: now)
            tally.pops += 1
            let isDue = dues.firstDue ?? .max <= arrivals.firstDue ?? .max
            if isDue, let due = dues.firstDue, let item = popDue() {
                fire(item, dueAt: due)
            } else if let item = arrivals.pop(until: now) {
                take(Arrival(packed: item))
            }
            // An answer may be one to many tasks.
            busyUntil = max(busyUntil, now + cost * max(1, tally.steps - steps))
        }
    }

    /// The next due; once in a while a push and a pop are timed, of an item that comes before all others.
    private func popDue() -> Due? {
        if tally.events % 1024 == 0 {
            let clock = ContinuousClock()
            let began = clock.now
            dues.push(Due.courier.packed, due: 0)
            _ = dues.pop(until: 0)
            tally.heapTime.add(Sample(count: 2, nanoseconds: (clock.now - began).wholeNanoseconds))
        }
        return dues.pop(until: now).map(Due.init(packed:))
    }

    func push(_ due: Due, after span: Duration) {
        tally.pushes += 1
        dues.push(due.packed, due: now &+ span.wholeNanoseconds)
    }

    func expect(_ arrival: Arrival, at instant: UInt64) {
        tally.pushes += 1
        arrivals.push(arrival.packed, due: instant)
    }

    private func fire(_ due: Due, dueAt: UInt64) {
        switch due {
        case .deadline(let slot): post(.deadlinePassed, to: slot)
        case .slot(let slot, let request): queue(slot, Int(request))
        case .poll(let slot, let attempt, let turn):
            tally.lateness.add(now - dueAt)
            poll(slot, attempt: Int(attempt), turn: Int(turn))
        case .lease: ask(.renew)
        case .takeUp: beginClaiming()
        case .shares(let vendor): mindShares(of: Int(vendor), isDue: true)
        case .opening(let vendor):
            vendors[Int(vendor)].opening = nil
            grant(Int(vendor))
        case .courier: look()
        }
    }

    private func take(_ arrival: Arrival) {
        switch arrival {
        case .submitted(let slot, let attempt): submitted(slot, Int(attempt))
        case .polled(let slot, let attempt, let isDone): polled(slot, Int(attempt), isDone: isDone)
        case .fetched(let slot, let attempt): fetched(slot, Int(attempt))
        case .called(let slot, let attempt): called(back: slot, Int(attempt))
        case .landed(let flight): landed(Int(flight))
        case .committed(let slot): committed(slot)
        case .told(let isFreed, let vendor):
            if !isFreed { vendors[Int(vendor)].sharing.othersWant = true }
            mindShares(of: Int(vendor), isDue: isFreed)
        case .answer(let number):
            guard let answer = answers.removeValue(forKey: number) else { return }
            hear(answer)
        }
    }

    // MARK: The database

    func ask(_ kind: Question.Kind) {
        let drawn = draws.span(parameters.commit, parameters.commitSpread)
        questions.append(
            Question(
                at: now,
                replica: number,
                life: life,
                span: max(drawn, UInt64(parameters.commitFloor * 1e6)),
                kind: kind
            )
        )
    }

    /// Takes in what the database, or another gateway, says; nothing that was meant for an earlier process.
    func expect(_ answer: Answer) {
        guard answer.life == life else { return }
        if case .committed(let slot) = answer.kind { return expect(.committed(slot), at: answer.due) }
        lastAnswer += 1
        answers[lastAnswer] = answer.kind
        expect(.answer(lastAnswer), at: answer.due)
    }

    private func hear(_ answer: Answer.Kind) {
        switch answer {
        case .committed: break
        case .renewed(let asked): renewed(asked: asked)
        case .claimed(let tasks, let asked): tookUp(tasks, asked: asked)
        case .share(let vendor, let share, let before, let wanting):
            shared(vendor, share, before: before, wanting: wanting)
        case .starts(let vendor, let starts, let asked): reserved(vendor, starts, asked: asked)
        case .messages(let messages, let next): claimed(messages, next: next)
        case .settled(let message): settled(message)
        }
    }

    // MARK: Beginning and end

    /// Takes the tasks that it has when the run begins, all of them waiting for their first place.
    func begin(with tasks: Range<UInt32>) {
        home = tasks
        rows = ContiguousArray(tasks.map(Row.init(task:)))
        live = rows.count
        leaseHolds = term.wholeNanoseconds
        for slot in rows.indices { adopt(UInt32(slot), isNew: true) }
        // They all began before the run, and not at once.
        push(.lease, after: term / 3 * draws.unit())
        busyUntil = 0
    }

    /// Ends the process: what was sent to the database is stored, all else is gone.
    ///
    /// Another process comes in its place after a while.
    func die(at instant: UInt64, backAfter span: UInt64) -> [StoredTask] {
        for (slot, task) in busy where task.isStoring {
            let record = task.machine.record
            if record.status.hasEnded {
                rows[Int(slot)].standing.insert(.hasEnded)
                facts.append(fact(.ended(record.status), rows[Int(slot)], at: instant))
            } else {
                rest(record, slot)
            }
        }
        let left = rows.indices.compactMap { slot -> StoredTask? in
            guard !rows[slot].standing.contains(.hasEnded) else { return nil }
            return StoredTask(row: rows[slot].stored, whole: whole[UInt32(slot)])
        }
        // What it has claimed and not heard of is its own too.
        let unseen = claimed + unheard
        forget()
        life += 1
        now = instant + span
        busyUntil = now
        push(.takeUp, after: .zero)
        push(.lease, after: term / 3)
        return left + unseen
    }

    /// The tasks that have not ended, as they stand here.
    var unfinished: [UInt32] {
        rows.filter { !$0.standing.contains(.hasEnded) && !$0.standing.contains(.isForgotten) }.map(\.task)
            + (claimed + unheard).map(\.row.task)
    }

    /// Claimed tasks of which the database's word is still under way.
    private var unheard: [StoredTask] {
        answers.sorted { $0.key < $1.key }.flatMap { answer in
            if case .claimed(let tasks, _) = answer.value { tasks } else { [StoredTask]() }
        }
    }

    func fact(_ kind: Fact.Kind, _ row: Row, attempt: Int = 0, at instant: UInt64? = nil) -> Fact {
        Fact(
            at: instant ?? now,
            task: row.task,
            vendor: codec.vendor(of: row.task, route: Int(row.route)),
            attempt: attempt,
            kind: kind
        )
    }

    // MARK: Samples

    /// Whether the next step is one of those that are timed.
    func isTimed() -> Bool {
        steps += 1
        return steps % 256 == 0
    }

    func isVerified() -> Bool { steps % UInt64(parameters.verifyEvery) == 0 }
}
