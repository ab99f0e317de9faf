import Configuration
import Crypto
import HTTP
import JSON
import Sound
import Telemetry
import Testing

@Suite("What clients may have")
struct LimitTests {
    private static let suno = #"{"prompt": "rain", "provider": "suno"}"#
    private static let team: Fields = ["Authorization": "Bearer key-team"]
    private static let other: Fields = ["Authorization": "Bearer key-other"]

    /// The client `team` as it is changed, and `other`, which may have everything.
    private static func clients(_ change: (inout Client) -> Void) -> ClientAccess {
        var team = Client(name: "team", keySHA256: SHA256.hash("key-team").hex)
        change(&team)
        return .listed([team, Client(name: "other", keySHA256: SHA256.hash("key-other").hex)])
    }

    // MARK: The rate

    @Test("Every answer to a client tells what is left, refusals and wrong paths too; no other answer does")
    func fields() async throws {
        let clients = Self.clients { $0.rateLimit = Rate(count: 600, per: .seconds(60)) }
        try await withHouse(clients: clients, time: HandTime()) { house in
            var left = 600
            for (method, target, body, status) in [
                (.get, "/v1/sounds", nil, 200), (.post, "/v1/plans", #"{"prompt": "rain"}"#, 200),
                (.get, "/v1/sounds/snd_1", nil, 404), (.get, "/v1/nothing", nil, 404),
                (.put, "/v1/sounds", nil, 405), (.post, "/v1/sounds", "{", 400),
                (.post, "/v1/sounds", "{}", 422), (.head, "/v1/providers", nil, 200),
                (.options, "/v1/sounds", nil, 204),
            ] as [(HTTP.Method, String, String?, Int)] {
                let answer = try await house.send(method, target, body, fields: Self.team)
                left -= 1
                let reset = (600 - left + 9) / 10
                #expect(answer.status == status, "\(method) \(target)")
                #expect(answer.fields["RateLimit-Policy"] == #""default";q=600;w=60"#)
                #expect(answer.fields["RateLimit"] == #""default";r=\#(left);t=\#(reset)"#)
            }
            for (target, fields) in [
                ("/v1/sounds", Self.other), ("/v1/sounds", [:]), ("/healthz", Self.team),
                ("/v1/nothing", [:]),
                ("/v1/sounds", ["Authorization": "Bearer wrong"]),
            ] as [(String, Fields)] {
                let answer = try await house.send(.get, target, fields: fields)
                #expect(answer.fields["RateLimit"] == nil && answer.fields["RateLimit-Policy"] == nil)
            }
        }
    }

    @Test("What is too fast is refused until the time that is told, for this client alone")
    func rate() async throws {
        let time = HandTime()
        let clients = Self.clients { $0.rateLimit = Rate(count: 2, per: .seconds(60)) }
        try await withHouse(clients: clients, time: time) { house in
            for _ in 1...2 {
                #expect(try await house.send(.get, "/v1/sounds", fields: Self.team).status == 200)
            }
            for _ in 1...3 {
                let refused = try await house.send(.get, "/v1/sounds", fields: Self.team)
                #expect(refused.status == 429)
                #expect(refused.code == "rate_limited")
                #expect(refused.fields["Retry-After"] == "30")
                #expect(refused.fields["RateLimit"] == #""default";r=0;t=60"#)
            }
            #expect(try await house.send(.get, "/v1/sounds", fields: Self.other).status == 200)
            time.pass(.seconds(30))
            #expect(try await house.send(.get, "/v1/sounds", fields: Self.team).status == 200)
            #expect(try await house.send(.get, "/v1/sounds", fields: Self.team).status == 429)
        }
    }

    @Test("Of many requests at once no more than the rate get through")
    func rateAtOnce() async throws {
        let clients = Self.clients { $0.rateLimit = Rate(count: 50, per: .seconds(3600)) }
        try await withHouse(clients: clients, time: HandTime()) { house in
            let passed = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 1...120 {
                    group.addTask { try await house.send(.get, "/v1/sounds", fields: Self.team).status }
                }
                return try await group.reduce(0) { $0 + ($1 == 200 ? 1 : 0) }
            }
            #expect(passed == 50)
        }
    }

    // MARK: Tasks at once, providers, types

    @Test("Of many creates at once no more than may be under way are taken; an end makes room")
    func concurrent() async throws {
        try await withHouse(clients: Self.clients { $0.maxConcurrent = 3 }) { house in
            let answers = try await withThrowingTaskGroup(of: Answer.self) { group in
                for _ in 1...30 {
                    group.addTask { try await house.send(.post, "/v1/sounds", Self.suno, fields: Self.team) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let taken = answers.filter { $0.status == 202 }
            #expect(taken.count == 3)
            #expect(answers.filter { $0.code == "too_many_tasks" }.count == 27)
            #expect(try await house.send(.post, "/v1/sounds", Self.suno, fields: Self.other).status == 202)
            _ = try await house.send(.post, "/v1/sounds/\(taken[0].id)/cancel", fields: Self.team)
            #expect(try await house.send(.post, "/v1/sounds", Self.suno, fields: Self.team).status == 202)
        }
    }

    @Test("A provider that a client may not use is not chosen, and the plan says why")
    func providers() async throws {
        try await withHouse(clients: Self.clients { $0.providers = ["builtin"] }) { house in
            let plan = try await house.send(.post, "/v1/plans", #"{"prompt": "rain"}"#, fields: Self.team)
            #expect(plan.json["chosen"]?["provider"] == "builtin")
            let suno = plan.json["candidates"]?.array?.first { $0["provider"] == "suno" }
            #expect(suno?["eligible"] == false)
            #expect(suno?["refusals"]?.array?.first?["code"] == "not_allowed")
            let create = try await house.send(.post, "/v1/sounds", Self.suno, fields: Self.team)
            #expect(create.status == 422)
            #expect(create.code == "no_provider")
            #expect(try await house.send(.post, "/v1/sounds", Self.suno, fields: Self.other).status == 202)
        }
    }

    @Test("A type that a client may not ask for is forbidden, and no plan has it")
    func types() async throws {
        let music = #"{"prompt": "jazz", "type": "music"}"#
        try await withHouse(clients: Self.clients { $0.types = [.effect] }) { house in
            let create = try await house.send(.post, "/v1/sounds", music, fields: Self.team)
            #expect(create.status == 403)
            #expect(create.code == "type_not_allowed")
            #expect(create.errors == ["type not_allowed"])
            let plan = try await house.send(.post, "/v1/plans", music, fields: Self.team)
            #expect(plan.json["chosen"] == .null)
            #expect(try await house.sound(fields: Self.team).status == 200)
        }
    }

    // MARK: The quota

    /// Three sounds of 2.5 credits a month, and a hundred tasks a day.
    private static func limited(_ client: inout Client) {
        client.quota.month = [.init(8, "credits", at: "suno")]
        client.quota.day = [.init(100, "tasks")]
    }

    @Test(
        "Of many creates at once no more are taken than the quota has room for, and the others are told when"
    )
    func quota() async throws {
        try await withHouse(clients: Self.clients(Self.limited)) { house in
            let answers = try await withThrowingTaskGroup(of: Answer.self) { group in
                for _ in 1...40 {
                    group.addTask { try await house.send(.post, "/v1/sounds", Self.suno, fields: Self.team) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.filter { $0.status == 202 }.count == 3)
            let refused = try await house.send(.post, "/v1/sounds", Self.suno, fields: Self.team)
            #expect(refused.status == 429)
            #expect(refused.code == "quota_exceeded")
            #expect(refused.errors == ["quota.month.suno/credits quota_exceeded"])
            let detail = refused.json["detail"]?.string ?? ""
            #expect(
                detail.contains(
                    "of 8 credits of suno a month 7.5 are taken or reserved, and this sound takes 2.5"
                )
            )
            #expect((1...31 * 86_400).contains(Int(refused.fields["Retry-After"] ?? "") ?? 0))
            let (policy, left) = (refused.fields["RateLimit-Policy"] ?? "", refused.fields["RateLimit"] ?? "")
            #expect(
                policy.hasPrefix(
                    #""day.tasks";q=100;qu="tasks";w=86400, "month.suno/credits";q=8;qu="credits";w="#
                )
            )
            #expect(left.hasPrefix(#""day.tasks";r=97;t="#))
            #expect(left.contains(#""month.suno/credits";r=0;t="#))
            #expect(try await house.sound(fields: Self.team).status == 200, "another provider is free")
            #expect(try await house.send(.post, "/v1/sounds", Self.suno, fields: Self.other).status == 202)
        }
    }

    @Test(
        "What was never sent is given back, what a vendor has is not, and the answer that changes it tells it"
    )
    func givenBack() async throws {
        try await withHouse(clients: Self.clients { $0.quota.day = [.init(5, "credits")] }) { house in
            // One place at the vendor: the second waits.
            let first = try await house.send(.post, "/v1/sounds", Self.suno, fields: Self.team)
            #expect(first.fields["RateLimit"]?.hasPrefix(#""day.credits";r=2;"#) == true)
            try await Self.untilAccepted(first.id, house)
            let second = try await house.send(.post, "/v1/sounds", Self.suno, fields: Self.team)
            #expect(second.fields["RateLimit"]?.hasPrefix(#""day.credits";r=0;"#) == true)
            #expect(try await house.send(.post, "/v1/sounds", Self.suno, fields: Self.team).status == 429)
            let canceled = try await house.send(.post, "/v1/sounds/\(second.id)/cancel", fields: Self.team)
            #expect(canceled.fields["RateLimit"]?.hasPrefix(#""day.credits";r=2;"#) == true)
            let paid = try await house.send(.post, "/v1/sounds/\(first.id)/cancel", fields: Self.team)
            #expect(paid.fields["RateLimit"]?.hasPrefix(#""day.credits";r=2;"#) == true)
            _ = try await house.send(.delete, "/v1/sounds/\(first.id)", fields: Self.team)
            let list = try await house.send(.get, "/v1/sounds", fields: Self.team)
            #expect(
                list.fields["RateLimit"]?.hasPrefix(#""day.credits";r=2;"#) == true,
                "deleting opens nothing"
            )
        }
    }

    private static func untilAccepted(_ id: String, _ house: House) async throws {
        while true {
            let shown = try await house.send(.get, "/v1/sounds/\(id)", fields: team)
            if shown.json["attempts"]?.array?.first?["state"] == "accepted" { return }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    @Test(
        "The first answer to a key is given again although the quota is used up; a refused create leaves its key"
    )
    func keyed() async throws {
        try await withHouse(clients: Self.clients { $0.quota.day = [.init(1, "tasks")] }) { house in
            func create(_ key: String) async throws -> Answer {
                var fields = Self.team
                fields["Idempotency-Key"] = key
                return try await house.send(.post, "/v1/sounds", Self.suno, fields: fields)
            }
            let first = try await create("one")
            #expect(try await create("two").code == "quota_exceeded")
            let again = try await create("one")
            #expect(again.status == 202)
            #expect(again.id == first.id)
            _ = try await house.send(.post, "/v1/sounds/\(first.id)/cancel", fields: Self.team)
            _ = try await create("two")
        }
    }

    // MARK: Watching only

    @Test("Limits that are not enforced refuse nothing, and the log says what they would have refused")
    func shadow() async throws {
        let clients = Self.clients {
            $0.enforce = false
            $0.rateLimit = Rate(count: 2, per: .seconds(3600))
            $0.maxConcurrent = 1
            $0.types = [.effect]
            $0.providers = ["builtin"]
            $0.quota.day = [.init(1, "tasks"), .init(2, "credits")]
        }
        try await withHouse(clients: clients, time: HandTime()) { house in
            for body in [Self.suno, Self.suno, #"{"prompt": "jazz", "type": "music"}"#] {
                let answer = try await house.send(.post, "/v1/sounds", body, fields: Self.team)
                #expect(answer.status == 202)
                #expect(answer.fields["RateLimit"]?.contains(#""day.tasks";r=0;"#) == true)
            }
            let told = house.log.lines.filter { "\($0.message)".hasPrefix("a limit that is not enforced") }
            let codes = told.map { "\($0.fields)" }
            for code in [
                "rate_limited", "too_many_tasks", "type_not_allowed", "no_provider", "quota_exceeded",
            ] {
                #expect(codes.contains { $0.contains(code) }, "\(code)")
            }
        }
    }

    // MARK: Keys

    @Test("A client may have several keys; each opens to it until it expires, and then says so")
    func keys() async throws {
        let time = HandTime()
        let end = Timestamp(milliseconds: time.moment.milliseconds + 60_000)
        let clients = Self.clients {
            $0.keySHA256 = nil
            $0.keys = [
                ClientKey(sha256: SHA256.hash("key-old").hex, expires: end),
                ClientKey(sha256: SHA256.hash("key-team").hex),
            ]
        }
        let old: Fields = ["Authorization": "Bearer key-old"]
        try await withHouse(clients: clients, time: time) { house in
            let task = try await house.endlessSound(fields: old)
            #expect(try await house.send(.get, "/v1/sounds/\(task.id)", fields: Self.team).status == 200)
            time.pass(.milliseconds(59_999))
            #expect(try await house.send(.get, "/v1/sounds", fields: old).status == 200)
            time.pass(.milliseconds(1))
            let expired = try await house.send(.get, "/v1/sounds", fields: old)
            #expect(expired.status == 401)
            #expect(expired.code == "key_expired")
            #expect(expired.json["detail"]?.string?.contains("\(end)") == true)
            #expect(expired.fields["WWW-Authenticate"] == "Bearer")
            #expect(try await house.send(.get, "/v1/sounds", fields: Self.team).status == 200)
        }
    }

    @Test("Wrong keys are few a minute; meanwhile only clients who have been there before are let in")
    func guesses() async throws {
        let time = HandTime()
        try await withHouse(clients: Self.clients { _ in }, time: time) { house in
            func guess(_ target: String = "/v1/sounds") async throws -> Answer {
                try await house.send(.get, target, fields: ["Authorization": "Bearer guess"])
            }
            #expect(try await house.send(.get, "/v1/sounds", fields: Self.team).status == 200)
            for number in 1...20 {
                // Where there is nothing, a guess counts as well.
                let answer = try await guess(number % 2 == 0 ? "/v1/sounds" : "/v1/nothing")
                #expect(answer.status == (number % 2 == 0 ? 401 : 404))
            }
            let refused = try await guess()
            #expect(refused.status == 429)
            #expect(refused.code == "too_many_attempts")
            #expect(refused.fields["Retry-After"] == "3")
            #expect(try await house.send(.get, "/v1/sounds", fields: Self.team).status == 200)
            let right = try await house.send(.get, "/v1/sounds", fields: Self.other)
            #expect(right.status == 429, "or a machine that guesses would find the right one")
            #expect(right.fields["RateLimit"] == nil)
            #expect(
                try await house.send(.get, "/v1/sounds").status == 401,
                "who shows no key guesses nothing"
            )
            time.pass(.seconds(3))
            #expect(try await house.send(.get, "/v1/sounds", fields: Self.other).status == 200)
            #expect(try await guess().status == 401)
            #expect(try await guess().status == 429)
        }
    }
}
