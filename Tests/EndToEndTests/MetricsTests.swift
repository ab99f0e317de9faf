import Crypto
import Glibc
import HTTP
import JSON
import Testing

/// What a scraper reads of a gateway that works.
@Suite struct MetricsTests {
    private static func scrape(_ gateway: Peer, fields: Fields = [:]) async throws -> Exposition {
        let answer = try await gateway.get("/metrics", fields: fields)
        try #require(answer.status == 200)
        #expect(answer.fields["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8")
        return Exposition(String(decoding: answer.bytes, as: UTF8.self))
    }

    @Test func aSoundLeavesItsTraces() async throws {
        try await withEmulatedVendors { gateway, _, _ in
            let made = try await gateway.sound(["prompt": "rain", "provider": "builtin", "duration": 1])
            try #require(made["status"] == "succeeded")
            let bought = try await gateway.sound([
                "prompt": "rain", "provider": "sunoapi", "accept": "hint",
            ])
            try #require(bought["status"] == "succeeded", "\(bought)")
            _ = try await gateway.get("/v1/sounds/snd_nobody")
            _ = try await gateway.get("/v1/nothing")
            // A request is counted when its answer is sent: that of the last one may still be on its way.
            var page = try await Self.scrape(gateway)
            for _ in 0..<1000 where page.sum("soundgate_http_request_duration_seconds_count") < 6 {
                page = try await Self.scrape(gateway)
            }
            let builtin = ["provider": "builtin", "operation": "procedural"]
            let suno = ["provider": "sunoapi"]
            #expect(page.sum("soundgate_tasks_accepted_total") == 2)
            #expect(page.sum("soundgate_tasks_ended_total", ["status": "succeeded"]) == 2)
            #expect(page.sum("soundgate_tasks") == 0)
            #expect(page.sum("soundgate_task_duration_seconds_count", ["status": "succeeded"]) == 2)
            #expect(page.sum("soundgate_attempts_total", builtin.adding("outcome", "succeeded")) == 1)
            #expect(page.sum("soundgate_attempts_total", suno.adding("outcome", "succeeded")) == 1)
            #expect(page.sum("soundgate_attempts_total") == 2)
            let created = suno.adding("outcome", "accepted")
            #expect(page.sum("soundgate_attempt_submit_duration_seconds_count", created) == 1)
            #expect(page.sum("soundgate_attempt_turnaround_seconds_count", suno) == 1)
            // A create, and at least one question.
            #expect(
                page.sum("soundgate_upstream_request_duration_seconds_count", suno.adding("outcome", "2xx"))
                    >= 2
            )
            #expect(page.sum("soundgate_poll_lateness_seconds_count") >= 1)
            #expect(page.sum("soundgate_queue_wait_seconds_count") == 2)
            #expect(page.sum("soundgate_provider_keys", suno.adding("state", "usable")) == 1)
            #expect(page.sum("soundgate_provider_places_used") == 0)
            #expect(page.sum("soundgate_assets_kept_total", ["source": "rendered"]) == 1)
            #expect(page.sum("soundgate_assets_kept_total", ["source": "fetched"]) >= 1)
            #expect(page.sum("soundgate_assets_kept_bytes_total", ["source": "rendered"]) > 40_000)
            let commits = page.sum("soundgate_ledger_commit_duration_seconds_count", ["outcome": "committed"])
            #expect(commits >= 4)
            #expect(page.sum("soundgate_ledger_batch_size_sum") >= commits)
            #expect(page.sum("soundgate_disk_room", ["level": "tasks"]) == 1)
            #expect(page.sum("soundgate_disk_room") == 1)
            #expect(page.sum("soundgate_http_problems_total", ["code": "not_found"]) == 1)
            let requests = "soundgate_http_request_duration_seconds_count"
            let create = ["method": "POST", "route": "/v1/sounds", "status_class": "2xx"]
            #expect(page.sum(requests, create) == 2)
            #expect(
                page.sum(requests, ["method": "GET", "route": "/v1/sounds/{id}", "status_class": "4xx"]) == 1
            )
            #expect(page.sum(requests, ["route": "none", "status_class": "4xx"]) == 1)
            #expect(page.sum("soundgate_http_connections") >= 1)
            #expect(page.sum("soundgate_build_info") == 1)
            #expect(page.sum("process_resident_memory_bytes") > 1_048_576)
            #expect(page.sum("soundgate_config_last_reload_successful") == 1)
        }
    }

    @Test func noLabelHoldsWhatAClientChose() async throws {
        try await withGateway { gateway, _ in
            _ = try await gateway.sound(["prompt": "secret-word", "duration": 1])
            _ = try await gateway.get("/v1/secret-word?secret-word=1")
            _ = try await gateway.send(.init(rawValue: "SECRET-WORD"), "/v1/sounds", nil)
            let answer = try await gateway.get("/metrics")
            let text = String(decoding: answer.bytes, as: UTF8.self)
            #expect(!text.lowercased().contains("secret-word"))
            #expect(!text.contains("snd_"))
            #expect(Exposition(text).sum("soundgate_metric_overflows_total") == 0)
        }
    }

    @Test func anotherConfigurationKeepsWhatWasCounted() async throws {
        try await Folder.with { folder in
            let path = try folder.write("server: { drain: 1s }\n", to: "soundgate.yaml")
            let program = try Program.gateway(["--config", path], in: folder)
            defer { program.send(SIGKILL) }
            try await withClient { client in
                let gateway = try await program.peer(client, ready: "/readyz")
                _ = try await gateway.sound(["prompt": "click", "duration": 1])
                try folder.write("server: { drain: 2s }\n", to: "soundgate.yaml")
                program.send(SIGHUP)
                var page = try await Self.scrape(gateway)
                for _ in 0..<1000 where page.sum("soundgate_config_reloads_total", ["outcome": "taken"]) < 1 {
                    try await Task.sleep(for: .milliseconds(20))
                    page = try await Self.scrape(gateway)
                }
                #expect(page.sum("soundgate_config_reloads_total", ["outcome": "taken"]) == 1)
                #expect(page.sum("soundgate_tasks_accepted_total") == 1)
                #expect(page.sum("soundgate_config_last_reload_successful") == 1)
                try folder.write("server: { drain: never }\n", to: "soundgate.yaml")
                program.send(SIGHUP)
                for _ in 0..<1000 where page.sum("soundgate_config_last_reload_successful") == 1 {
                    try await Task.sleep(for: .milliseconds(20))
                    page = try await Self.scrape(gateway)
                }
                #expect(page.sum("soundgate_config_reloads_total", ["outcome": "refused"]) >= 1)
                #expect(page.sum("soundgate_config_last_reload_successful") == 0)
                #expect(page.sum("soundgate_tasks_accepted_total") == 1)
            }
            #expect(await program.stop() == 0, "\(program.errors)")
        }
    }

    // MARK: What is made of them

    private static let alerts = "config/prometheus/alerts.yaml"
    private static let dashboard = "config/grafana/soundgate.json"

    private static func file(_ path: String) -> String {
        let root = Folder(path: "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/"))
        return root.text(of: path)
    }

    /// The metrics of ours that a text names.
    private static func names(in text: String) -> Set<String> {
        Set(text.matches(of: /\b(?:soundgate|process)_[a-z_]+/).map { String($0.output) })
    }

    @Test(arguments: [alerts, dashboard])
    func everyMetricThatIsNamedIsThere(_ path: String) async throws {
        let names = Self.names(in: Self.file(path))
        #expect(names.count > 20)
        try await withGateway { gateway, _ in
            let page = try await Self.scrape(gateway)
            for name in names.sorted() { #expect(page.metric(of: name) != nil, "\(path) names \(name)") }
        }
    }

    @Test func everyMetricStandsOnTheDashboard() async throws {
        let drawn = Self.names(in: Self.file(Self.dashboard))
        try await withGateway { gateway, _ in
            let page = try await Self.scrape(gateway)
            let shown = Set(drawn.compactMap(page.metric))
            #expect(Set(page.kinds.keys).subtracting(shown).sorted() == [])
        }
    }

    @Test func everyAlertIsTriedAndHasItsParagraph() throws {
        let rules = Self.file(Self.alerts)
        let alerts = rules.matches(of: /- alert: (\w+)/).map { String($0.1) }
        #expect(alerts.count >= 25)
        #expect(Set(alerts).count == alerts.count)
        let page = Self.file("docs/alerts.md")
        let headings = page.matches(of: /\n## (\w+)\n/).map { String($0.1) }
        #expect(headings == alerts)
        let weather = Self.file("config/prometheus/alerts.test.yaml")
        for alert in alerts {
            #expect(
                weather.contains(#"alertname="\#(alert)",alertstate="firing""#),
                "\(alert) is never tried"
            )
            #expect(page.contains("| [\(alert)](#\(alert.lowercased())) | "), "the table has no \(alert)")
        }
        // The rules and the page say the same words, however the lines are broken.
        func words(_ text: some StringProtocol) -> String {
            text.split { $0 == " " || $0 == "\n" }.joined(separator: " ")
        }
        let (ruled, written) = (words(rules), words(page))
        for match in page.matches(of: /\*\*(?:Means|Do)\.\*\* ((?:[^\n]+\n)+)/) {
            #expect(ruled.contains(words(match.1)), "only in docs/alerts.md: \(match.1)")
        }
        for match in rules.matches(of: /(?:description|runbook): >-\n((?: {12}[^\n]+\n)+)/) {
            #expect(written.contains(words(match.1)), "only in the rules: \(match.1)")
        }
    }
}

extension [String: String] {
    fileprivate func adding(_ name: String, _ value: String) -> Self {
        merging([name: value]) { $1 }
    }
}
