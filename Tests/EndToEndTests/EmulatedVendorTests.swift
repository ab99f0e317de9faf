import AudioFile
import Glibc
import JSON
import Testing

/// The gateway with a vendor behind it, played by its double.
@Suite struct EmulatedVendorTests {
    @Test func loopTempoAndKeyGoOutAsDocumentedAndComeBackAsAudio() async throws {
        try await withEmulatedVendors { gateway, doubles, folder in
            let task = try await gateway.sound([
                "prompt": "techno pulse", "loop": true, "bpm": 120, "key": "Bbm", "provider": "sunoapi",
            ])
            #expect(task["status"]?.string == "succeeded", "\(task)")
            #expect(task["provider"] == "sunoapi")
            #expect(task["operation"] == "sounds")
            #expect(task["request"]?["key"] == "A#m")
            #expect(task["fulfilment"] == ["loop": "native", "bpm": "native", "key": "native"])
            let attempt = try #require(task["attempts"]?[0])
            #expect(attempt["state"] == "succeeded")
            #expect(attempt["credential"] == "main")

            let log = try await doubles.get("/_control/log?vendor=sunoapi&operation=create").json
            let calls = try #require(log.array ?? log["calls"]?.array, "\(log)")
            #expect(calls.count == 1)
            let call = try #require(calls.first)
            #expect(call["body"]?["soundLoop"] == true, "\(call)")
            #expect(call["body"]?["soundTempo"]?.integer == 120)
            #expect(call["body"]?["soundKey"] == "A#m")
            #expect("\(call)".contains("Bearer"))

            let outputs = try #require(task["outputs"]?.array)
            #expect(!outputs.isEmpty)
            for (index, output) in outputs.enumerated() {
                #expect(output["status"] == "ready")
                let recording = try Recording(try await gateway.audio(index, of: task, in: folder))
                #expect(recording.inspection.rms > -50)
                #expect(abs(recording.inspection.duration - (output["duration"]?.double ?? 0)) < 0.01)
            }
        }
    }

    @Test func theWholeFamilyIsAskedByName() async throws {
        try await withEmulatedVendors(["apibox", "kie"]) { gateway, doubles, folder in
            for (vendor, model) in [("apibox", "V5"), ("kie", "V6")] {
                let task = try await gateway.sound([
                    "prompt": "bell, 1 second long", "key": "Bbm", "model": .string(model),
                    "provider": .string(vendor),
                ])
                #expect(task["status"]?.string == "succeeded", "\(task)")
                #expect(task["provider"]?.string == vendor)
                #expect(task["model"]?.string == model)
                #expect(task["outputs"]?.array?.count == 2)
                let recording = try Recording(try await gateway.audio(0, of: task, in: folder))
                #expect(recording.inspection.duration == 1)
                let log = try await doubles.get("/_control/log?vendor=\(vendor)&operation=create").json
                let calls = try #require(log["calls"]?.array, "\(log)")
                #expect(calls.count == 1)
                #expect(calls.first?["path"]?.string == "/\(vendor)/api/v1/generate/sounds")
                #expect(calls.first?["auth"] == "Bearer")
                #expect(calls.first?["content_type"] == "application/json")
                #expect(calls.first?["body"]?["soundKey"] == "A#m")
            }
            let refused = try await gateway.post(
                "/v1/sounds",
                ["prompt": "x", "model": "V5_5", "provider": "apibox"]
            )
            #expect(refused.status == 422)
            #expect(refused.json["code"] == "no_provider")
            #expect(try await doubles.get("/_control/tasks").json["accepted"]?.integer == 2)
        }
    }

    @Test func theSameNumberMeansMoneyAtOneHostAndPaceAtAnother() async throws {
        try await withEmulatedVendors(["apibox", "kie"]) { gateway, doubles, _ in
            for (vendor, code) in [("apibox", "insufficient_credits"), ("kie", "rate_limited")] {
                let fault: JSONValue = [
                    "vendor": .string(vendor), "operation": "create", "fault": "refuse", "code": 429,
                ]
                try #require(try await doubles.post("/_control/faults", fault).status == 201)
                let task = try await gateway.sound(["prompt": "bell", "provider": .string(vendor)])
                let attempt = task["attempts"]?[0]
                #expect(attempt?["error"]?["code"]?.string == code, "\(task)")
            }
        }
    }

    @Test func aPlanSaysWhyAProviderWasNotChosen() async throws {
        try await withEmulatedVendors { gateway, doubles, folder in
            let words = [
                "plan", "techno", "--duration", "7.5", "--accept", "native", "--server", gateway.address,
            ]
            let text = try await Program.run(words, in: folder)
            #expect(text.status == 0, "\(text.errors)")
            #expect(text.output.contains(/builtin\/procedural +chosen/), "\(text.output)")
            #expect(text.output.contains(/sunoapi\/sounds +refused +duration:/), "\(text.output)")
            let raw = try await Program.run(words + ["--json"], in: folder)
            let plan = try JSONValue(parsing: raw.output)
            #expect(plan["chosen"] == ["provider": "builtin", "operation": "procedural"])

            let toVendor = [
                "plan", "techno", "--bpm", "120", "--provider", "sunoapi", "--server", gateway.address,
            ]
            let sent = try await Program.run(toVendor, in: folder)
            #expect(
                sent.output.contains("POST  \(doubles.address)/sunoapi/api/v1/generate/sounds"),
                "\(sent.output)"
            )
            #expect(sent.output.contains("\"soundTempo\": 120"))
            #expect(!sent.output.contains("a-vendor-key"))
            let accepted = try await doubles.get("/_control/tasks").json["accepted"]?.integer
            #expect(accepted == 0, "a plan sends nothing")
        }
    }

    @Test func ctrlCCancelsTheTaskAtTheGateway() async throws {
        // As slow as the vendor, so that the command is surely still waiting.
        try await withEmulatedVendors(speed: 0.2) { gateway, _, folder in
            let words = [
                "sound", "techno", "--provider", "sunoapi", "-o", "a.mp3", "--server", gateway.address,
            ]
            let program = try Program(words, in: folder)
            let id = try await program.wait(for: "the task's id") {
                program.errors.firstMatch(of: /snd_\w+(?=: )/).map { String($0.output) }
            }
            program.send(SIGINT)
            #expect(await program.end(within: .seconds(60)) == 130)
            #expect(program.errors.contains("canceled \(id)"), "\(program.errors)")
            let task = try await gateway.ended(id)
            #expect(task["status"] == "canceled")
            #expect(!folder.names.contains("a.mp3"))
        }
    }
}
