import HTTPServer
import Providers
import Sound
import Support
import Tasks
import Telemetry
import Testing

/// What is measured of tasks and vendors.
@Suite("Measuring", .timeLimit(.minutes(5)))
struct MeasuringTests {
    private static let pace = PollPace(first: .seconds(1), ceiling: .seconds(1))

    @Test("each attempt is counted once, by what became of it, and so is its task")
    func attempts() async throws {
        let (time, audio) = (DreamTime(), try await paperAudio())
        let base = Observed("")
        let refusing = PaperVendor(time, ["create": { _, _ in .refused(.insufficientCredits) }])
        let vendor = PaperVendor(
            time,
            [
                "create": { turn, _ in .took("j\(turn)") },
                "job": { turn, job in
                    turn < 3 ? .state("running") : .state("succeeded", [job: "\(base.value)/file/\(job)"])
                },
                "file": { _, _ in .wave(audio) },
            ]
        )
        try await withPaper([refusing, vendor], time: time, pace: Self.pace) { bench in
            base.change { $0 = bench.providers[1].baseURL }
            let ended = try await bench.end(of: try await bench.create("a/jobs", "b/jobs"))
            try #require(ended.status == .succeeded)
            let lines = await bench.metrics()
            #expect(
                lines.starting("soundgate_attempts_total{") == [
                    #"soundgate_attempts_total{provider="a",operation="jobs",outcome="failed",code="insufficient_credits"} 1"#,
                    #"soundgate_attempts_total{provider="b",operation="jobs",outcome="succeeded",code=""} 1"#,
                ]
            )
            #expect(
                lines.starting("soundgate_attempt_submit_duration_seconds_count{") == [
                    #"soundgate_attempt_submit_duration_seconds_count{provider="a",operation="jobs",outcome="refused"} 1"#,
                    #"soundgate_attempt_submit_duration_seconds_count{provider="b",operation="jobs",outcome="accepted"} 1"#,
                ]
            )
            #expect(
                lines.starting("soundgate_tasks_ended_total{") == [
                    #"soundgate_tasks_ended_total{status="succeeded",code=""} 1"#
                ]
            )
            for line in [
                #"soundgate_tasks_accepted_total{type="effect"} 1"#,
                #"soundgate_attempt_turnaround_seconds_count{provider="b",operation="jobs"} 1"#,
                #"soundgate_queue_wait_seconds_count{provider="a"} 1"#,
                #"soundgate_queue_wait_seconds_count{provider="b"} 1"#,
                #"soundgate_upstream_request_duration_seconds_count{provider="b",outcome="2xx"} 4"#,
                "soundgate_poll_lateness_seconds_count 3",
                #"soundgate_assets_kept_total{source="fetched"} 1"#,
                #"soundgate_assets_kept_bytes_total{source="fetched"} \#(audio.count)"#,
                #"soundgate_provider_keys{provider="a",state="out_of_credit"} 1"#,
                #"soundgate_provider_keys{provider="a",state="usable"} 0"#,
                #"soundgate_provider_keys{provider="b",state="usable"} 1"#,
                #"soundgate_tasks{status="running"} 0"#,
            ] { #expect(lines.contains(line), "\(line)") }
        }
    }

    @Test("who is under way and who waits is told, and no longer when it is over")
    func lines() async throws {
        let time = DreamTime()
        let isDone = Observed(false)
        let vendor = PaperVendor(
            time,
            [
                "create": { turn, _ in .took("j\(turn)") },
                "job": { _, _ in .state(isDone.value ? "failed" : "running") },
            ]
        )
        try await withPaper([vendor], time: time, pace: Self.pace, places: 1) { bench in
            let first = try await bench.accepted(try await bench.create("a/jobs"))
            let second = try await bench.create("a/jobs")
            for line in [
                #"soundgate_provider_places{provider="a"} 1"#,
                #"soundgate_provider_places_used{provider="a"} 1"#,
                #"soundgate_queue_depth{provider="a"} 1"#, #"soundgate_tasks{status="queued"} 1"#,
                #"soundgate_tasks{status="running"} 1"#,
            ] { #expect(await bench.metrics().contains(line), "\(line)") }
            isDone.change { $0 = true }
            _ = try await (bench.end(of: first), bench.end(of: second))
            let after = await bench.metrics()
            for line in [
                #"soundgate_queue_depth{provider="a"} 0"#, #"soundgate_tasks{status="queued"} 0"#,
                #"soundgate_tasks{status="running"} 0"#,
                #"soundgate_tasks_ended_total{status="failed",code="provider_failed"} 2"#,
            ] { #expect(after.contains(line), "\(line)") }
        }
    }

    @Test("a breaker that opens is told of")
    func breakers() async throws {
        // Beyond the longest pause of a breaker and what it is scattered by.
        let time = DreamTime(jumping: 200)
        let vendor = PaperVendor(time, ["create": { _, _ in .refused(.providerUnavailable) }])
        try await withPaper([vendor], time: time, places: 10) { bench in
            for _ in 0..<3 { _ = try await bench.end(of: try await bench.create("a/jobs")) }
            let closed = #"soundgate_breaker_state{provider="a",operation="jobs",state="closed"} 0"#
            let lines = await bench.metrics()
            #expect(lines.contains(closed))
            #expect(lines.starting("soundgate_breaker_state{").count == 3)
            #expect(lines.starting("soundgate_retry_budget{").count == 1)
        }
    }

    @Test("what vendors say by themselves is counted by how far it is trusted")
    func callbacks() async throws {
        let time = DreamTime()
        let vendor = PaperVendor(time, ["create": { _, _ in .took("j1") }])
        try await withPaper([vendor], time: time) { bench in
            let task = try await bench.accepted(try await bench.create("a/jobs"))
            let token = try #require(task.attempts.first?.callbackToken)
            await bench.engine.called(back: "a", token: nil, .forged("the signature is wrong"))
            await bench.engine.called(back: "a", token: nil, .irrelevant)
            await bench.engine.called(back: "a", token: token, .hint(job: "another"))
            await bench.engine.called(back: "a", token: token, .hint(job: "j1"))
            #expect(
                await bench.metrics().starting("soundgate_callbacks_total{") == [
                    #"soundgate_callbacks_total{provider="a",trust="hint",outcome="forged"} 1"#,
                    #"soundgate_callbacks_total{provider="a",trust="hint",outcome="used"} 1"#,
                    #"soundgate_callbacks_total{provider="a",trust="none",outcome="forged"} 1"#,
                    #"soundgate_callbacks_total{provider="a",trust="none",outcome="ignored"} 1"#,
                ]
            )
        }
    }

    @Test("a file that is no audio is the vendor's fault")
    func faults() async throws {
        let time = DreamTime()
        let vendor = PaperVendor(time, ["audio": { _, _ in .wave(Array("<html>".utf8)) }])
        try await withPaper([vendor], time: time) { bench in
            _ = try await bench.end(of: try await bench.create("a/audio"))
            let lines = await bench.metrics()
            #expect(lines.contains(#"soundgate_asset_failures_total{source="streamed",fault="vendor"} 1"#))
            #expect(lines.starting("soundgate_assets_kept_total{").isEmpty)
        }
    }
}

extension PaperBench {
    /// What a scraper would read, line by line.
    fileprivate func metrics() async -> [String] {
        String(decoding: await registry.exposition().bytes, as: UTF8.self).split(separator: "\n").map(
            String.init
        )
    }
}

extension [String] {
    fileprivate func starting(_ prefix: String) -> [String] { filter { $0.hasPrefix(prefix) } }
}
