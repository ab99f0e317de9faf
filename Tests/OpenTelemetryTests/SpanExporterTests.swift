import Crypto
import Emulators
import EventLoop
import HTTP
import HTTPClient
import HTTPServer
import JSON
import OpenTelemetry
import Telemetry
import Testing
import Threads

@Suite("Bringing spans to a collector")
struct SpanExporterTests {
    @Test func spansArriveAsOTLPWantsThemWithTheirParents() async throws {
        try await withCollector { bench in
            bench.collector.change { $0.authorization = "Bearer hunter2" }
            let root = bench.tracer.enter(nil)
            let request = try #require(bench.tracer.begin("GET /", .server, at: root, parent: nil))
            request["http.response.status_code"] = 200
            request["on"] = true
            let child = try #require(bench.tracer.begin("call", .client, in: root))
            child.fail("timeout")
            child.link(to: .new())
            child.end()
            request.end()
            await bench.exporter.stop(within: .seconds(60))
            #expect(bench.collector.complaints(isWhole: true) == [])
            let spans = bench.collector.spans
            #expect(spans.map(\.name) == ["call", "GET /"])
            #expect(spans[0].parent == spans[1].span)
            #expect(spans[0].hasFailed)
            #expect(spans[0].links.count == 1)
            #expect(spans[0].flags == 0x101)
            #expect(spans[1]["http.response.status_code"] == 200)
            #expect(spans[1]["on"] == true)
            #expect(spans[1].resource["service.name"] == "tests")
            #expect(spans[1].resource["service.instance.id"] == "i")
            #expect(bench.tracer.counts.exported == 2)
        }
    }

    @Test func manySpansGoInBatchesAndNoneTwice() async throws {
        try await withCollector(batch: 10) { bench in
            bench.record(95)
            await bench.exporter.stop(within: .seconds(60))
            let (spans, batches) = bench.collector.change { ($0.spans, $0.batches) }
            #expect(Set(spans.map(\.name)).count == 95)
            #expect(spans.count == 95)
            #expect(batches.allSatisfy { $0 <= 10 })
        }
    }

    @Test func aFullBatchIsNotKeptWaitingAndAFewSpansWaitForOthers() async throws {
        try await withCollector(batch: 5, interval: .milliseconds(50)) { bench in
            bench.record(5)
            await bench.collected(5)
            bench.record(2)
            await bench.collected(7)
        }
    }

    @Test(
        "What may pass is tried again, with the pause that the collector asks for",
        arguments: [429, 502, 503, 504]
    )
    func retried(status: Int) async throws {
        try await withCollector(batch: 1) { bench in
            bench.collector.change { state in
                state.refusals = [(status, "7"), (status, nil), (status, "100000"), (status, "soon")]
            }
            bench.record(1)
            await bench.collected(1)
            await bench.exporter.stop(within: .seconds(60))
            let pauses = bench.pauses.withLock { $0 }
            #expect(pauses.count >= 4)
            #expect(pauses[0] == .seconds(7))
            #expect(
                (Duration.seconds(1)...Duration.seconds(2)).contains(pauses[1]),
                "the second of a doubling pause"
            )
            #expect(pauses[2] == .seconds(300), "nobody is obeyed for a day")
            #expect((Duration.seconds(4)...Duration.seconds(8)).contains(pauses[3]))
            #expect(bench.collector.spans.count == 1)
            #expect(bench.tracer.counts.exported == 1)
            #expect(bench.log.messages.count { $0 == "spans cannot be brought to the collector" } == 1)
            #expect(bench.log.messages.contains("the collector takes spans again"))
        }
    }

    @Test("What can never pass is given up at once, and counted", arguments: [400, 401, 404, 413, 500])
    func refused(status: Int) async throws {
        try await withCollector(batch: 1) { bench in
            bench.collector.change { $0.refusals = [(status, nil)] }
            bench.record(1)
            bench.record(1)
            await bench.collected(1)
            await bench.exporter.stop(within: .seconds(60))
            #expect(bench.tracer.counts.rejected == 1)
            #expect(bench.tracer.counts.exported == 1)
            #expect(bench.collector.change { $0.requests } == 2)
        }
    }

    @Test func whatTheCollectorTakesWithoutSomeSpansIsCountedSo() async throws {
        try await withCollector(batch: 4) { bench in
            bench.collector.change { $0.rejects = 3 }
            bench.record(4)
            await bench.exporter.stop(within: .seconds(60))
            let counts = bench.tracer.counts
            #expect((counts.exported, counts.rejected) == (1, 3))
        }
    }

    @Test func aCollectorThatIsAwayCostsBoundedMemoryAndALineOfTheLog() async throws {
        try await withCollector(batch: 10, capacity: 100) { bench in
            bench.collector.change { $0.outage = 503 }
            for _ in 0..<50 { bench.record(100) }
            while bench.collector.change({ $0.requests }) < 20 { await Task.yield() }
            #expect(bench.tracer.counts.waiting <= 100)
            #expect(bench.log.messages.count { $0 == "spans cannot be brought to the collector" } == 1)
            bench.collector.change { $0.outage = nil }
            await bench.exporter.stop(within: .seconds(60))
            let counts = bench.tracer.counts
            #expect(counts.recorded == 5000)
            #expect(counts.exported + counts.dropped == 5000)
            #expect((90...110).contains(counts.exported), "the newest, and what was under way: \(counts)")
            #expect(bench.collector.spans.last?.name == "4999")
        }
    }

    @Test func stoppingTakesNoLongerThanItMay() async throws {
        try await withCollector(batch: 1, isAsleep: true) { bench in
            bench.record(3)
            let clock = ContinuousClock()
            let began = clock.now
            await bench.exporter.stop(within: .milliseconds(200))
            #expect(clock.now - began < .seconds(5))
            #expect(bench.tracer.counts.dropped == 3)
            #expect(bench.tracer.counts.waiting == 0)
        }
    }

    @Test func withoutACollectorNothingIsKept() async throws {
        try await withCollector(batch: 1) { bench in
            bench.exporter.adopt(nil)
            bench.record(3)
            await bench.exporter.stop(within: .seconds(60))
            #expect(bench.collector.change { $0.requests } == 0)
            #expect(bench.tracer.counts.dropped == 3)
        }
    }

    @Test(
        "Retry-After is a number of seconds or a date",
        arguments: [
            ("0", Duration.zero), ("120", .seconds(120)), ("Fri, 15 Jan 2027 08:00:30 GMT", .seconds(30)),
            ("Fri, 15 Jan 2027 07:00:00 GMT", .zero), ("", nil), ("-1", nil), ("1.5", nil), ("soon", nil),
        ] as [(String, Duration?)]
    )
    func retryAfter(text: String, wish: Duration?) {
        #expect(RetryWish.read(text, now: Timestamp(milliseconds: 1_800_000_000_000)) == wish)
    }
}

/// An exporter before a collector, whose pauses pass at once.
private struct Bench: Sendable {
    let tracer: Tracer
    let exporter: SpanExporter
    let collector: CollectorDouble
    let log: LogMemory
    let pauses: Guarded<[Duration]>
    let recorded: Guarded<Int>

    /// Ends so many spans, which are called by their numbers.
    func record(_ count: Int) {
        for _ in 0..<count {
            let number = recorded.withLock { number -> Int in
                defer { number += 1 }
                return number
            }
            tracer.begin("\(number)", in: .new(isSampled: true))?.end()
        }
    }

    /// Returns when so many spans are at the collector.
    func collected(_ count: Int) async {
        while collector.spans.count < count { await Task.yield() }
    }
}

private func withCollector(
    batch: Int = 256,
    interval: Duration = .seconds(3600),
    capacity: Int = 1000,
    isAsleep: Bool = false,
    _ body: (Bench) async throws -> Void
) async throws {
    let loop = try EventLoop(name: "otlp-tests")
    try loop.start()
    let collector = CollectorDouble()
    let server = Server(addresses: [.tcp(host: "127.0.0.1", port: 0)], loops: [loop]) { request in
        if isAsleep {
            do { try await Task.sleep(for: .seconds(3600)) } catch { return Response(.ok) }
        }
        return await collector.respond(to: request)
    }
    let port = try #require(try await server.start().first?.port)
    let client = HTTPClient(loops: [loop])
    let tracer = Tracer(capacity: capacity)
    tracer.adopt(.init())
    let memory = LogMemory()
    let pauses = Guarded<[Duration]>([])
    var pace = SpanExporter.Pace()
    pace.batch = batch
    pace.interval = interval
    pace.sleep = { span in
        pauses.withLock { $0.append(span) }
        await Task.yield()
    }
    let exporter = SpanExporter(
        tracer.spans,
        loop: loop,
        client: client,
        process: .init(version: "1.2.3", instance: "i"),
        log: Log(level: .info, sink: memory),
        pace: pace
    )
    exporter.adopt(
        .init(
            service: "tests",
            endpoint: "http://127.0.0.1:\(port)/v1/traces",
            fields: ["Authorization": Secret("Bearer hunter2")]
        )
    )
    let bench = Bench(
        tracer: tracer,
        exporter: exporter,
        collector: collector,
        log: memory,
        pauses: pauses,
        recorded: Guarded(0)
    )
    let result: Result<Void, any Error>
    do {
        result = .success(try await body(bench))
    } catch {
        result = .failure(error)
    }
    await client.shutdown()
    await server.stop(within: .zero)
    loop.stop()
    loop.join()
    try result.get()
}
