import Testing

@testable import Assets

@Suite("Contents that are being taken up")
struct PinBoardTests {
    @Test("a pinned content is touched whatever the mark, an untouched one never")
    func pinned() {
        var board = PinBoard()
        #expect(!board.isTouched("a", since: 0))
        board.pin("a")
        #expect(board.isTouched("a", since: .max))
        #expect(!board.isTouched("b", since: 0))
        board.unpin("a")
        #expect(!board.isTouched("a", since: board.clock))
    }

    @Test("releasing what is not pinned does nothing")
    func stranger() {
        var board = PinBoard()
        board.unpin("a")
        #expect(board.clock == 0)
        board.pin("a")
        board.unpin("a")
        board.unpin("a")
        board.pin("a")
        #expect(board.isTouched("a", since: .max))
    }

    @Test("old touches are forgotten, recent ones are not")
    func forgetting() {
        var board = PinBoard()
        for number in 0..<20_000 {
            board.pin("\(number)")
            board.unpin("\(number)")
        }
        let recent = board.clock - 100
        #expect(board.isTouched("19999", since: recent))
        #expect(board.isTouched("19990", since: recent))
        #expect(!board.isTouched("0", since: recent))
    }
}
