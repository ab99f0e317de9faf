import Sound
import Testing
import Webhooks

@Suite("When a message is tried again")
struct RetryScheduleTests {
    private static func message(_ id: String = "snd_01hv000000000000000000a1b2", tries: Int) -> OutboxMessage
    {
        var message = OutboxMessage(
            id: "evt_1",
            task: TaskID(rawValue: id),
            number: 1,
            client: nil,
            url: "https://hooks.example/",
            type: "sound.failed",
            createdAt: Moment(milliseconds: 0),
            body: []
        )
        message.tries = tries
        return message
    }

    @Test(
        "after each failure it is longer, and after the tenth there is none",
        arguments: zip(
            1...10,
            [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400].map { Int?.some($0) } + [nil]
        )
    )
    func steps(_ tries: Int, _ seconds: Int?) {
        let pause = RetrySchedule().pause(after: Self.message(tries: tries), wish: nil)
        guard let seconds else {
            #expect(pause == nil)
            return
        }
        let step = Duration.seconds(seconds)
        #expect((step...step * 1.1).contains(pause ?? .zero))
    }

    @Test("the same message and try wait the same, others not")
    func jitter() {
        let schedule = RetrySchedule()
        let pauses = (0..<100).map {
            schedule.pause(after: Self.message("snd_number_\($0)", tries: 2), wish: nil)
        }
        #expect(
            pauses
                == (0..<100).map {
                    schedule.pause(after: Self.message("snd_number_\($0)", tries: 2), wish: nil)
                }
        )
        #expect(Set(pauses).count > 80)
    }

    @Test(
        "a receiver may ask for more, up to a day, and not for less",
        arguments: [(0, 5...6), (-7, 5...6), (3, 5...6), (600, 600...600), (100_000, 86_400...86_400)]
    )
    func wishes(_ wish: Int, _ seconds: ClosedRange<Int>) {
        let pause = RetrySchedule().pause(after: Self.message(tries: 1), wish: .seconds(wish)) ?? .zero
        #expect((Duration.seconds(seconds.lowerBound)...Duration.seconds(seconds.upperBound)).contains(pause))
    }
}
