import Crypto
import Glibc
import HTTP
import JSON
import Testing

/// Vendors that tell of their jobs by themselves, to a gateway that would ask only an hour later.
@Suite struct VendorCallbackTests {
    private static let never = "{ first: 1h, ceiling: 1h }"
    private static let kieSecret = "what-kie-signs-with"

    /// A request that a callback must end.
    struct Asked: Sendable, CustomTestStringConvertible {
        let operation: String
        let request: JSONObject
        var secret: String?
        var vendor: String { String(operation.prefix { $0 != "/" }) }
        var testDescription: String { operation + (secret == nil ? "" : ", signed") }
    }

    @Test(arguments: [
        Asked(operation: "musicgpt/sound", request: ["prompt": "creaking door", "duration": 1]),
        Asked(
            operation: "musicgpt/music",
            request: ["prompt": "calm piano", "type": "music", "duration": 2]
        ),
        Asked(operation: "sunoapi/sounds", request: ["prompt": "bell, 1 second long"]),
        Asked(operation: "apibox/sounds", request: ["prompt": "bell, 1 second long"]),
        Asked(operation: "kie/sounds", request: ["prompt": "bell, 1 second long"]),
        Asked(operation: "kie/sounds", request: ["prompt": "bell, 1 second long"], secret: kieSecret),
    ])
    func aTaskEndsByItsCallbackAlone(_ asked: Asked) async throws {
        var vendors = DoubledVendors(names: [asked.vendor], polling: Self.never, port: try LoopbackPort())
        vendors.secrets[asked.vendor] = asked.secret
        try await withEmulatedVendors(vendors) { gateway, doubles, _ in
            if let secret = asked.secret {
                try await doubles.turn(asked.vendor, ["webhook_key": .string(secret)])
            }
            var request = asked.request
            request["provider"] = .string(asked.vendor)
            // Without the callback it would fail, and soon.
            request["deadline"] = 20
            let task = try await gateway.sound(.object(request))
            #expect(task["status"] == "succeeded", "\(task)")
            #expect("\(asked.vendor)/\(task["operation"]?.string ?? "")" == asked.operation)
            #expect((task["outputs"]?.array ?? []).allSatisfy { $0["status"] == "ready" })
            let counts = try await gateway.get("/v1/providers").json.callbackCounts(of: asked.vendor)
            #expect(counts["used", default: 0] > 0)
            #expect(counts["forged"] == 0)
        }
    }

    /// How a vendor may tell of a job otherwise than once, in order and after it has answered.
    struct Manner: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var switches: JSONObject = [:]
        /// What becomes of the create's answer.
        var fault: JSONObject?
        var polling = never
    }

    @Test(
        arguments: [
            Asked(operation: "sunoapi/sounds", request: ["prompt": "bell, 1 second long"]),
            Asked(
                operation: "musicgpt/music",
                request: ["prompt": "calm piano", "type": "music", "duration": 2]
            ),
        ],
        [
            Manner(
                testDescription: "thrice and the last first",
                switches: ["callback_copies": 3, "callback_order": "reversed"]
            ),
            Manner(testDescription: "before the create is answered", fault: ["fault": "slow", "seconds": 2]),
            Manner(
                testDescription: "although the create's answer was lost",
                fault: ["fault": "drop_after_accept"]
            ),
            Manner(
                testDescription: "before polls know",
                switches: ["callbacks": "only"],
                polling: "{ first: 100ms, ceiling: 200ms }"
            ),
        ]
    )
    func anyMannerOfCallingBackMakesOneEnd(_ asked: Asked, _ manner: Manner) async throws {
        let port = try LoopbackPort()
        let vendors = DoubledVendors(names: [asked.vendor], polling: manner.polling, port: port)
        try await withEmulatedVendors(vendors) { gateway, doubles, _ in
            if !manner.switches.isEmpty { try await doubles.turn(asked.vendor, manner.switches) }
            if var fault = manner.fault {
                fault["vendor"] = .string(asked.vendor)
                fault["operation"] = "create"
                try await doubles.script(.object(fault))
            }
            var request = asked.request
            request["provider"] = .string(asked.vendor)
            request["deadline"] = 20
            let task = try await gateway.sound(.object(request))
            #expect(task["status"] == "succeeded", "\(task)")
            #expect(task["attempts"]?.array?.count == 1)
            let outputs = task["outputs"]?.array ?? []
            #expect(outputs.compactMap { $0["status"]?.string } == ["ready", "ready"])
            #expect(try await doubles.calls("operation=create").count == 1)
        }
    }

    // MARK: VideoGen

    @Test func aVideoGenTaskEndsByTheCallbackThatTheProgramRegistered() async throws {
        try await withRegisteredVideoGen { gateway, doubles in
            let task = try await gateway.sound([
                "prompt": "creaking door", "duration": 1, "variations": 2, "deadline": 20,
                "provider": "videogen",
            ])
            #expect(task["status"] == "succeeded", "\(task)")
            #expect(try await doubles.calls("operation=poll").isEmpty, "its word was taken")
            let counts = try await gateway.get("/v1/providers").json.callbackCounts(of: "videogen")
            #expect(counts == ["used": 1, "ignored": 0, "forged": 0])
        }
    }

    @Test func aVideoGenTaskFailsByCallback() async throws {
        try await withRegisteredVideoGen { gateway, doubles in
            try await doubles.script(["vendor": "videogen", "operation": "callback", "fault": "failed"])
            let task = try await gateway.sound([
                "prompt": "creaking door", "deadline": 20, "provider": "videogen",
            ])
            #expect(task["status"] == "failed")
            #expect(task["error"]?["code"] == "provider_failed", "\(task)")
            #expect(try await doubles.calls("operation=poll").isEmpty)
        }
    }

    /// Registers a gateway at VideoGen's double by the program itself, and runs it.
    private func withRegisteredVideoGen(_ body: (_ gateway: Peer, _ doubles: Peer) async throws -> Void)
        async throws
    {
        try await withDoubles(speed: 50) { doubles, folder in
            let port = try LoopbackPort()
            var vendors = DoubledVendors(names: ["videogen"], polling: Self.never, port: port)
            try folder.write(vendors.text(at: doubles), to: "before.yaml")
            let register = [
                "webhooks", "register", "videogen", "--config", "before.yaml", "--secret-file", "signing",
            ]
            let run = try await Program.run(register, in: folder, environment: DoubledVendors.environment)
            try #require(run.status == 0, "\(run.errors)")
            vendors.secrets["videogen"] = "${file:\(folder.file("signing"))}"
            try await withGateway(
                config: vendors.text(at: doubles),
                port: port.number,
                environment: DoubledVendors.environment
            ) { gateway, _ in try await body(gateway, doubles) }
        }
    }

    // MARK: Forgeries

    @Test(arguments: [
        Asked(operation: "sunoapi/sounds", request: ["prompt": "bell"]),
        Asked(operation: "musicgpt/music", request: ["prompt": "calm piano", "type": "music"]),
    ])
    func whatIsNotSignedEndsNothing(_ asked: Asked) async throws {
        let vendors = DoubledVendors(names: [asked.vendor], polling: Self.never, port: try LoopbackPort())
        try await withEmulatedVendors(vendors, speed: 1) { gateway, doubles, _ in
            let job = try await begin(asked, at: gateway, doubles)
            let stranger = String(repeating: "0", count: 40)
            let claims = [
                (path: "/v1/callbacks/\(asked.vendor)/\(stranger)", job: job.vendorID, status: 200),
                (path: "/v1/callbacks/\(asked.vendor)/short", job: job.vendorID, status: 404),
                (path: "/v1/callbacks/\(asked.vendor)", job: job.vendorID, status: 404),
                (path: "/v1/callbacks/nobody/\(stranger)", job: job.vendorID, status: 404),
                (path: job.path, job: "another-job", status: 200),
                // The vendor is asked, and knows better.
                (path: job.path, job: job.vendorID, status: 200),
            ]
            for claim in claims {
                let answer = try await gateway.post(claim.path, Self.success(of: claim.job))
                #expect(answer.status == claim.status, "\(claim)")
            }
            try await expectUnmoved(job, at: gateway, doubles, polls: 1)
            try await expect(["used": 1, "ignored": 1, "forged": 1], of: asked.vendor, at: gateway)
        }
    }

    @Test func whatIsSignedWronglyAtKieEndsNothing() async throws {
        var vendors = DoubledVendors(names: ["kie"], polling: Self.never, port: try LoopbackPort())
        vendors.secrets["kie"] = Self.kieSecret
        try await withEmulatedVendors(vendors, speed: 1) { gateway, doubles, _ in
            let asked = Asked(operation: "kie/sounds", request: ["prompt": "bell"])
            let job = try await begin(asked, at: gateway, doubles)
            func signed(_ id: String, _ key: String, age: Int) -> Fields {
                let seconds = "\(time(nil) - age)"
                let code = HMACSHA256.authenticate(Array("\(id).\(seconds)".utf8), key: Array(key.utf8))
                return [
                    "X-Webhook-Timestamp": seconds, "X-Webhook-Signature": Base64.standard.encode(code.bytes),
                ]
            }
            let forgeries: [(Fields, job: String, status: Int)] = [
                ([:], job.vendorID, 403),
                (["X-Webhook-Signature": "AAAA", "X-Webhook-Timestamp": "\(time(nil))"], job.vendorID, 403),
                (signed(job.vendorID, "another-key", age: 0), job.vendorID, 403),
                (signed(job.vendorID, Self.kieSecret, age: 400), job.vendorID, 403),
                (signed(job.vendorID, Self.kieSecret, age: -400), job.vendorID, 403),
                (signed("another-job", Self.kieSecret, age: 0), job.vendorID, 403),
                // A true message about another job, sent to this one's address.
                (signed("another-job", Self.kieSecret, age: 0), "another-job", 200),
            ]
            for (fields, claimed, status) in forgeries {
                let answer = try await gateway.post(job.path, Self.success(of: claimed), fields: fields)
                #expect(answer.status == status)
            }
            try await expect(["used": 0, "ignored": 0, "forged": 7], of: "kie", at: gateway)
            // The signature does not cover the body: even a good one is no more than a reason to ask.
            let good = signed(job.vendorID, Self.kieSecret, age: 0)
            let answer = try await gateway.post(job.path, Self.success(of: job.vendorID), fields: good)
            #expect(answer.status == 200)
            try await expectUnmoved(job, at: gateway, doubles, polls: 1)
            try await expect(["used": 1, "ignored": 0, "forged": 7], of: "kie", at: gateway)
        }
    }

    @Test func whatIsSignedWronglyAtVideoGenEndsNothing() async throws {
        let key = Array("what VideoGen signs with".utf8)
        var vendors = DoubledVendors(names: ["videogen"], polling: Self.never, port: try LoopbackPort())
        vendors.secrets["videogen"] = "whsec_\(Base64.standard.encode(key))"
        try await withEmulatedVendors(vendors, speed: 1) { gateway, doubles, _ in
            let asked = Asked(operation: "videogen/sound_effect", request: ["prompt": "bell"])
            let job = try await begin(asked, at: gateway, doubles)
            let claim = Self.event(of: job.vendorID)
            func signed(_ body: JSONValue, key: [UInt8], age: Int) -> Fields {
                let seconds = "\(time(nil) - age)"
                let message = Array("msg_1.\(seconds).".utf8) + body.serialized()
                let code = HMACSHA256.authenticate(message, key: key)
                return [
                    "webhook-id": "msg_1", "webhook-timestamp": seconds,
                    "webhook-signature": "v1,\(Base64.standard.encode(code.bytes))",
                ]
            }
            let forgeries: [Fields] = [
                [:],
                signed(claim, key: Array("another key".utf8), age: 0),
                signed(claim, key: key, age: 400),
                signed(claim, key: key, age: -400),
                signed(Self.event(of: "vg_exec_another"), key: key, age: 0),
            ]
            for fields in forgeries {
                let answer = try await gateway.post("/v1/callbacks/videogen", claim, fields: fields)
                #expect(answer.status == 403)
            }
            let stranger = Self.event(of: "vg_exec_another")
            let unknown = try await gateway.post(
                "/v1/callbacks/videogen",
                stranger,
                fields: signed(stranger, key: key, age: 0)
            )
            #expect(unknown.status == 200)
            let token = String(repeating: "0", count: 40)
            let good = signed(claim, key: key, age: 0)
            let elsewhere = try await gateway.post("/v1/callbacks/videogen/\(token)", claim, fields: good)
            #expect(elsewhere.status == 404, "its callbacks are the account's")
            try await expect(["used": 0, "ignored": 1, "forged": 5], of: "videogen", at: gateway)
            try await expectUnmoved(job, at: gateway, doubles, polls: 0)
        }
    }

    // MARK: Steps

    /// A task whose job the vendor has taken and will be at for an hour.
    private struct Job {
        let id: String
        let vendor: String
        let vendorID: String
        /// Of its callback address; empty where the create names none.
        let path: String
    }

    private func begin(_ asked: Asked, at gateway: Peer, _ doubles: Peer) async throws -> Job {
        let spans = ["musicgpt": ["sound_seconds", "music_seconds"]][asked.vendor] ?? ["generation_seconds"]
        try await doubles.turn(asked.vendor, spans.reduce(into: [:]) { $0[$1] = 3600 })
        var request = asked.request
        request["provider"] = .string(asked.vendor)
        let created = try await gateway.post("/v1/sounds", .object(request))
        let id = try #require(created.json["id"]?.string)
        let vendorID = try await eventually("the vendor's word") {
            try await gateway.get("/v1/sounds/\(id)").json["attempts"]?[0]?["provider_task_id"]?.string
        }
        let body = try await doubles.calls("vendor=\(asked.vendor)&operation=create").first?["body"]
        let url = body?["callBackUrl"]?.string ?? body?["webhook_url"]?.string
        return Job(
            id: id,
            vendor: asked.vendor,
            vendorID: vendorID,
            path: url.map { String($0.dropFirst(gateway.address.count)) } ?? ""
        )
    }

    /// The task is as it was, even after the vendor was asked so often.
    private func expectUnmoved(_ job: Job, at gateway: Peer, _ doubles: Peer, polls: Int) async throws {
        let query = "vendor=\(job.vendor)&operation=poll"
        _ = try await eventually("\(polls) polls") {
            try await doubles.calls(query).count >= polls ? true : nil
        }
        let task = try await gateway.get("/v1/sounds/\(job.id)").json
        #expect(["queued", "running"].contains(task["status"]?.string), "\(task)")
        #expect(task["attempts"]?[0]?["state"] == "accepted")
        #expect((task["outputs"]?.array ?? []).allSatisfy { $0["status"] == "pending" }, "\(task)")
        #expect(try await doubles.calls(query).count == polls)
        #expect(try await gateway.post("/v1/sounds/\(job.id)/cancel", nil).status == 202)
    }

    private func expect(_ counts: [String: Int64], of vendor: String, at gateway: Peer) async throws {
        var last: [String: Int64] = [:]
        // They are counted after the answer.
        _ = try await eventually("counts \(counts) at \(vendor), not \(last)") {
            last = try await gateway.get("/v1/providers").json.callbackCounts(of: vendor)
            return last == counts ? true : nil
        }
    }

    /// What the Suno family and MusicGPT would say of a good end, in one.
    private static func success(of job: String) -> JSONValue {
        let url: JSONValue = "http://127.0.0.1:1/forged.mp3"
        return [
            "code": 200, "msg": "All generated successfully.", "task_id": .string(job), "success": true,
            "conversion_id": "c1", "conversion_path": url, "subtype": "music_ai",
            "data": [
                "callbackType": "complete", "task_id": .string(job),
                "data": [["id": "a", "audio_url": url, "duration": 1]],
            ],
        ]
    }

    /// What VideoGen says of a good end.
    private static func event(of execution: String) -> JSONValue {
        [
            "event": "tool_execution.succeeded", "toolExecutionId": .string(execution),
            "occurredAt": .integer(Int64(time(nil))), "toolType": "GENERATE_SOUND_EFFECT",
            "results": [["fileId": "vg_file_1", "type": "AUDIO"]],
        ]
    }
}
