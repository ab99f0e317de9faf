import Sound
import Testing

@testable import Webhooks

@Suite("The courier's hosts")
struct HostBookTests {
    private static let second: UInt64 = 1_000_000_000

    private static func message(_ id: String, _ host: String = "a.example") -> OutboxMessage {
        OutboxMessage(
            id: id,
            task: TaskID(rawValue: "snd_\(id)"),
            number: 1,
            client: nil,
            url: "https://\(host)/",
            type: "sound.queued",
            createdAt: Moment(milliseconds: 0),
            body: []
        )
    }

    private static let host = message("x").host

    @Test("so many fly, a few wait in line, the rest is given back")
    func limits() {
        var book = HostBook(perHost: 2)
        let admitted = (0..<10).map { book.admit(Self.message("\($0)"), at: 0) }
        #expect(admitted.prefix(2) == [.fly, .fly])
        #expect(admitted.dropFirst(2).prefix(6).allSatisfy { $0 == .waitInLine })
        #expect(admitted.suffix(2) == [.giveBack, .giveBack])
        #expect(book.closed(at: 0) == [Self.host])
        let other = book.admit(Self.message("b", "b.example"), at: 0)
        #expect(other == .fly)
    }

    @Test("a landing lets the next in line fly, and an empty line opens the host")
    func landing() {
        var book = HostBook(perHost: 1)
        for id in ["1", "2"] { _ = book.admit(Self.message(id), at: 0) }
        var landed = book.landed(Self.host, isWell: true, at: 0)
        #expect(landed.fly.map(\.id) == ["2"])
        #expect(book.closed(at: 0) == [Self.host])
        landed = book.landed(Self.host, isWell: true, at: 0)
        #expect(landed.fly.isEmpty)
        #expect(book.closed(at: 0).isEmpty)
    }

    @Test("a host that keeps failing is closed, its line given back, and opened by one call that goes well")
    func breaker() {
        var book = HostBook(perHost: 1)
        for number in 0..<4 {
            _ = book.admit(Self.message("\(number)"), at: 0)
            #expect(!book.landed(Self.host, isWell: false, at: 0).hasOpened)
        }
        for id in ["5", "6"] { _ = book.admit(Self.message(id), at: 0) }
        let landed = book.landed(Self.host, isWell: false, at: 0)
        #expect(landed.hasOpened)
        #expect(landed.giveBack.map(\.id) == ["6"])
        #expect(book.closed(at: 0) == [Self.host])
        #expect(book.opening(at: 0) == .seconds(5))
        let early = book.admit(Self.message("7"), at: Self.second)
        #expect(early == .giveBack)

        let later = 5 * Self.second
        #expect(book.closed(at: later).isEmpty)
        #expect(book.opening(at: later) == nil)
        let probe = book.admit(Self.message("8"), at: later)
        #expect(probe == .fly)
        #expect(book.closed(at: later) == [Self.host])
        _ = book.landed(Self.host, isWell: true, at: later)
        #expect(book.closed(at: later).isEmpty)
    }

    @Test("stopping empties the lines and leaves what flies")
    func clearing() {
        var book = HostBook(perHost: 1)
        for id in ["1", "2", "3"] { _ = book.admit(Self.message(id), at: 0) }
        #expect(book.clearLines().map(\.id) == ["2", "3"])
        let landed = book.landed(Self.host, isWell: true, at: 0)
        #expect(landed.fly.isEmpty)
    }
}
