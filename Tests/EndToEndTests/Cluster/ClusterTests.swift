import Glibc
import HTTP
import HTTPClient
import JSON
import PostgresTestSupport
import Support
import Testing
import Threads

/// Three gateways over one database and one object store, behind a balancer: what one of them cannot go on with,
/// another does, and nothing is lost, stuck, sent twice or paid twice.
@Suite(.serialized) struct ClusterTests {
    /// How much of it: little for every run of the tests; `make test-cluster` asks for more.
    private static let isLong = getenv("SOUNDGATE_CLUSTER_LONG") != nil

    /// Puts load on the front until all orders are placed, or `body` has returned and no more are wanted.
    private func load(
        _ house: ClusterHouse,
        _ scale: ChaosScale,
        _ book: ChaosBook,
        callers: Int = 6,
        while body: @escaping @Sendable () async throws -> Void
    ) async throws {
        let isOver = Guarded(false)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<callers {
                let chance = SeededGenerator(seed: scale.seed, stream: -1000 - number)
                group.addTask {
                    var caller = ChaosCaller(
                        gateway: house.front,
                        hook: house.sink.url,
                        book: book,
                        scale: scale,
                        limit: scale.tasks,
                        chance: chance,
                        passing: [502, 503]
                    )
                    while !isOver.withLock(\.self) {
                        // Cut off by a gateway that ended: it goes on with the others.
                        if try await caller.work() { return }
                    }
                }
            }
            group.addTask {
                defer { isOver.withLock { $0 = true } }
                try await body()
            }
            try await group.waitForAll()
        }
        // What is left is asked for when nobody disturbs.
        var caller = ChaosCaller(
            gateway: house.front,
            hook: house.sink.url,
            book: book,
            scale: scale,
            limit: scale.tasks,
            chance: SeededGenerator(seed: scale.seed, stream: -1),
            passing: [502, 503]
        )
        while try await !caller.work() {}
    }

    /// Holds what became of all orders against what everybody saw.
    private func audit(_ house: ClusterHouse, _ scale: ChaosScale, _ book: ChaosBook, _ what: String)
        async throws
    {
        var evidence = ChaosEvidence(scale)
        let witnesses = ChaosWitnesses(scale: scale, book: book, doubles: house.doubles, sink: house.sink)
        try await evidence.take(from: witnesses, house.front)
        print("\(what)\n\(evidence)")
        let shown = evidence.wrongs.prefix(5).joined(separator: "\n")
        #expect(evidence.wrongs.isEmpty, "seed \(scale.seed), \(evidence.wrongs.count) wrongs:\n\(shown)")
    }

    private static func scale(tasks: Int) -> ChaosScale {
        var scale = ChaosScale()
        scale.tasks = isLong ? tasks * 4 : tasks
        scale.seed = getenv("SOUNDGATE_CHAOS_SEED").flatMap { UInt64(String(cString: $0)) } ?? scale.seed
        return scale
    }

    @Test func workGoesOnWhenGatewaysAreKilledInTurn() async throws {
        let scale = Self.scale(tasks: 180)
        let kills = Self.isLong ? 24 : 5
        try await ClusterHouse.with { house in
            try await house.doubles.turn("elevenlabs", ["maximum_concurrent_requests": 1000])
            try await house.doubles.turn("musicgpt", ["parallel_music": 0])
            try await house.doubles.script(ChaosFaults.script(scale))
            let book = ChaosBook()
            let programs = Guarded<[Program]>(try (0..<3).map { try house.start($0) })
            defer { for program in programs.withLock(\.self) { program.send(SIGKILL) } }
            for number in 0..<3 { try await house.ready(number, programs.withLock { $0[number] }) }
            try await load(house, scale, book) {
                var chance = SeededGenerator(seed: scale.seed, stream: -2)
                for kill in 0..<kills {
                    try await Task.sleep(for: .milliseconds(Int.random(in: 500..<3000, using: &chance)))
                    let number = kill % 3
                    let program = programs.withLock { $0[number] }
                    program.send(SIGKILL)
                    #expect(await program.end(within: .seconds(10)) == 128 + SIGKILL)
                    // Now and then for longer than its lease, so that others go on with its tasks.
                    if kill.isMultiple(of: 2) { try await Task.sleep(for: ClusterHouse.lease * 1.6) }
                    let next = try house.start(number)
                    programs.withLock { $0[number] = next }
                    try await house.ready(number, next)
                }
            }
            try await audit(house, scale, book, "cluster: \(kills) kills of 3 gateways, seed \(scale.seed)")
            for program in programs.withLock(\.self) {
                #expect(await program.stop() == 0, "\(program.errors.suffix(2000))")
            }
        }
    }

    @Test func aRestartOfOneAfterTheOtherFailsNoRequest() async throws {
        var scale = Self.scale(tasks: 90)
        scale.kills = 0
        try await ClusterHouse.with { house in
            let book = ChaosBook()
            let programs = Guarded<[Program]>(try (0..<3).map { try house.start($0) })
            defer { for program in programs.withLock(\.self) { program.send(SIGKILL) } }
            for number in 0..<3 { try await house.ready(number, programs.withLock { $0[number] }) }
            house.balancer.forget()
            try await load(house, scale, book) {
                for number in 0..<3 {
                    try await Task.sleep(for: .milliseconds(700))
                    let program = programs.withLock { $0[number] }
                    #expect(await program.stop() == 0, "\(program.errors.suffix(2000))")
                    let next = try house.start(number)
                    programs.withLock { $0[number] = next }
                    try await house.ready(number, next)
                }
            }
            #expect(house.balancer.broken.isEmpty, "\(house.balancer.broken.prefix(5))")
            try await audit(house, scale, book, "cluster: a rolling restart")
            for program in programs.withLock(\.self) { #expect(await program.stop() == 0) }
        }
    }

    @Test func aDatabaseThatComesAndGoesLosesNothing() async throws {
        let scale = Self.scale(tasks: 90)
        try await ClusterHouse.with(2) { house in
            let book = ChaosBook()
            let programs = try (0..<2).map { try house.start($0) }
            defer { for program in programs { program.send(SIGKILL) } }
            for number in 0..<2 { try await house.ready(number, programs[number]) }
            try await load(house, scale, book) {
                for how in [nil, .fast, .immediate] as [PostgresServer.Stop?] {
                    try await Task.sleep(for: .seconds(1))
                    guard let how else {
                        try await house.cutConnections()
                        continue
                    }
                    house.database.stop(how)
                    let refused = try await eventually("a refusal", within: .seconds(20)) {
                        let answer = try await house.front.post(
                            "/v1/sounds",
                            ["prompt": "rain", "duration": 1]
                        )
                        return answer.status == 503 ? answer : nil
                    }
                    #expect(refused.fields["Retry-After"] != nil)
                    try house.database.start()
                    for number in 0..<2 { try await house.ready(number, programs[number]) }
                }
            }
            try await audit(house, scale, book, "cluster: the database was stopped and its connections cut")
            for program in programs { #expect(await program.stop() == 0, "\(program.errors.suffix(2000))") }
        }
    }

    @Test func whoStoodStillBeyondItsLeaseChangesNothingAnyMore() async throws {
        let scale = Self.scale(tasks: 60)
        try await ClusterHouse.with(2) { house in
            let book = ChaosBook()
            let programs = try (0..<2).map { try house.start($0) }
            defer {
                for program in programs {
                    program.send(SIGCONT)
                    program.send(SIGKILL)
                }
            }
            for number in 0..<2 { try await house.ready(number, programs[number]) }
            // All at the one that will stand still, so that it has work.
            var first = ChaosCaller(
                gateway: house.peer(0),
                hook: house.sink.url,
                book: book,
                scale: scale,
                limit: scale.tasks / 2,
                chance: SeededGenerator(seed: scale.seed, stream: -5)
            )
            _ = try await first.work()
            programs[0].send(SIGSTOP)
            try await Task.sleep(for: ClusterHouse.lease * 2.5)
            programs[0].send(SIGCONT)
            try await audit(
                house,
                scale.of(scale.tasks / 2),
                book,
                "cluster: a gateway stood still beyond its lease"
            )
            for program in programs { #expect(await program.stop() == 0, "\(program.errors.suffix(2000))") }
        }
    }

    @Test func clocksThatAreMinutesApartMakeNoLeaseEndEarly() async throws {
        let scale = Self.scale(tasks: 60)
        try await ClusterHouse.with { house in
            let book = ChaosBook()
            let programs = try ["-240s", "+0s", "+300s"].enumerated().map { number, offset in
                // What is waited for goes on as it is: only the clock on the wall is wrong.
                try house.start(
                    number,
                    environment: ["DONT_FAKE_MONOTONIC": "1"],
                    under: ["faketime", "-f", offset]
                )
            }
            // Its parent stays, and takes no signals for it.
            func send(_ signal: Int32, to program: Program) {
                let place = Folder(path: "/proc/\(program.process)/task/\(program.process)")
                let children = place.text(of: "children").split(separator: " ").compactMap { pid_t($0) }
                for child in children { kill(child, signal) }
            }
            defer { for program in programs { send(SIGKILL, to: program) } }
            for number in 0..<3 { try await house.ready(number, programs[number]) }
            try await load(house, scale, book) { try await Task.sleep(for: ClusterHouse.lease * 2) }
            try await audit(house, scale, book, "cluster: clocks from four minutes behind to five ahead")
            for program in programs {
                #expect(
                    program.errors.contains("the machine's clock and the database's are apart")
                        == (program !== programs[1])
                )
                #expect(!program.errors.contains("another process has taken over"), "a lease ended early")
                send(SIGTERM, to: program)
                #expect(await program.end(within: .seconds(60)) == 0, "\(program.errors.suffix(2000))")
            }
        }
    }

    @Test func aClientsRateHoldsForAllOfThem() async throws {
        try await Folder.with { folder in
            let made = try await Program.run(["client", "new", "team"], in: folder)
            let lines = made.output.split(separator: "\n").map(String.init)
            try #require(made.status == 0 && lines.count == 2, "\(made.errors)")
            let entry = lines[1].replacing(" }", with: ", rate_limit: 20/h }")
            try await ClusterHouse.with(config: { _, _ in "clients:\n\(entry)\n" }) { house in
                let programs = try (0..<3).map { try house.start($0) }
                defer { for program in programs { program.send(SIGKILL) } }
                for number in 0..<3 { try await house.ready(number, programs[number]) }
                var statuses: [Int: Int] = [:]
                for number in 0..<45 {
                    let answer = try await house.peer(number % 3)
                        .get("/v1/sounds", fields: ["Authorization": "Bearer \(lines[0])"])
                    statuses[answer.status, default: 0] += 1
                    if answer.status == 429 { #expect(answer.fields["Retry-After"] != nil) }
                }
                #expect(statuses == [200: 20, 429: 25])
                for program in programs { #expect(await program.stop() == 0) }
            }
        }
    }

    @Test func aClientsTasksAreCountedAtAllOfThem() async throws {
        try await Folder.with { folder in
            let made = try await Program.run(["client", "new", "team"], in: folder)
            let lines = made.output.split(separator: "\n").map(String.init)
            try #require(made.status == 0 && lines.count == 2, "\(made.errors)")
            let entry = lines[1].replacing(" }", with: ", max_concurrent: 5 }")
            // Slow doubles: none of the tasks ends by itself while the test looks.
            try await ClusterHouse.with(
                doubles: ["--speed", "0.01"],
                config: { doubles, port in
                    "\(ClusterHouse.everyVendor(doubles, port))clients:\n\(entry)\n"
                }
            ) { house in
                let programs = try (0..<3).map { try house.start($0) }
                defer { for program in programs { program.send(SIGKILL) } }
                for number in 0..<3 { try await house.ready(number, programs[number]) }
                let fields: Fields = ["Authorization": "Bearer \(lines[0])"]
                let answers = try await withThrowingTaskGroup(of: (Int, String?).self) { group in
                    for number in 0..<24 {
                        group.addTask {
                            let answer = try await house.peer(number % 3).post(
                                "/v1/sounds",
                                ["prompt": .string("rain \(number)"), "provider": "sunoapi"],
                                fields: fields
                            )
                            return (answer.status, answer.json["id"]?.string ?? answer.json["code"]?.string)
                        }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                let accepted = answers.filter { $0.0 == 202 }
                #expect(accepted.count == 5)
                #expect(answers.count { $0.0 == 429 && $0.1 == "too_many_tasks" } == 19)
                let id = try #require(accepted.first?.1)
                let canceled = try await house.peer(1).post("/v1/sounds/\(id)/cancel", nil, fields: fields)
                #expect(canceled.status == 202, "\(canceled.json)")
                for (number, status) in [(2, 202), (0, 429)] {
                    let next = try await house.peer(number)
                        .post("/v1/sounds", ["prompt": "wind", "provider": "sunoapi"], fields: fields)
                    #expect(next.status == status)
                }
                for program in programs { #expect(await program.stop() == 0) }
            }
        }
    }

    /// The seconds of a time of day.
    private static func seconds(_ time: JSONValue?) throws -> Double {
        let text = try #require(time?.string)
        let parts = text.dropLast().split(separator: "T").last?.split(separator: ":") ?? []
        try #require(parts.count == 3, "\(text)")
        return parts.reduce(0) { $0 * 60 + (Double($1) ?? 0) }
    }

    @Test func aKeysLimitsHoldForAllOfThem() async throws {
        let tasks = Self.isLong ? 240 : 60
        try await ClusterHouse.with(
            doubles: ["--speed", "20"],
            config: { doubles, _ in
                """
                providers:
                  sunoapi:
                    base_url: \(doubles.address)/sunoapi
                    credentials:
                      - { name: a, key: first-key, max_concurrent: 4, rate_limit: "10/s" }
                    polling: { first: 100ms, ceiling: 200ms }

                """
            }
        ) { house in
            let programs = try (0..<3).map { try house.start($0) }
            defer { for program in programs { program.send(SIGKILL) } }
            for number in 0..<3 { try await house.ready(number, programs[number]) }
            let ids = Guarded<[String]>([])
            try await withThrowingTaskGroup(of: Void.self) { group in
                for caller in 0..<6 {
                    group.addTask {
                        for number in 0..<(tasks / 6) {
                            let request: JSONValue = [
                                "prompt": .string("click \(caller) \(number)"), "provider": "sunoapi",
                            ]
                            let answer = try await house.peer(caller % 3).post("/v1/sounds", request)
                            let id = try #require(answer.json["id"]?.string, "\(answer.json)")
                            ids.withLock { $0.append(id) }
                        }
                    }
                }
                try await group.waitForAll()
            }
            var spans: [(begin: Double, end: Double)] = []
            for id in ids.withLock(\.self) {
                let task = try await house.front.ended(id)
                #expect(task["status"] == "succeeded", "\(task)")
                for attempt in task["attempts"]?.array ?? [] {
                    spans.append(
                        (try Self.seconds(attempt["started_at"]), try Self.seconds(attempt["ended_at"]))
                    )
                }
            }
            let creates = try await house.doubles.calls("operation=create&limit=100000")
            #expect(creates.count == tasks && spans.count == tasks)
            // As the gateways let them go, and as the vendor saw them. A busy machine may hold one start up on its way, so
            // that ten seem closer: never so close as two gateways with the whole rate each would bring them.
            for (begins, who) in [
                (spans.map(\.begin).sorted(), "began"),
                (try creates.map { try Self.seconds($0["time"]) }.sorted(), "seen by the vendor"),
            ] {
                let closest = begins.indices.dropFirst(10).map { begins[$0] - begins[$0 - 10] }.min() ?? 0
                let all = begins[begins.count - 1] - begins[0]
                print("cluster: \(tasks) starts \(who) in \(all) s, eleven in no less than \(closest) s")
                #expect(closest > 0.5)
                #expect(all > Double((tasks - 1) / 10) - 1)
            }
            let most =
                spans.map { one in spans.count { $0.begin <= one.begin && $0.end > one.begin } }.max() ?? 0
            #expect(most <= 4)
            print("cluster: \(tasks) jobs on a key of 4 at once and 10/s: \(most) at once at most")
            for program in programs { #expect(await program.stop() == 0) }
        }
    }
}

extension ChaosScale {
    /// The same with so many orders.
    fileprivate func of(_ tasks: Int) -> ChaosScale {
        var scale = self
        scale.tasks = tasks
        return scale
    }
}
