import Sound
import Support
import Tasks
import Testing

@Suite("Places at a provider")
struct SlotQueueTests {
    private func id(_ number: Int) -> TaskID { TaskID(rawValue: "snd_\(number)") }

    private func queue(_ capacities: [Int]) -> SlotQueue {
        SlotQueue(keys: capacities.enumerated().map { .init("k\($0)", capacity: $1) }, withoutKeys: 2)
    }

    @Test("first come, first served, with the call that asked")
    func order() {
        var queue = queue([10])
        for number in 1...5 { _ = queue.join(.init(id(number), number)) }
        var turns: [String] = []
        while let turn = queue.next() { turns.append("\(turn.seat.task) \(turn.seat.request)") }
        #expect(turns == (1...5).map { "snd_\($0) \($0)" })
        #expect(queue.depth == 0)
        #expect(queue.used == 5)
    }

    @Test("places are never more than there are, and a place given back goes to the next")
    func capacity() {
        var queue = queue([2, 1])
        for number in 1...5 { _ = queue.join(.init(id(number), 0)) }
        let first = (0..<3).compactMap { _ in queue.next()?.credential }
        #expect(first.sorted() == ["k0", "k0", "k1"])
        #expect(queue.next() == nil)
        #expect(queue.depth == 2)
        queue.release("k1")
        #expect(queue.next()?.credential == "k1")
        #expect(queue.next() == nil)
    }

    @Test("credentials are used in turn when they have the same room")
    func fairness() {
        var queue = queue([5, 5, 5])
        var uses: [String: Int] = [:]
        for number in 1...9 {
            _ = queue.join(.init(id(number), 0))
            let credential = queue.next()?.credential ?? ""
            uses[credential, default: 0] += 1
            queue.release(credential)
        }
        #expect(uses == ["k0": 3, "k1": 3, "k2": 3])
    }

    @Test("the credential with the most room goes first")
    func room() {
        var queue = queue([2, 9])
        for number in 1...7 { _ = queue.join(.init(id(number), 0)) }
        let credentials = (0..<7).compactMap { _ in queue.next()?.credential }
        #expect(credentials == Array(repeating: "k1", count: 7))
    }

    @Test("a provider without keys has its own number of places")
    func withoutKeys() {
        var queue = queue([])
        for number in 1...3 { _ = queue.join(.init(id(number), 0)) }
        #expect(queue.next().map { $0.credential == nil } == true)
        #expect(queue.next() != nil)
        #expect(queue.next() == nil)
    }

    @Test("who leaves is passed over, and stands at the end when it comes back")
    func leaving() {
        var queue = queue([9])
        for number in 1...3 { _ = queue.join(.init(id(number), 0)) }
        queue.leave(.init(id(1), 0))
        queue.leave(.init(id(2), 0))
        #expect(queue.depth == 1)
        let ticket = queue.join(.init(id(1), 0))
        #expect(ticket == 4)
        #expect(queue.next()?.seat.task == id(3))
        let last = queue.next()
        #expect(last?.seat.task == id(1))
        #expect(queue.next() == nil)
    }

    @Test("who waits already keeps its place")
    func joiningTwice() {
        var queue = queue([9])
        #expect(queue.join(.init(id(1), 0)) == 1)
        #expect(queue.join(.init(id(2), 0)) == 2)
        #expect(queue.join(.init(id(1), 0)) == 1)
        #expect(queue.depth == 2)
        #expect(queue.next()?.seat.task == id(1))
        #expect(queue.served == 1)
    }

    @Test("places of jobs from before count, also beyond what there is")
    func holding() {
        var queue = queue([1])
        queue.hold("k0")
        queue.hold("k0")
        queue.hold("gone")
        _ = queue.join(.init(id(1), 0))
        #expect(queue.next() == nil)
        queue.release("k0")
        #expect(queue.next() == nil)
        queue.release("gone")
        queue.release("k0")
        #expect(queue.next()?.seat.task == id(1))
        for _ in 0..<5 { queue.release("k0") }
        #expect(queue.used == 0)
    }

    @Test("a long line keeps its order while it is used up")
    func longLine() {
        var queue = queue([1])
        for number in 1...5000 { _ = queue.join(.init(id(number), 0)) }
        for number in 1...5000 {
            #expect(queue.next()?.seat.task == id(number))
            queue.release("k0")
        }
        #expect(queue.depth == 0)
    }

    @Test("random comings and goings never take more places than there are", arguments: 0..<10)
    func random(_ round: Int) {
        var dice = SeededGenerator(seed: UInt64(round + 7))
        var queue = queue([2, 3])
        var held: [String] = []
        var waiting: Set<TaskID> = []
        for _ in 0..<500 {
            let task = id(Int.random(in: 0..<20, using: &dice))
            switch Int.random(in: 0..<4, using: &dice) {
            case 0:
                _ = queue.join(.init(task, 0))
                waiting.insert(task)
            case 1:
                queue.leave(.init(task, 0))
                waiting.remove(task)
            case 2:
                if let turn = queue.next() {
                    #expect(waiting.remove(turn.seat.task) != nil)
                    held.append(turn.credential ?? "")
                } else {
                    #expect(waiting.isEmpty || held.count == 5)
                }
            default: if let credential = held.popLast() { queue.release(credential) }
            }
            #expect(queue.used == held.count)
            #expect(held.count { $0 == "k0" } <= 2)
            #expect(held.count { $0 == "k1" } <= 3)
            #expect(queue.depth == waiting.count)
        }
    }
}

@Suite("Keys that a vendor has refused")
struct KeyStateTests {
    private func id(_ number: Int) -> TaskID { TaskID(rawValue: "snd_\(number)") }

    private func queue(_ keys: [SlotQueue.Key], waiting: Int) -> SlotQueue {
        var queue = SlotQueue(keys: keys, withoutKeys: 2)
        for number in 0..<waiting { _ = queue.join(.init(id(number), 1)) }
        return queue
    }

    /// The keys that get a turn at a time, in order, until none does.
    private func turns(_ queue: inout SlotQueue, at now: UInt64) -> [String] {
        var names: [String] = []
        while let turn = queue.next(at: now) { names.append(turn.credential ?? "") }
        return names
    }

    @Test("a key that is not taken is not used again, also when an older call still succeeds")
    func setAside() {
        var queue = queue([.init("a", capacity: 4), .init("b", capacity: 2)], waiting: 9)
        queue.mark("a", .setAside)
        queue.mark("a", .usable)
        #expect(turns(&queue, at: 1) == ["b", "b"])
        #expect(queue.hopelessness(at: 1) == nil)
        #expect(queue.nextOpening(at: 1) == nil, "only a place that is given back helps")
        queue.mark("b", .setAside)
        #expect(queue.hopelessness(at: 1) == .providerAuth)
        #expect(queue.dismissAll().count == 7)
        #expect(queue.depth == 0)
    }

    @Test("a key without credits is left alone, then tried with one call, and used again when that is taken")
    func outOfCredit() {
        var queue = queue([.init("a", capacity: 3)], waiting: 5)
        queue.mark("a", .outOfCredit(until: 100))
        #expect(queue.hopelessness(at: 99) == .insufficientCredits)
        #expect(turns(&queue, at: 99).isEmpty)
        #expect(queue.nextOpening(at: 99) == 100)
        #expect(queue.hopelessness(at: 100) == nil)
        #expect(turns(&queue, at: 100) == ["a"])
        queue.mark("a", .usable)
        #expect(turns(&queue, at: 101) == ["a", "a"])
    }

    @Test("a key whose vendor wants a pause keeps its line waiting, and does not send it away")
    func limited() {
        var queue = queue([.init("a", capacity: 3)], waiting: 2)
        queue.mark("a", .limited(until: 50))
        #expect(queue.hopelessness(at: 1) == nil)
        #expect(turns(&queue, at: 49).isEmpty)
        #expect(queue.nextOpening(at: 49) == 50)
        #expect(turns(&queue, at: 50) == ["a", "a"])
    }

    @Test("no more calls begin within a time than a key's rate allows")
    func rate() {
        var queue = queue([.init("a", capacity: 100, rate: (3, 10))], waiting: 10)
        var starts: [UInt64] = []
        for now in UInt64(0)..<40 { starts += turns(&queue, at: now).map { _ in now } }
        #expect(starts == [0, 0, 0, 10, 10, 10, 20, 20, 20, 30])
        var paced = self.queue([.init("a", capacity: 100, rate: (2, 10))], waiting: 6)
        #expect(turns(&paced, at: 5).count == 2)
        #expect(paced.nextOpening(at: 7) == 15)
    }

    @Test("an answer to an older call does not end a pause that came after it")
    func olderAnswer() {
        var queue = queue([.init("a", capacity: 3)], waiting: 2)
        queue.mark("a", .limited(until: 50))
        queue.markUsable("a", at: 49)
        #expect(turns(&queue, at: 49).isEmpty)
        queue.markUsable("a", at: 50)
        #expect(queue.keys["a"]?.state == .usable)
    }

    @Test("the other key is better unless it was refused too")
    func other() {
        var queue = queue([.init("a", capacity: 1), .init("b", capacity: 1)], waiting: 0)
        #expect(queue.hasKey(besides: "a"))
        queue.mark("b", .limited(until: 9))
        #expect(!queue.hasKey(besides: "a"))
        #expect(SlotQueue(keys: [.init("a", capacity: 1)], withoutKeys: 1).hasKey(besides: "a") == false)
    }

    @Test(
        "what a refusal says of the key",
        arguments: [
            (Failure.Code.providerAuth, KeyState.setAside),
            (.insufficientCredits, .outOfCredit(until: 300_000_000_007)),
            (.rateLimited, .limited(until: 5_000_000_007)), (.contentPolicy, nil),
            (.providerUnavailable, nil),
        ] as [(Failure.Code, KeyState?)]
    )
    func refusals(_ code: Failure.Code, _ state: KeyState?) {
        #expect(KeyState(after: Failure(code, "x"), at: 7) == state)
    }

    @Test(
        "a vendor's wish for a pause is heeded, between a second and five minutes",
        arguments: [(0, 1), (30, 30), (9999, 300)]
    )
    func wish(_ asked: Int, _ given: UInt64) {
        let failure = Failure(.rateLimited, "x", retryAfter: .seconds(asked))
        #expect(KeyState(after: failure, at: 0) == .limited(until: given * 1_000_000_000))
    }

    // MARK: Other keys

    @Test("what began under a name counts on under it, and a removed key begins nothing")
    func update() {
        var queue = SlotQueue(
            keys: [.init("a", capacity: 1, rate: (1, 100)), .init("b", capacity: 1)],
            withoutKeys: 2
        )
        for number in 1...5 { _ = queue.join(.init(TaskID(rawValue: "snd_\(number)"), 0)) }
        let first = [queue.next(at: 0), queue.next(at: 0)].map { $0?.credential }
        #expect(Set(first) == ["a", "b"])
        queue.update(
            keys: [.init("a", capacity: 2, rate: (1, 100))],
            withoutKeys: 2,
            renewed: ["a"],
            isOpen: true
        )
        #expect((queue.used, queue.capacity) == (2, 2))
        let early = queue.next(at: 50)
        #expect(early == nil, "its rate is kept, whatever its value")
        #expect(queue.nextOpening(at: 50) == 100)
        let third = queue.next(at: 100)
        #expect(third?.credential == "a")
        let fourth = queue.next(at: 500)
        #expect(fourth == nil, "b is no longer there")
        queue.release("b")
        #expect(queue.keys.keys.sorted() == ["a"])
    }

    @Test("a closed line takes nobody and keeps count")
    func closed() {
        var queue = SlotQueue(keys: [.init("k0", capacity: 1)], withoutKeys: 2)
        _ = queue.join(.init(TaskID(rawValue: "snd_1"), 0))
        let first = queue.next()
        #expect(first != nil)
        queue.update(keys: [.init("k0", capacity: 1)], withoutKeys: 2, renewed: [], isOpen: false)
        let ticket = queue.join(.init(TaskID(rawValue: "snd_2"), 0))
        #expect(ticket == nil)
        #expect(queue.used == 1)
        #expect(queue.hopelessness(at: 0) == nil)
        queue.update(keys: [.init("k0", capacity: 1)], withoutKeys: 2, renewed: [], isOpen: true)
        _ = queue.join(.init(TaskID(rawValue: "snd_3"), 0))
        let full = queue.next()
        #expect(full == nil)
        queue.release("k0")
        let next = queue.next()
        #expect(next?.seat.task == TaskID(rawValue: "snd_3"))
    }
}
