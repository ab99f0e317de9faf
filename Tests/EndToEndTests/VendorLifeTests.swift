import Glibc
import JSON
import Testing

/// What is peculiar to a vendor between a task's beginning and its end.
@Suite struct VendorLifeTests {
    private static let takes: JSONValue = [
        "prompt": "creaking door", "duration": 1, "variations": 3, "provider": "elevenlabs",
    ]

    @Test func threeTakesOfElevenLabsAreThreeCalls() async throws {
        try await withEmulatedVendors(["elevenlabs"]) { gateway, doubles, _ in
            let task = try await gateway.sound(Self.takes)
            #expect(task["status"] == "succeeded", "\(task)")
            #expect(task["fulfilment"]?["variations"] == "emulated")
            let attempts = try #require(task["attempts"]?.array)
            #expect(attempts.compactMap { $0["state"]?.string } == ["succeeded", "succeeded", "succeeded"])
            #expect(Set(attempts.compactMap { $0["provider_task_id"]?.string }).count == 3)
            let outputs = try #require(task["outputs"]?.array)
            #expect(outputs.compactMap { $0["status"]?.string } == ["ready", "ready", "ready"])
            #expect(Set(outputs.compactMap { $0["sha256"]?.string }).count == 3, "three different sounds")
            #expect(try await doubles.calls("operation=create").count == 3)
        }
    }

    @Test func oneOfThreeTakesMayFailAlone() async throws {
        try await withEmulatedVendors(["elevenlabs"]) { gateway, doubles, _ in
            try await doubles.script([
                "vendor": "elevenlabs", "operation": "create", "fault": "sensitive", "skip": 1,
            ])
            let task = try await gateway.sound(Self.takes)
            #expect(task["status"] == "succeeded", "\(task)")
            let outputs = try #require(task["outputs"]?.array)
            #expect(outputs.compactMap { $0["status"]?.string }.sorted() == ["failed", "ready", "ready"])
            let failed = try #require(outputs.first { $0["status"] == "failed" })
            #expect(failed["error"]?["code"] == "content_policy", "\(failed)")
            #expect(failed["error"]?["provider_code"] == "bad_prompt")
            #expect(failed["url"] == .null)
            #expect(task["error"] == .null)
            #expect(
                try await doubles.calls("operation=create").count == 3,
                "what is refused is not tried again"
            )
        }
    }

    /// A link is asked for when none is known, and again when the one that is known has expired.
    @Test(arguments: [(isTold: false, hydrations: 2), (isTold: true, hydrations: 1)])
    func anExpiredLinkOfVideoGenIsHydratedAgain(_ isTold: Bool, _ hydrations: Int) async throws {
        try await withEmulatedVendors(["videogen"]) { gateway, doubles, _ in
            try await doubles.turn("videogen", ["hydrated_results": .bool(isTold)])
            try await doubles.script(["vendor": "videogen", "operation": "asset", "fault": "expired"])
            let task = try await gateway.sound([
                "prompt": "creaking door", "duration": 1, "provider": "videogen",
            ])
            #expect(task["status"] == "succeeded", "\(task)")
            let files = try await doubles.calls("operation=file")
            #expect(files.count == hydrations)
            #expect(files.allSatisfy { $0["path"]?.string?.hasSuffix("/hydrate") == true }, "\(files)")
            let links = try await doubles.calls("operation=asset")
            #expect(links.compactMap { $0["status"]?.integer } == [403, 200])
            #expect(links.allSatisfy { $0["auth"] == "none" }, "the key goes to nobody but the API")
        }
    }

    @Test func cancellingATaskCancelsTheExecutionAtVideoGen() async throws {
        try await withEmulatedVendors(["videogen"], speed: 1) { gateway, doubles, _ in
            try await doubles.turn("videogen", ["generation_seconds": 3600])
            let request: JSONValue = ["prompt": "creaking door", "provider": "videogen"]
            let id = try #require(try await gateway.post("/v1/sounds", request).json["id"]?.string)
            let execution = try await eventually("the execution's id") {
                try await gateway.get("/v1/sounds/\(id)").json["attempts"]?[0]?["provider_task_id"]?.string
            }
            #expect(try await gateway.post("/v1/sounds/\(id)/cancel", nil).status == 202)
            #expect(try await gateway.ended(id)["status"] == "canceled")
            let calls = try await eventually("the cancellation") { () -> [JSONValue]? in
                let calls = try await doubles.calls("operation=cancel")
                return calls.isEmpty ? nil : calls
            }
            #expect(calls.count == 1)
            #expect(calls[0]["path"]?.string == "/videogen/v1/tools/executions/\(execution)/cancel")
            #expect(calls[0]["method"] == "POST")
            #expect(calls[0]["status"] == 202)
            #expect(calls[0]["outcome"] == "cancelling")
        }
    }

    // MARK: Restart

    @Test func aKilledGatewayAsksNobodyTwiceAndGoesOnWithWhatWasTaken() async throws {
        try await withDoubles(speed: 10) { doubles, folder in
            try await doubles.turn("videogen", ["generation_seconds": 50])
            try await doubles.turn("musicgpt", ["sound_seconds": 50])
            try await doubles.script([
                "vendor": "elevenlabs", "operation": "create", "fault": "slow", "seconds": 60,
            ])
            let vendors = DoubledVendors(names: ["videogen", "musicgpt", "elevenlabs"])
            try folder.write(vendors.text(at: doubles), to: "soundgate.yaml")
            func started() throws -> Program {
                try Program.gateway(
                    ["--config", "soundgate.yaml"],
                    in: folder,
                    environment: DoubledVendors.environment
                )
            }

            let first = try started()
            defer { first.send(SIGKILL) }
            let gateway = try await first.peer(doubles.client, ready: "/readyz")
            var ids: [String: String] = [:]
            for vendor in vendors.names {
                let request: JSONObject = ["prompt": "creaking door", "provider": .string(vendor)]
                let created = try await gateway.post("/v1/sounds", .object(request))
                ids[vendor] = try #require(created.json["id"]?.string)
            }
            for vendor in ["videogen", "musicgpt"] {
                _ = try await eventually("the job at \(vendor)") {
                    let task = try await gateway.get("/v1/sounds/\(ids[vendor] ?? "")").json
                    #expect(task["status"] != "succeeded", "killed too late")
                    return task["attempts"]?[0]?["state"] == "accepted" ? true : nil
                }
            }
            _ = try await eventually("the call to ElevenLabs") {
                try await doubles.calls("vendor=elevenlabs&operation=create").isEmpty ? nil : true
            }
            first.send(SIGKILL)
            #expect(await first.end(within: .seconds(60)) == 128 + SIGKILL)

            let second = try started()
            defer { second.send(SIGKILL) }
            let again = try await second.peer(doubles.client, ready: "/readyz")
            let lost = try await again.get("/v1/sounds/\(ids["elevenlabs"] ?? "")").json
            #expect(lost["attempts"]?.array?.compactMap { $0["state"]?.string } == ["unknown"], "\(lost)")
            for vendor in ["videogen", "musicgpt"] {
                let task = try await again.ended(ids[vendor] ?? "")
                #expect(task["status"] == "succeeded", "\(task)")
                #expect(task["attempts"]?.array?.count == 1)
            }
            // There is no job that could be heard of: nothing to wait for.
            let end = try await again.ended(ids["elevenlabs"] ?? "")
            #expect(end["status"] == "failed")
            #expect(end["error"]?["code"] == "acceptance_unknown", "\(end)")
            for vendor in vendors.names {
                let creates = try await doubles.calls("vendor=\(vendor)&operation=create")
                #expect(creates.count == 1, "\(vendor)")
            }
            #expect(await second.stop() == 0)
        }
    }
}
