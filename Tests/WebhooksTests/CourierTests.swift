import Crypto
import HTTP
import HTTPServer
import Sound
import Telemetry
import Testing
import Webhooks

private let secrets = [
    "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", "whsec_c2Vjb25kLXNlY29uZC1zZWNvbmQtc2Vjb25k",
]

@Suite("The courier")
struct CourierTests {
    private static func key(_ index: Int) throws -> WebhookKey {
        try #require(WebhookKey(Secret(secrets[index])))
    }

    // MARK: What is sent

    @Test("brings a message byte for byte and stores that it was delivered")
    func delivers() async throws {
        try await withPost { post in
            let id = post.add("evt_1", body: #"{"type": "sound.succeeded", "ü": 1}"#)
            post.courier.nudge()
            let message = try await post.tried(id, 1)
            #expect(message.state == .delivered)
            #expect(message.lastStatus == 200)
            #expect(message.settledAt == post.time.moment)
            let letter = try #require(post.receiver.letters.first)
            #expect(letter.body == Array(#"{"type": "sound.succeeded", "ü": 1}"#.utf8))
            #expect(letter.fields["Content-Type"] == "application/json")
            #expect(letter.id == "evt_1")
            #expect(letter.fields["webhook-timestamp"] == "1700000000")
        }
    }

    @Test("signs with every key of the client, and a client without a key gets no signature")
    func signs() async throws {
        let keys = [try Self.key(0), try Self.key(1)]
        try await withPost { parts in
            parts.settings.keys = ["one": [keys[0]], "two": keys]
        } _: { post in
            for client in ["one", "two", "none"] { post.add("evt_\(client)", client: client, body: "b") }
            post.courier.nudge()
            try await post.until("all are delivered") {
                post.outbox.all.allSatisfy { $0.state == .delivered }
            }
            for letter in post.receiver.letters {
                let signed = keys.map { key in
                    key.hasSigned(
                        letter.id ?? "",
                        at: letter.fields["webhook-timestamp"] ?? "",
                        letter.body,
                        in: letter.fields["webhook-signature"] ?? ""
                    )
                }
                switch letter.id {
                case "evt_one": #expect(signed == [true, false])
                case "evt_two": #expect(signed == [true, true])
                default: #expect(letter.fields["webhook-signature"] == nil)
                }
            }
        }
    }

    @Test("says of an answer that has no end, or is too long, what its head says")
    func longAnswer() async throws {
        try await withPost { post in
            post.receiver.answers { _ in
                Response(.ok, contentType: "text/plain", [UInt8](repeating: 0x61, count: 1 << 20))
            }
            let id = post.add("evt_1")
            post.courier.nudge()
            let message = try await post.tried(id, 1)
            #expect(message.state == .delivered)
        }
    }

    @Test("follows no redirect")
    func redirect() async throws {
        try await withPost { post in
            post.receiver.answers { letter in
                letter.path == "/hook"
                    ? Response(.seeOther, fields: ["Location": "/elsewhere"]) : Response(.ok)
            }
            let id = post.add("evt_1")
            post.courier.nudge()
            let message = try await post.tried(id, 1)
            #expect(message.state == .pending)
            #expect(message.lastError?.contains("redirects are not followed") == true)
            #expect(post.receiver.letters.map(\.path) == ["/hook"])
        }
    }

    @Test("waits so long for an answer, and no longer")
    func timeOut() async throws {
        try await withPost {
            $0.limits.total = .milliseconds(200)
        } _: { post in
            post.receiver.answers { [receiver = post.receiver] _ in
                await receiver.gate()
                return Response(.ok)
            }
            let id = post.add("evt_1")
            post.courier.nudge()
            let message = try await post.tried(id, 1)
            #expect(message.state == .pending)
            #expect(message.lastError == "no answer in time")
            #expect(message.lastStatus == nil)
        }
    }

    @Test("connects to no address that is not allowed")
    func refusedAddress() async throws {
        try await withPost {
            $0.settings.destinations = DestinationPolicy()
        } _: { post in
            let id = post.add("evt_1", host: "localhost")
            post.courier.nudge()
            let message = try await post.tried(id, 1)
            #expect(message.state == .pending)
            #expect(message.lastError?.contains("webhooks.allow") == true)
            #expect(post.receiver.letters.isEmpty)
        }
    }

    // MARK: Trying again

    @Test("tries ten times by the schedule, each with the time of the try and the same id, then gives up")
    func schedule() async throws {
        let key = try Self.key(0)
        try await withPost {
            $0.settings.keys = ["game": [key]]
        } _: { post in
            post.receiver.answers(500)
            let id = post.add("evt_1", client: "game")
            post.courier.nudge()
            for (index, pause) in RetrySchedule().pauses.enumerated() {
                let message = try await post.tried(id, index + 1)
                #expect(message.state == .pending)
                let spent = message.dueAt.milliseconds - post.time.moment.milliseconds
                let planned = Int64(pause / .milliseconds(1))
                #expect((planned...planned + planned / 10).contains(spent))
                try await post.pass(to: message.dueAt)
            }
            let message = try await post.tried(id, 10)
            #expect(message.state == .dead)
            #expect(message.lastStatus == 500)
            #expect(message.lastError == "answered 500")
            let letters = post.receiver.letters
            #expect(Set(letters.map(\.id)) == [id])
            #expect(Set(letters.map { $0.fields["webhook-timestamp"] }).count == 10)
            for letter in letters {
                let timestamp = try #require(letter.fields["webhook-timestamp"])
                let signature = try #require(letter.fields["webhook-signature"])
                #expect(key.hasSigned(id, at: timestamp, letter.body, in: signature))
            }
        }
    }

    @Test("comes as late as the receiver asks for, and never earlier than planned")
    func retryAfter() async throws {
        try await withPost { post in
            post.receiver.answers { letter in
                Response(.serviceUnavailable, fields: ["Retry-After": letter.id == "evt_late" ? "600" : "1"])
            }
            let (late, soon) = (post.add("evt_late"), post.add("evt_soon"))
            post.courier.nudge()
            let start = post.time.moment
            let (longer, planned) = (try await post.tried(late, 1), try await post.tried(soon, 1))
            #expect(longer.dueAt == start.advanced(by: .seconds(600)))
            #expect(planned.dueAt >= start.advanced(by: .seconds(5)))
        }
    }

    @Test("takes 410 for the end of this message and of all others of its task")
    func gone() async throws {
        try await withPost { post in
            post.receiver.answers { letter in Response(letter.id == "evt_1" ? .gone : .ok) }
            post.add("evt_1", task: "snd_a", number: 1)
            post.add("evt_2", task: "snd_a", number: 2)
            post.add("evt_3", task: "snd_a", number: 3)
            post.add("evt_4", task: "snd_b", number: 1)
            post.courier.nudge()
            try await post.until("all are settled") { post.outbox.all.allSatisfy { $0.state != .pending } }
            #expect(post.outbox.all.map(\.state) == [.dead, .dead, .dead, .delivered])
            #expect(post.outbox["evt_1"]?.lastStatus == 410)
            #expect(post.outbox["evt_2"]?.lastError?.contains("410") == true)
            #expect(Set(post.receiver.letters.compactMap(\.id)) == ["evt_1", "evt_4"])
        }
    }

    @Test("asks a receiver that said 410 again when somebody wants a message to be sent again")
    func resent() async throws {
        try await withPost { post in
            post.receiver.answers(410)
            post.add("evt_1", task: "snd_a")
            post.add("evt_2", task: "snd_a", number: 2)
            post.courier.nudge()
            try await post.until("both are dead") { post.outbox.all.allSatisfy { $0.state == .dead } }
            post.receiver.answers(200)
            let message = try #require(try await post.outbox.resendMessage("evt_2", now: post.time.moment))
            post.courier.resent(message)
            let again = try await post.tried("evt_2", 1)
            #expect(again.state == .delivered)
        }
    }

    @Test(
        "comes in time when the wall clock jumps",
        arguments: [Duration.seconds(-86_400), .seconds(86_400)]
    )
    func clockJumps(_ jump: Duration) async throws {
        try await withPost { post in
            post.receiver.answers(500)
            let id = post.add("evt_1")
            post.courier.nudge()
            let message = try await post.tried(id, 1)
            try await post.until("the courier waits for it") {
                post.time.next.map { $0 <= message.dueAt } ?? false
            }
            post.receiver.answers(200)
            post.time.shift(by: jump)
            let other = post.add("evt_2")
            post.courier.nudge()
            #expect(try await post.tried(other, 1).state == .delivered)
            post.time.advance(by: .seconds(6))
            let delivered = try await post.tried(id, 2)
            #expect(delivered.state == .delivered)
        }
    }

    @Test("rests when nothing waits")
    func idle() async throws {
        try await withPost { post in
            post.add("evt_1")
            post.courier.nudge()
            try await post.until("it has looked once more") {
                post.outbox["evt_1"]?.state == .delivered && post.outbox.claims >= 3
            }
            // The end of a lease that it held when it looked, and nothing before.
            let lease = post.time.moment.advanced(by: .seconds(120))
            #expect(post.time.next.map { $0 >= lease } ?? true)
        }
    }

    // MARK: Hosts

    @Test("calls a host at most four times at once, and does not let others wait for it")
    func perHost() async throws {
        try await withPost { post in
            post.receiver.answers { [receiver = post.receiver] letter in
                if letter.host.hasPrefix("127.0.0.1") { await receiver.gate() }
                return Response(.ok)
            }
            for number in 0..<40 { post.add("evt_slow_\(number)") }
            for number in 0..<10 { post.add("evt_quick_\(number)", host: "localhost") }
            post.courier.nudge()
            try await post.until("the quick ones are delivered") {
                post.outbox.all.filter { $0.state == .delivered }.count == 10
            }
            #expect(post.receiver.letters.filter { $0.host.hasPrefix("127.0.0.1") }.count == 4)
            post.receiver.open()
            try await post.until("all are delivered") {
                post.outbox.all.allSatisfy { $0.state == .delivered }
            }
            #expect(post.receiver.letters.count == 50)
            #expect(post.outbox.all.allSatisfy { $0.tries == 1 })
        }
    }

    @Test("leaves a host alone that keeps failing, finds out with one call, and then brings everything")
    func breaker() async throws {
        try await withPost { post in
            post.receiver.answers(503)
            for number in 0..<5 { post.add("evt_\(number)") }
            post.courier.nudge()
            for number in 0..<5 { _ = try await post.tried("evt_\(number)", 1) }
            let claims = post.outbox.claims
            post.add("evt_late")
            post.courier.nudge()
            try await post.until("it has looked") { post.outbox.claims > claims }
            #expect(post.outbox["evt_late"]?.tries == 0)
            #expect(post.log.messages.contains { $0.contains("left alone") })
            post.receiver.answers(200)
            try await post.pass(to: post.time.moment.advanced(by: .seconds(6)))
            try await post.until("all are delivered") {
                post.outbox.all.allSatisfy { $0.state == .delivered }
            }
            #expect(post.outbox["evt_late"]?.tries == 1)
        }
    }

    // MARK: The outbox fails

    @Test("asks again when the outbox cannot be read")
    func unreadable() async throws {
        try await withPost { post in
            let id = post.add("evt_1")
            post.outbox.fail(3)
            post.courier.nudge()
            for _ in 0..<3 {
                try await post.until("it waits") { post.time.next != nil }
                post.time.advance(by: .seconds(2))
            }
            let message = try await post.tried(id, 1)
            #expect(message.state == .delivered)
        }
    }

    @Test("stores what came of a message in the end, and does not send it again meanwhile")
    func unwritable() async throws {
        try await withPost { post in
            post.receiver.answers { [outbox = post.outbox] _ in
                outbox.fail(5)
                return Response(.ok)
            }
            let id = post.add("evt_1")
            post.courier.nudge()
            try await post.until("it is delivered") {
                post.time.advance(by: .seconds(1))
                return post.outbox[id]?.state == .delivered
            }
            #expect(post.receiver.letters.count == 1)
        }
    }

    @Test("sends a message again, with its id, that a process took and did not settle")
    func crash() async throws {
        try await withPost { post in
            let id = post.add("evt_1")
            let now = post.time.moment
            _ = try await post.outbox.claimMessages(
                1,
                for: "dead process",
                until: now.advanced(by: .seconds(100)),
                now: now,
                except: []
            )
            post.courier.nudge()
            try await post.pass(to: now.advanced(by: .seconds(101)))
            let message = try await post.tried(id, 1)
            #expect(message.state == .delivered)
            #expect(post.receiver.letters.map(\.id) == [id])
        }
    }

    // MARK: Stopping

    @Test("waits for what is under way, takes nothing new and gives every lease back")
    func stops() async throws {
        try await withPost { post in
            post.receiver.answers { [receiver = post.receiver] _ in
                await receiver.gate()
                return Response(.ok)
            }
            for number in 0..<12 { post.add("evt_\(number)") }
            post.courier.nudge()
            try await post.until("four are under way") { post.receiver.letters.count == 4 }
            await post.courier.beginStopping()
            post.courier.nudge()
            async let stopped: Void = post.courier.stop(within: .seconds(20))
            post.receiver.open()
            await stopped
            #expect(post.outbox.leased.isEmpty)
            #expect(post.outbox.all.filter { $0.state == .delivered }.count == 4)
            #expect(post.receiver.letters.count == 4)
        }
    }

    @Test("cuts off what takes too long, and counts that as no try")
    func cuts() async throws {
        try await withPost { post in
            post.receiver.answers { [receiver = post.receiver] _ in
                await receiver.gate()
                return Response(.ok)
            }
            let id = post.add("evt_1")
            post.courier.nudge()
            try await post.until("it is under way") { post.receiver.letters.count == 1 }
            await post.courier.stop(within: .zero)
            #expect(post.outbox.leased.isEmpty)
            #expect(post.outbox[id]?.state == .pending)
            #expect(post.outbox[id]?.tries == 0)
        }
    }

    // MARK: The log

    @Test("logs neither the address's path nor its query, and nothing of the content")
    func discreet() async throws {
        try await withPost { post in
            post.receiver.answers(410)
            let id = post.add("evt_1", path: "/token-in-path?key=hunter2", body: #"{"prompt": "rain"}"#)
            post.courier.nudge()
            _ = try await post.tried(id, 1)
            let lines = post.log.lines.map { "\($0.message) \($0.fields)" }.joined(separator: "\n")
            #expect(lines.contains("webhook given up"))
            for secret in ["hunter2", "token-in-path", "rain"] { #expect(!lines.contains(secret)) }
        }
    }
}
