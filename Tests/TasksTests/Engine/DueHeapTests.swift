import Support
import Tasks
import Testing

@Suite("Due times")
struct DueHeapTests {
    @Test("things come out by time, and in the order they came when due together", arguments: 0..<10)
    func order(_ round: Int) {
        var dice = SeededGenerator(seed: UInt64(round))
        var heap = DueHeap<Int>()
        let dues = (0..<300).map { _ in UInt64.random(in: 0..<40, using: &dice) }
        for (item, due) in dues.enumerated() { heap.push(item, due: due) }
        let expected = dues.enumerated().sorted { ($0.element, $0.offset) < ($1.element, $1.offset) }.map(
            \.offset
        )
        var found: [Int] = []
        while let item = heap.pop(until: .max) { found.append(item) }
        #expect(found == expected)
        #expect(heap.count == 0)
        #expect(heap.firstDue == nil)
    }

    @Test("nothing comes out before its time")
    func notEarly() {
        var heap = DueHeap<String>()
        heap.push("b", due: 20)
        heap.push("a", due: 10)
        #expect(heap.pop(until: 9) == nil)
        #expect(heap.firstDue == 10)
        #expect(heap.pop(until: 10) == "a")
        #expect(heap.pop(until: 19) == nil)
        #expect(heap.pop(until: 25) == "b")
        #expect(heap.pop(until: .max) == nil)
    }
}
