import Sound
import Testing
import Webhooks

@Suite("Outbox messages")
struct OutboxMessageTests {
    @Test("a new message is due at once and has not been tried")
    func begins() {
        let now = Moment(milliseconds: 1_000)
        let message = OutboxMessage(
            id: "evt_1",
            task: TaskID(rawValue: "snd_1"),
            number: 1,
            client: nil,
            url: "https://hooks.example/",
            type: "sound.queued",
            createdAt: now,
            body: []
        )
        #expect(message.state == .pending)
        #expect(message.dueAt == now)
        #expect(message.tries == 0)
    }
}
