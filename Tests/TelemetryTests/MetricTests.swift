import Telemetry
import Testing
import Threads

@Suite struct MetricTests {
    private func text(_ registry: MetricRegistry) async -> String {
        String(decoding: await registry.exposition().bytes, as: UTF8.self)
    }

    /// The lines of one family.
    private func lines(_ registry: MetricRegistry, _ name: String) async -> [String] {
        await text(registry).split(separator: "\n").map(String.init).filter { line in
            line.hasPrefix(name) || line.hasPrefix("# HELP \(name) ") || line.hasPrefix("# TYPE \(name) ")
        }
    }

    @Test func theWholeTextIsAsTheFormatHasIt() async {
        let registry = MetricRegistry(namespace: "test")
        registry.gauge("test_depth", "What waits.")[].set(2.5)
        let calls = registry.counter("test_calls_total", "Calls \\ with\na break.", labels: ["host", "code"])
        calls["a", "200"].add(3)
        calls[#"b\"c"# + "\n", "500"].add()
        let times = registry.histogram(
            "test_seconds",
            "How long.",
            labels: ["route"],
            buckets: MetricBuckets([0.5, 0.1])
        )
        for seconds in [0.1, 0.25, 0.5, 7] { times["/x"].observe(seconds) }
        #expect(
            await text(registry) == #"""
                # HELP test_calls_total Calls \\ with\na break.
                # TYPE test_calls_total counter
                test_calls_total{host="a",code="200"} 3
                test_calls_total{host="b\\\"c\n",code="500"} 1
                # HELP test_depth What waits.
                # TYPE test_depth gauge
                test_depth 2.5
                # HELP test_metric_overflows_total Values that were counted under other, for want of room in their metric.
                # TYPE test_metric_overflows_total counter
                # HELP test_seconds How long.
                # TYPE test_seconds histogram
                test_seconds_bucket{route="/x",le="0.1"} 1
                test_seconds_bucket{route="/x",le="0.5"} 3
                test_seconds_bucket{route="/x",le="+Inf"} 4
                test_seconds_sum{route="/x"} 7.85
                test_seconds_count{route="/x"} 4

                """#
        )
    }

    @Test(arguments: [
        (0, "0"), (-3, "-3"), (1e14, "100000000000000"), (0.1, "0.1"), (1e-7, "1e-07"), (1e300, "1e+300"),
        (Double.infinity, "+Inf"), (-Double.infinity, "-Inf"), (Double.nan, "NaN"),
    ])
    func numbersAreThoseOfGo(_ value: Double, _ written: String) async {
        let registry = MetricRegistry()
        registry.gauge("x", "x")[].set(value)
        #expect(await lines(registry, "x").last == "x \(written)")
    }

    @Test(arguments: [(0.0, 0), (0.1, 0), (0.100001, 1), (1, 1), (1.5, 2), (.infinity, 2), (-1, 0)])
    func aBoundBelongsToItsBucket(_ value: Double, _ index: Int) async {
        let registry = MetricRegistry()
        let histogram = registry.histogram("x", "x", buckets: MetricBuckets([0.1, 1]))[]
        histogram.observe(value)
        let counts = await lines(registry, "x_bucket").map { $0.split(separator: " ").last.map(String.init) }
        #expect(counts == (0..<3).map { $0 >= index ? "1" : "0" })
    }

    @Test func whatIsNoNumberIsNotMeasured() {
        let histogram = Histogram(MetricBuckets([1]))
        histogram.observe(.nan)
        #expect(histogram.count == 0)
        #expect(histogram.sum == 0)
    }

    @Test func timesAreInSeconds() {
        let histogram = Histogram(MetricBuckets([1]))
        histogram.observe(.milliseconds(1500))
        histogram.observe(nanoseconds: 500_000_000)
        #expect(histogram.sum == 2)
    }

    @Test(arguments: [
        MetricBuckets.answers, .calls, .works, .delays, .commits, .batches,
    ])
    func bucketsAscendAndAreFew(_ buckets: MetricBuckets) {
        #expect(buckets.bounds == buckets.bounds.sorted())
        #expect((5...16).contains(buckets.bounds.count))
        #expect(buckets.bounds.allSatisfy { $0 > 0 && $0.isFinite })
    }

    @Test func beyondItsMostAFamilyCountsUnderOtherAndSaysSo() async {
        let registry = MetricRegistry(namespace: "test")
        let family = registry.counter("x_total", "x", labels: ["a", "b"], most: 2)
        for number in 0..<5 { family["\(number)", "y"].add(10) }
        family["0", "y"].add()
        #expect(
            await lines(registry, "x_total{") == [
                #"x_total{a="0",b="y"} 11"#, #"x_total{a="1",b="y"} 10"#, #"x_total{a="other",b="other"} 30"#,
            ]
        )
        #expect(
            await lines(registry, "test_metric_overflows_total{") == [
                #"test_metric_overflows_total{metric="x_total"} 3"#
            ]
        )
    }

    @Test func aGaugeThatIsLookedUpForgetsWhatIsGoneAndAddsUpWhatIsTooMuch() async {
        let registry = MetricRegistry()
        let family = registry.gauge("x", "x", labels: ["a"], most: 2)
        family.replace([["old"]: 1])
        family.replace([["b"]: 2, ["a"]: 1, ["d"]: 4, ["c"]: 3])
        #expect(await lines(registry, "x{") == [#"x{a="a"} 1"#, #"x{a="b"} 2"#, #"x{a="other"} 7"#])
    }

    @Test func aCollectorIsAskedEachTimeBeforeTheTextIsWritten() async {
        let registry = MetricRegistry()
        let asked = registry.counter("asked_total", "x")
        registry.collect { asked[].add() }
        #expect(await lines(registry, "asked_total").last == "asked_total 1")
        #expect(await lines(registry, "asked_total").last == "asked_total 2")
    }

    @Test func whatIsDeclaredTwiceIsOne() async {
        let registry = MetricRegistry()
        registry.counter("x_total", "x", labels: ["a"])["1"].add()
        registry.counter("x_total", "x", labels: ["a"])["1"].add()
        #expect(await lines(registry, "x_total{") == [#"x_total{a="1"} 2"#])
    }

    @Test func aCounterNeverGoesBack() {
        let counter = Counter()
        counter.add(-1)
        #expect(counter.value == 0)
        counter.follow(7.5)
        counter.follow(3)
        #expect(counter.value == 7.5)
    }

    @Test func nothingIsLostWhenManyThreadsCount() throws {
        let registry = MetricRegistry()
        let counters = registry.counter("x_total", "x", labels: ["a"])
        let gauge = registry.gauge("y", "y")[]
        let histograms = registry.histogram("z", "z", labels: ["a"], buckets: MetricBuckets([1, 2]))
        let threads = try (0..<4).map { thread in
            try Thread(name: "count-\(thread)") {
                for turn in 0..<10_000 {
                    counters["\(turn % 7)"].add()
                    gauge.add(turn % 2 == 0 ? 0.5 : 1.5)
                    histograms["\(turn % 3)"].observe(Double(turn % 4))
                }
            }
        }
        for thread in threads { thread.join() }
        #expect((0..<7).reduce(0) { $0 + counters["\($1)"].value } == 40_000)
        #expect(gauge.value == 40_000)
        #expect((0..<3).reduce(0) { $0 + histograms["\($1)"].count } == 40_000)
        #expect((0..<3).reduce(0) { $0 + histograms["\($1)"].sum } == 60_000)
    }

    @Test func aPoolDoesTheWorkWhereThereIsOne() async throws {
        let pool = try WorkerPool(name: "measure", threads: 1)
        defer { pool.shutdown() }
        let registry = MetricRegistry(pool: pool)
        let family = registry.gauge("x", "x")
        registry.collectOnPool { family[].set(Double(String(currentThreadIdentity()).count)) }
        #expect(await lines(registry, "x").last != "x 0")
    }

    @Test func theProcessIsMeasuredByTheUsualNames() async throws {
        let registry = MetricRegistry()
        let began = Double(Timestamp.now().milliseconds) / 1000
        _ = ProcessMetrics(registry)
        let text = await text(registry)
        func value(_ name: String) throws -> Double {
            let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("\(name) ") })
            return try #require(Double(line.split(separator: " ")[1]))
        }
        #expect(try value("process_cpu_seconds_total") > 0)
        #expect(try value("process_resident_memory_bytes") > 1_048_576)
        #expect(try value("process_virtual_memory_bytes") > value("process_resident_memory_bytes"))
        #expect(try value("process_open_fds") >= 3)
        #expect(try value("process_max_fds") >= value("process_open_fds"))
        #expect(try value("process_threads") >= 1)
        let started = try value("process_start_time_seconds")
        #expect(started <= began + 1 && started > began - 86_400)
    }
}
