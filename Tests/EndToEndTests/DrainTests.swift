import Glibc
import HTTPClient
import JSON
import Testing

/// How a gateway stops.
@Suite struct DrainTests {
    private static let slow: JSONValue = ["prompt": "rain", "provider": "sunoapi"]

    /// Runs a gateway before a vendor that never comes to an end.
    private func withEndlessVendor(
        drain: String,
        _ body: (Program, Peer, Peer) async throws -> Void
    ) async throws {
        try await withDoubles(speed: 1) { doubles, folder in
            try await doubles.turn("sunoapi", ["generation_seconds": 3600])
            var config = DoubledVendors().text(at: doubles)
            config += "server: { drain: \(drain) }\n"
            try folder.write(config, to: "soundgate.yaml")
            let program = try Program.gateway(
                ["--config", "soundgate.yaml"],
                in: folder,
                environment: DoubledVendors.environment
            )
            defer { program.send(SIGKILL) }
            let gateway = try await program.peer(doubles.client, ready: "/readyz")
            try await body(program, gateway, doubles)
        }
    }

    @Test func aStopEndsLongWaitsWithTheTaskAsItStands() async throws {
        try await withEndlessVendor(drain: "120s") { program, gateway, doubles in
            async let answer = gateway.post("/v1/sounds", Self.slow, wait: 100)
            _ = try await eventually("the job at the vendor") {
                try await doubles.calls("operation=poll").isEmpty ? nil : true
            }
            program.send(SIGTERM)
            let created = try await answer
            #expect(created.status == 202)
            #expect(created.json["status"] == "running", "\(created.json)")
            // Far less than the time to drain: nothing else is in flight.
            #expect(await program.end(within: .seconds(60)) == 0, "\(program.errors)")
        }
    }

    @Test func readinessTurnsFirstAndNewWorkIsRefused() async throws {
        try await withEndlessVendor(drain: "120s") { program, gateway, doubles in
            try await doubles.script([
                "vendor": "sunoapi", "operation": "create", "fault": "slow", "seconds": 3,
            ])
            // A create whose answer is awaited keeps the gateway from ending, and its own connection from closing.
            _ = try await gateway.post("/v1/sounds", Self.slow)
            _ = try await eventually("the call to the vendor") {
                try await doubles.calls("operation=create").isEmpty ? nil : true
            }
            program.send(SIGTERM)
            var refusals: Set<Int> = []
            while program.isRunning {
                do {
                    refusals.insert(try await gateway.get("/readyz").status)
                    refusals.insert(try await gateway.post("/v1/sounds", Self.slow).status)
                } catch is TransportFailure {
                    break
                }
            }
            #expect(refusals.subtracting([200, 202, 503]).isEmpty, "\(refusals)")
            #expect(await program.end(within: .seconds(60)) == 0, "\(program.errors)")
            let creates = try await doubles.calls("operation=create")
            #expect(
                creates.allSatisfy { $0["status"]?.integer == 200 },
                "each create was answered: \(creates)"
            )
        }
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func aSecondSignalEndsItAtOnce(_ signal: Int32) async throws {
        try await withEndlessVendor(drain: "120s") { program, gateway, doubles in
            try await doubles.script([
                "vendor": "sunoapi", "operation": "create", "fault": "slow", "seconds": 120,
            ])
            _ = try await gateway.post("/v1/sounds", Self.slow)
            _ = try await eventually("the call to the vendor") {
                try await doubles.calls("operation=create").isEmpty ? nil : true
            }
            program.send(signal)
            _ = try await program.wait(for: "the stop") { program.errors.contains("stopping") ? true : nil }
            #expect(program.isRunning, "the create at the vendor is waited for")
            program.send(signal)
            #expect(await program.end(within: .seconds(60)) == 128 + signal)
        }
    }
}
