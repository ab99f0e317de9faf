import Synchronization
import Telemetry
import Testing

@Suite("Tracer")
struct TracerTests {
    private func tracer(_ sample: Double = 1, capacity: Int = 100) -> Tracer {
        let tracer = Tracer(capacity: capacity)
        tracer.adopt(.init(sample: sample))
        return tracer
    }

    @Test(
        "A trace that comes from elsewhere has been decided about, whatever the ratio",
        arguments: [0, 0.5, 1],
        [true, false]
    )
    func parentBased(ratio: Double, isSampled: Bool) {
        let tracer = tracer(ratio)
        for _ in 0..<100 {
            let parent = TraceContext.new(isSampled: isSampled)
            let entered = tracer.enter(parent)
            #expect(entered.isSampled == isSampled)
            #expect(entered.trace == parent.trace)
            #expect(entered.span != parent.span)
            #expect((tracer.begin("work", in: entered) != nil) == isSampled)
        }
    }

    @Test("Of new traces about the wanted part is recorded", arguments: [0, 0.1, 0.5, 0.9, 1])
    func ratio(_ ratio: Double) {
        let tracer = tracer(ratio)
        let count = (0..<20_000).count { _ in tracer.enter(nil).isSampled }
        // Four standard deviations of the widest case are 283.
        #expect(abs(Double(count) - ratio * 20_000) <= (ratio == 0 || ratio == 1 ? 0 : 300))
        #expect(!tracer.enter(nil, isQuiet: true).isSampled)
    }

    @Test func whileItIsOffNothingIsBegunAndNothingComputed() {
        let tracer = Tracer()
        let context = TraceContext.new(isSampled: true)
        let computed = Atomic(0)
        func name() -> String {
            computed.add(1, ordering: .relaxed)
            return "name"
        }
        #expect(!tracer.isOn)
        #expect(tracer.begin(name(), in: context) == nil)
        #expect(!tracer.enter(nil).isSampled)
        tracer.adopt(.init())
        #expect(tracer.begin(name(), in: nil) == nil)
        #expect(tracer.begin(name(), in: TraceContext.new(isSampled: false)) == nil)
        #expect(computed.load(ordering: .relaxed) == 0)
        #expect(tracer.begin(name(), in: context) != nil)
        #expect(computed.load(ordering: .relaxed) == 1)
        tracer.adopt(nil)
        #expect(tracer.begin(name(), in: context) == nil)
    }

    @Test func aSpanTellsWhatItWasToldOnceItHasEnded() throws {
        let time = Atomic<UInt64>(1_800_000_000_000_000_000)
        let clock = Tracer.Clock(
            wall: { 1_800_000_000_000_000_000 },
            ticks: { time.load(ordering: .relaxed) }
        )
        let tracer = Tracer(clock: clock)
        tracer.adopt(.init())
        let parent = tracer.enter(nil)
        let span = try #require(tracer.begin("work", .client, in: parent))
        span["a"] = "one"
        span["a"] = "two"
        span["b"] = nil
        span["long"] = .string(String(repeating: "x", count: 5000))
        let other = TraceContext.new()
        span.link(to: other)
        #expect(tracer.spans.count == 0)
        time.add(5000, ordering: .relaxed)
        span.fail("timeout")
        span.rename("better")
        span.end()
        span.end()
        span["c"] = "late"
        let told = tracer.spans.take(atMost: 10)
        #expect(told.count == 1)
        let record = try #require(told.first)
        #expect((record.name, record.kind) == ("better", .client))
        #expect(record.context == span.context)
        #expect(record.parent == .init(parent.span))
        #expect(record.end - record.start == 5000)
        #expect(record["a"] == "two")
        #expect(record["b"] == nil)
        #expect(record["c"] == nil)
        #expect(record["error.type"] == "timeout")
        #expect(record["long"]?.string?.count == 512)
        #expect(record.hasFailed)
        #expect(record.links == [other])
    }

    @Test func whatACallerCanFillIsBounded() throws {
        let tracer = tracer()
        let span = try #require(tracer.begin("work", in: .new(isSampled: true)))
        for number in 0..<1000 {
            span["\(number)"] = 1
            span.link(to: .new())
        }
        span.end()
        let record = try #require(tracer.spans.take(atMost: 1).first)
        #expect(record.attributes.count == 32)
        #expect(record.links.count == 4)
    }

    @Test func theOldestGoAndAreCountedWhereThereIsNoRoom() {
        let tracer = tracer(capacity: 10)
        let context = TraceContext.new(isSampled: true)
        for number in 0..<25 { tracer.begin("\(number)", in: context)?.end() }
        #expect(tracer.counts.recorded == 25)
        #expect(tracer.counts.dropped == 15)
        #expect(tracer.counts.waiting == 10)
        #expect(tracer.spans.isFull)
        #expect(tracer.spans.take(atMost: 3).map(\.name) == ["15", "16", "17"])
        #expect(!tracer.spans.isFull)
        #expect(tracer.spans.take(atMost: 100).map(\.name) == (18...24).map { "\($0)" })
        #expect(tracer.spans.take(atMost: 1).isEmpty)
        tracer.spans.settle(7, as: .exported)
        tracer.spans.settle(2, as: .rejected)
        tracer.spans.settle(1, as: .dropped)
        let counts = tracer.counts
        #expect((counts.exported, counts.rejected, counts.dropped, counts.waiting) == (7, 2, 16, 0))
    }

    @Test func theFirstOneAndAFullBatchWakeWhoeverFetches() {
        let tracer = tracer()
        let woken = LogMemory()
        tracer.spans.wake(atBatchOf: 3) { isBatch in
            Log(level: .info, sink: woken)(.info, isBatch ? "batch" : "first")
        }
        let context = TraceContext.new(isSampled: true)
        for _ in 0..<5 { tracer.begin("work", in: context)?.end() }
        #expect(woken.messages == ["first", "batch"])
        _ = tracer.spans.take(atMost: 5)
        tracer.begin("work", in: context)?.end()
        #expect(woken.messages == ["first", "batch", "first"])
    }

    @Test func thousandsPassThroughInOrder() {
        let tracer = tracer(capacity: 5000)
        let context = TraceContext.new(isSampled: true)
        var seen: [String] = []
        for number in 0..<4000 {
            tracer.begin("\(number)", in: context)?.end()
            if number % 3 == 0 { seen += tracer.spans.take(atMost: 2).map(\.name) }
        }
        seen += tracer.spans.take(atMost: .max).map(\.name)
        #expect(seen == (0..<4000).map { "\($0)" })
    }
}
