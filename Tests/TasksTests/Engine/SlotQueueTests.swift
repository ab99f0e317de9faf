import Sound
import Tasks
import Testing

@Suite("Places at a provider")
struct SlotQueueTests {
    private func id(_ number: Int) -> TaskID { TaskID(rawValue: "snd_\(number)") }

    private func queue(_ capacities: [Int]) -> SlotQueue {
        SlotQueue(credentials: capacities.enumerated().map { ("k\($0)", $1) }, withoutKeys: 2)
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
        var dice = Dice(UInt64(round + 7))
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
