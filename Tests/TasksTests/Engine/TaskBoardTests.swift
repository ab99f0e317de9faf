import Sound
import Testing

@testable import Tasks

@Suite("The board of tasks")
struct TaskBoardTests {
    @Test("it keeps every unfinished task and only the last ended ones")
    func keeping() throws {
        let board = TaskBoard(keptEnded: 3)
        for number in 1...20 {
            let record = admitted("snd_\(number)")
            board.publish(record)
            if number > 2 { board.publish(try record.ended().1) }
        }
        #expect(board.unfinished == 2)
        #expect(board.record(TaskID(rawValue: "snd_1")) != nil)
        #expect(board.record(TaskID(rawValue: "snd_3")) == nil)
        #expect(board.record(TaskID(rawValue: "snd_20"))?.status == .canceled)
    }

    @Test("a place in line counts from one and moves up with each turn")
    func positions() {
        let board = TaskBoard()
        let ids = (1...3).map { TaskID(rawValue: "snd_\($0)") }
        for (number, id) in ids.enumerated() { board.queued(id, provider: "a", ticket: number + 1) }
        #expect(ids.map { board.position($0) } == [1, 2, 3])
        board.turned(ids[0], provider: "a", served: 1)
        #expect(ids.map { board.position($0) } == [nil, 1, 2])
        #expect(board.position(TaskID(rawValue: "snd_9")) == nil)
    }

    @Test("the end of a task in line is as far off as the line before it and its own turn take")
    func expectedEnds() {
        let board = TaskBoard()
        let ids = (1...8).map { TaskID(rawValue: "snd_\($0)") }
        for (number, id) in ids.enumerated() { board.queued(id, provider: "a", ticket: number + 1) }
        #expect(board.expectedEnd(ids[0]) == nil, "nothing is known of the pace")
        board.moves("a", held: .seconds(10), places: 4)
        #expect(board.expectedEnd(ids[3]) == .seconds(20))
        #expect(board.expectedEnd(ids[7]) == .seconds(30))
        board.turned(ids[0], provider: "a", served: 4)
        #expect(board.expectedEnd(ids[7]) == .seconds(20))
        #expect(board.expectedEnd(ids[0]) == nil, "it is no longer in line")
    }

    @Test("a task that was removed is forgotten")
    func forgetting() throws {
        let board = TaskBoard()
        board.publish(try admitted("snd_1").ended().1)
        board.forget(TaskID(rawValue: "snd_1"))
        #expect(board.record(TaskID(rawValue: "snd_1")) == nil)
        #expect(board.unfinished == 0)
    }
}
