import Emulators
import Glibc
import HTTP
import JSON
import Testing

/// Following a sound through the gateway, from its request to its webhook.
@Suite struct TracingTests {
    private static let trace = "0af7651916cd43dd8448eb211c80319c"
    private static let caller = "b7ad6b7169203331"
    private static let given = "00-\(trace)-\(caller)-01"

    /// Lends a collector, and its address.
    private func withCollector(_ body: (CollectorDouble, String) async throws -> Void) async throws {
        let collector = CollectorDouble()
        collector.change { $0.authorization = "Bearer hunter3" }
        try await withServer("collector", { await collector.respond(to: $0) }) { address in
            try await body(collector, address)
        }
    }

    private func tracing(_ address: String, _ more: String = "") -> String {
        """
        tracing:
          otlp: { endpoint: \(address)/v1/traces, headers: { Authorization: "Bearer hunter3" } }
          \(more)

        """
    }

    /// Holds the spans of one sound against what they must be, and gives them by their names.
    private func check(_ collector: CollectorDouble) throws -> [String: [ReceivedSpan]] {
        #expect(collector.complaints() == [])
        let spans = collector.spans.filter { $0.trace == Self.trace }
        let byName = Dictionary(grouping: spans, by: \.name)
        let request = try #require(byName["POST /v1/sounds"]?.first)
        #expect(request.parent == Self.caller)
        #expect(request.flags & 0x300 == 0x300, "its parent is elsewhere")
        #expect(request["http.response.status_code"] == 202)
        let task = try #require(byName["task effect"]?.first)
        #expect(task.parent == request.span)
        #expect(byName["plan"]?.map(\.parent) == [request.span])
        // Storing the task is a part of the request, all that came later of the task.
        let commits = try #require(byName["ledger commit"])
        #expect(commits.count { $0.parent == request.span } == 1)
        for span in spans where !["POST /v1/sounds", "task effect", "plan"].contains(span.name) {
            let isFirst = span.name == "ledger commit" && span.parent == request.span
            #expect(isFirst || span.parent == task.span, "\(span.name)")
            #expect(span["soundgate.task.id"] == task["soundgate.task.id"], "\(span.name)")
        }
        #expect(byName["task effect"]?.count == 1)
        let submits = try #require(byName["submit sunoapi/sounds"])
        #expect(submits.count == 1)
        #expect(submits[0].kind == 3)
        #expect(submits[0]["http.request.method"] == "POST")
        #expect(submits[0]["http.response.status_code"] == 200)
        #expect(submits[0]["server.address"] == "127.0.0.1")
        #expect(byName["poll sunoapi/sounds"]?.isEmpty == false)
        #expect(byName["fetch asset"]?.isEmpty == false)
        #expect(byName["check asset"]?.count == byName["fetch asset"]?.count)
        return byName
    }

    @Test func oneSoundIsOneTraceFromItsRequestToItsWebhook() async throws {
        try await withDoubles(speed: 50) { doubles, _ in
            try await withCollector { collector, address in
                try await Sink.with { sink in
                    try await sink.open()
                    let config = DoubledVendors().text(at: doubles) + tracing(address)
                    try await withGateway(config: config, environment: DoubledVendors.environment) {
                        gateway,
                        _ in
                        let created = try await gateway.post(
                            "/v1/sounds",
                            [
                                "prompt": "xyzzy pulse", "provider": "sunoapi",
                                "webhook_url": .string(sink.url),
                            ],
                            fields: ["traceparent": Self.given, "tracestate": "rojo=1"]
                        )
                        #expect(created.fields["traceparent"] == Self.given)
                        let task = try await gateway.ended(try #require(created.json["id"]?.string))
                        #expect(task["status"] == "succeeded", "\(task)")
                        _ = try await eventually("the last webhook") {
                            sink.letters.last?.type == "sound.succeeded" ? true : nil
                        }
                    }
                    // It has stopped: everything has been sent.
                    let spans = try check(collector)
                    let webhooks = collector.spans.filter { $0.name.hasPrefix("webhook ") }
                    #expect(webhooks.count == sink.letters.count)
                    for letter in sink.letters {
                        let parts = (letter.fields["traceparent"] ?? "").split(separator: "-").map(
                            String.init
                        )
                        let span = webhooks.first { $0["soundgate.webhook.id"]?.string == letter.id }
                        #expect(parts == ["00", Self.trace, span?.span, "01"])
                        #expect(letter.fields["tracestate"] == "rojo=1")
                        #expect(span?["url.full"]?.string?.contains("hunter2") == false)
                    }
                    #expect(spans["webhook sound.succeeded"]?.count == 1)
                    // Vendors are not told of anybody's traces.
                    for call in try await doubles.calls() {
                        #expect(call["traceparent"] == .null)
                    }
                    for span in collector.spans {
                        #expect(!"\(span)".contains("xyzzy"))
                        #expect(!"\(span)".contains("a-vendor-key"))
                    }
                    #expect(collector.complaints(isWhole: true, remote: [Self.caller]) == [])
                }
            }
        }
    }

    @Test func aTraceGoesOnInTheNextProcessWhenTheGatewayWasKilledInTheMiddleOfATask() async throws {
        try await withDoubles(speed: 50) { doubles, folder in
            try await doubles.turn("sunoapi", ["generation_seconds": 500])
            try await withCollector { collector, address in
                try folder.write(
                    DoubledVendors().text(at: doubles) + tracing(address) + "log: { format: json }\n",
                    to: "soundgate.yaml"
                )
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
                let created = try await gateway.post(
                    "/v1/sounds",
                    ["prompt": "pulse", "provider": "sunoapi"],
                    fields: ["traceparent": Self.given, "X-Request-Id": "the-create"]
                )
                let id = try #require(created.json["id"]?.string)
                _ = try await eventually("the first spans") {
                    collector.spans.contains { $0.name == "submit sunoapi/sounds" } ? true : nil
                }
                first.send(SIGKILL)
                #expect(await first.end(within: .seconds(60)) == 128 + SIGKILL)
                #expect(!collector.spans.contains { $0.name == "task effect" }, "killed too late")

                let second = try started()
                defer { second.send(SIGKILL) }
                let again = try await second.peer(doubles.client, ready: "/readyz")
                #expect(try await again.ended(id)["status"] == "succeeded")
                #expect(await second.stop() == 0)
                let spans = try check(collector)
                #expect(
                    spans["task effect"]?.first?.resource["service.instance.id"]
                        != spans["POST /v1/sounds"]?.first?.resource["service.instance.id"]
                )
                #expect(collector.complaints(isWhole: true, remote: [Self.caller]) == [])
                // The log of the other process can be found by the same ids.
                let ended = second.errors.split(separator: "\n").first { $0.contains("task ended") } ?? ""
                #expect(ended.contains(#""request_id":"the-create","trace_id":"\#(Self.trace)""#), "\(ended)")
                #expect(ended.contains(#""module":"Tasks""#))
            }
        }
    }

    @Test func vendorsAreToldOnlyWhereTheOperatorWantsIt() async throws {
        try await withDoubles(speed: 50) { doubles, _ in
            try await withCollector { collector, address in
                let config = DoubledVendors().text(at: doubles) + tracing(address, "propagate_upstream: true")
                try await withGateway(config: config, environment: DoubledVendors.environment) { gateway, _ in
                    _ = try await gateway.sound(["prompt": "pulse", "provider": "sunoapi"])
                }
                #expect(collector.complaints(isWhole: true) == [])
                for call in try await doubles.calls("operation=create") {
                    let parts = (call["traceparent"]?.string ?? "").split(separator: "-").map(String.init)
                    let span = collector.spans.first { $0.span == parts.dropFirst(2).first }
                    #expect(span?.name == "submit sunoapi/sounds", "\(call)")
                    #expect(span?.trace == parts.dropFirst().first)
                }
            }
        }
    }

    @Test func aCollectorThatIsAwayChangesNothingForCallers() async throws {
        let port = try LoopbackPort()
        try await withGateway(config: tracing(port.origin)) { gateway, _ in
            for _ in 0..<20 {
                let task = try await gateway.sound(["prompt": "click", "duration": 0.5])
                #expect(task["status"] == "succeeded")
            }
        }
    }

    @Test func levelsOfModulesAreChangedWhileItRuns() async throws {
        try await withCollector { collector, address in
            try await Folder.with { folder in
                try folder.write("log: { format: json, level: notice }\n", to: "soundgate.yaml")
                let program = try Program.gateway(["--config", "soundgate.yaml"], in: folder)
                defer { program.send(SIGKILL) }
                try await withClient { client in
                    let gateway = try await program.peer(client, ready: "/readyz")
                    _ = try await gateway.sound(["prompt": "click", "duration": 0.5])
                    #expect(!program.errors.contains("task ended"))
                    try folder.write(
                        "log: { format: json, level: notice, modules: { Tasks: info, Configuration: notice } }\n"
                            + tracing(address),
                        to: "soundgate.yaml"
                    )
                    program.send(SIGHUP)
                    _ = try await program.wait(for: "the new levels") {
                        program.errors.contains("the changed configuration is at work") ? true : nil
                    }
                    _ = try await gateway.sound(["prompt": "click", "duration": 0.5])
                    _ = try await program.wait(for: "a line of that level") {
                        program.errors.contains("task ended") ? true : nil
                    }
                    #expect(!program.errors.contains(#""message":"request""#))
                    #expect(program.errors.contains("log.modules.Tasks"))
                }
                #expect(await program.stop() == 0, "\(program.errors)")
                #expect(
                    collector.spans.contains { $0.name == "task effect" },
                    "tracing needs no restart either"
                )
                #expect(!program.errors.contains("hunter3"))
            }
        }
    }
}
