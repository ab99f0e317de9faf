import HTTP
import HTTPClient
import Sound
import Testing

@testable import Webhooks

@Suite("What came of a try")
struct TryTests {
    private static let now = Moment(milliseconds: 784_111_777_000)

    private static func message(tries: Int = 0) -> OutboxMessage {
        var message = OutboxMessage(
            id: "evt_1",
            task: TaskID(rawValue: "snd_1"),
            number: 1,
            client: nil,
            url: "https://hooks.example/",
            type: "sound.queued",
            createdAt: now,
            body: []
        )
        message.tries = tries
        return message
    }

    private static func taken(_ outcome: Try, tries: Int = 0) -> OutboxMessage {
        var message = message(tries: tries)
        message.take(outcome, at: now, by: RetrySchedule())
        return message
    }

    @Test(
        "each status has its meaning",
        arguments: [
            (200, OutboxMessage.State.delivered), (204, .delivered), (299, .delivered), (301, .pending),
            (307, .pending), (400, .pending), (404, .pending), (410, .dead), (429, .pending), (500, .pending),
        ]
    )
    func statuses(_ status: Int, _ state: OutboxMessage.State) {
        let message = Self.taken(.answered(status))
        #expect(message.state == state)
        #expect(message.tries == 1)
        #expect(message.lastStatus == status)
        #expect((message.lastError == nil) == (state == .delivered))
        #expect((message.settledAt != nil) == (state != .pending))
        #expect((message.dueAt > Self.now) == (state == .pending))
    }

    @Test("the tenth failure is the last, whatever the receiver wishes")
    func last() {
        #expect(Self.taken(.answered(500), tries: 8).state == .pending)
        #expect(Self.taken(.answered(503, wish: .seconds(60)), tries: 9).state == .dead)
        #expect(Self.taken(.failed("no answer in time", isHosts: true), tries: 9).state == .dead)
    }

    @Test("no answer leaves no status, and what was cut off leaves everything as it was")
    func unanswered() {
        var before = Self.message(tries: 1)
        before.lastStatus = 500
        var after = before
        after.take(.failed("no answer in time", isHosts: true), at: Self.now, by: RetrySchedule())
        #expect(after.lastStatus == nil)
        #expect(after.lastError == "no answer in time")
        after = before
        after.take(.cut, at: Self.now, by: RetrySchedule())
        #expect(after == before)
    }

    @Test(
        "every failure of a call is said in words without addresses",
        arguments: [
            TransportFailure.Reason.badURL, .badRequest, .resolve, .connect, .addressRefused, .tls,
            .timeout(.total), .closed, .malformed, .unavailable,
        ]
    )
    func words(_ reason: TransportFailure.Reason) {
        let failure = TransportFailure(.unknown, reason, "http://10.1.2.3/secret refused")
        let message = Self.taken(Try(.failure(failure), now: Self.now))
        #expect(message.lastError?.isEmpty == false)
        #expect(message.lastError?.contains("10.1.2.3") == false)
        let isPointless = reason == .badURL || reason == .badRequest
        #expect(message.state == (isPointless ? .dead : .pending))
    }

    @Test("a head that was complete decides, but for a call that was cut off")
    func heads() {
        let long = TransportFailure(.unknown, .tooLarge, "", status: .ok)
        #expect(Try(.failure(long), now: Self.now) == .answered(200))
        let slow = TransportFailure(.unknown, .timeout(.total), "", status: .badGateway)
        #expect(Try(.failure(slow), now: Self.now) == .answered(502))
        let cut = TransportFailure(.unknown, .cancelled, "", status: .ok)
        #expect(Try(.failure(cut), now: Self.now) == .cut)
    }

    @Test(
        "a host is thought ill of for what no endpoint does alone",
        arguments: [
            (Try.answered(200), true), (.answered(404), true), (.answered(500), true),
            (.answered(429), false),
            (.answered(502), false), (.answered(503), false), (.answered(504), false),
            (.failed("", isHosts: true), false), (.failed("", isHosts: false), nil), (.pointless(""), nil),
            (.cut, nil),
        ] as [(Try, Bool?)]
    )
    func hosts(_ outcome: Try, _ isWell: Bool?) { #expect(outcome.isHostWell == isWell) }

    @Test(
        "both forms of Retry-After are read",
        arguments: [
            ("120", Duration.seconds(120)), ("0", .zero), ("Sun, 06 Nov 1994 08:50:37 GMT", .seconds(60)),
            ("Sun, 06 Nov 1994 08:48:37 GMT", .seconds(-60)), ("-1", nil), ("soon", nil), ("", nil),
            ("99999999999999999999", nil),
        ] as [(String, Duration?)]
    )
    func wishes(_ field: String, _ wish: Duration?) {
        #expect(RetrySchedule.wish(field, at: Self.now) == wish)
    }
}
