import Crypto
import HTTPServer
import Providers
import Sound
import Support
import Tasks
import Testing
import Timing

/// Other keys, addresses and providers while tasks are under way.
@Suite("Another configuration", .timeLimit(.minutes(5)))
struct RotationTests {
    private static let pace = PollPace(first: .seconds(1), ceiling: .seconds(1))

    /// The provider with other keys, by their names and values.
    private func provider(
        _ provider: Provider,
        _ keys: KeyValuePairs<String, String>,
        baseURL: String? = nil,
        places: Int = 4
    ) -> Provider {
        var next = Provider(
            id: provider.id,
            adapter: provider.adapter,
            baseURL: baseURL ?? provider.baseURL,
            credentials: keys.map {
                .init(name: $0.key, key: Secret($0.value), maxConcurrent: places)
            },
            pace: provider.pace
        )
        next.isEnabled = provider.isEnabled
        return next
    }

    private func settings(_ providers: [Provider]) -> EngineSettings {
        EngineSettings(
            providers: providers,
            policy: TaskMachine.Policy(),
            fetchFor: .seconds(120),
            publicURL: nil,
            announce: nil
        )
    }

    /// A vendor whose jobs run until they are told to end.
    private func vendor(_ time: DreamTime, _ isDone: Observed<Bool>) -> PaperVendor {
        PaperVendor(
            time,
            [
                "create": { turn, _ in .took("j\(turn)") },
                "job": { _, _ in .state(isDone.value ? "failed" : "running") },
            ]
        )
    }

    @Test("a task ends on the key that took it, the next one begins with the new one")
    func rotated() async throws {
        let (time, isDone) = (DreamTime(), Observed(false))
        let vendor = vendor(time, isDone)
        try await withPaper([vendor], time: time, pace: Self.pace) { bench in
            let first = try await bench.accepted(try await bench.create("a/jobs"))
            let next = provider(bench.providers[0], ["key-1": "k2"])
            await bench.engine.adopt(settings([next]))
            let before = await bench.engine.load()["a"]
            #expect((before?.tasks, before?.tasksOnOldKeys) == (["key-1": 1], ["key-1": 1]))
            let asked = vendor.count("job")
            await vendor.isAsked("job", times: asked + 2)
            let second = try await bench.accepted(try await bench.create("a/jobs"))
            let both = await bench.engine.load()["a"]
            #expect((both?.tasks, both?.tasksOnOldKeys) == (["key-1": 2], ["key-1": 1]))
            isDone.change { $0 = true }
            _ = try await (bench.end(of: first), bench.end(of: second))
            #expect(vendor.calls("create").map(\.authorization) == ["Bearer k", "Bearer k2"])
            let polls = vendor.calls("job")
            #expect(Set(polls.filter { $0.subject == "j1" }.map(\.authorization)) == ["Bearer k"])
            #expect(Set(polls.filter { $0.subject == "j2" }.map(\.authorization)) == ["Bearer k2"])
            let after = await bench.engine.load()["a"]
            #expect((after?.tasks, after?.running) == ([:], 0))
        }
    }

    @Test("a task ends at the address that took it, and the next one goes to the new one")
    func moved() async throws {
        let (time, isDone) = (DreamTime(), Observed(false))
        let (old, new) = (vendor(time, isDone), vendor(time, isDone))
        try await withPaper([old, new], time: time, pace: Self.pace) { bench in
            let first = try await bench.accepted(try await bench.create("a/jobs"))
            let next = provider(bench.providers[0], ["key-1": "k"], baseURL: bench.providers[1].baseURL)
            await bench.engine.adopt(settings([next]))
            let second = try await bench.accepted(try await bench.create("a/jobs"))
            await old.isAsked("job", times: old.count("job") + 1)
            isDone.change { $0 = true }
            _ = try await (bench.end(of: first), bench.end(of: second))
            #expect((old.count("create"), new.count("create")) == (1, 1))
            #expect(new.count("job") > 0)
        }
    }

    @Test("a removed provider ends what it took, its line goes on to the next one")
    func removed() async throws {
        let (time, isDone) = (DreamTime(), Observed(false))
        let (old, new) = (vendor(time, isDone), vendor(time, isDone))
        try await withPaper([old, new], time: time, pace: Self.pace, places: 1) { bench in
            let first = try await bench.accepted(try await bench.create("a/jobs"))
            let waiting = try await bench.create("a/jobs", "b/jobs")
            await bench.engine.adopt(settings([bench.providers[1]]))
            let moved = try await bench.accepted(waiting)
            #expect(moved.attempts.map(\.error?.code) == [.providerUnavailable, nil])
            #expect(moved.attempts.last?.name.provider == "b")
            #expect(await bench.engine.formerProviders().map(\.id) == ["a"])
            let load = await bench.engine.load()["a"]
            #expect((load?.tasks, load?.tasksOnOldKeys) == (["key-1": 1], ["key-1": 1]))
            isDone.change { $0 = true }
            let ended = try await bench.end(of: first)
            #expect(ended.error?.code == .providerFailed, "the vendor was asked to its end")
            _ = try await bench.end(of: moved)
            #expect(await bench.engine.formerProviders().isEmpty)
            #expect(await bench.engine.load()["a"] == nil)
            let late = try await bench.end(of: try await bench.create("a/jobs"))
            #expect(late.error?.code == .providerUnavailable)
        }
    }

    @Test("a key never has more under way than it may, through changes of it and back")
    func places() async throws {
        let (time, isDone) = (DreamTime(), Observed(false))
        let vendor = vendor(time, isDone)
        try await withPaper([vendor], time: time, pace: Self.pace, places: 2) { bench in
            var tasks: [TaskRecord] = []
            for _ in 0..<4 { tasks.append(try await bench.create("a/jobs")) }
            await vendor.isAsked("create", times: 2)
            let a = bench.providers[0]
            // Away, back under another value, back again, with fewer places, with a place more.
            await bench.engine.adopt(settings([]))
            await bench.engine.adopt(settings([provider(a, ["key-1": "k2"], places: 2)]))
            await bench.engine.adopt(settings([provider(a, ["key-1": "k"], places: 1)]))
            tasks.append(try await bench.create("a/jobs"))
            #expect(await bench.engine.load()["a"]?.running == 2)
            #expect(vendor.count("create") == 2)
            await bench.engine.adopt(settings([provider(a, ["key-1": "k"], places: 3)]))
            await vendor.isAsked("create", times: 3)
            #expect(await bench.engine.load()["a"]?.keys["key-1"]?.used == 3)
            isDone.change { $0 = true }
            for task in tasks { _ = try await bench.end(of: task) }
            #expect(await bench.engine.load()["a"]?.running == 0)
        }
    }

    @Test("a key that was set aside comes back with another value, and not without")
    func setAside() async throws {
        let time = DreamTime()
        let vendor = PaperVendor(
            time,
            ["create": { turn, _ in turn == 1 ? .refused(.providerAuth) : .took("j\(turn)") }]
        )
        try await withPaper([vendor], time: time) { bench in
            let a = bench.providers[0]
            _ = try await bench.end(of: try await bench.create("a/jobs"))
            await bench.engine.adopt(settings([provider(a, ["key-1": "k"], places: 9)]))
            #expect(await bench.engine.load()["a"]?.keys["key-1"]?.state == .setAside)
            #expect(bench.engine.troubles.values.contains(.keysRefused))
            await bench.engine.adopt(settings([provider(a, ["key-1": "k2"])]))
            #expect(await bench.engine.load()["a"]?.keys["key-1"]?.state == .usable)
            #expect(bench.engine.troubles.isEmpty)
            _ = try await bench.accepted(try await bench.create("a/jobs"))
        }
    }

    @Test("a refusal of the old value does not set the new one aside")
    func lateRefusal() async throws {
        let (time, gate) = (DreamTime(), Observed(false))
        let vendor = PaperVendor(
            time,
            [
                "create": { turn, _ in
                    guard turn == 1 else { return .took("j\(turn)") }
                    await gate.until { $0 }
                    return .refused(.providerAuth)
                }
            ]
        )
        try await withPaper([vendor], time: time) { bench in
            let task = try await bench.create("a/jobs")
            await vendor.isAsked("create")
            await bench.engine.adopt(settings([provider(bench.providers[0], ["key-1": "k2"])]))
            gate.change { $0 = true }
            let accepted = try await bench.accepted(task)
            #expect(accepted.attempts.map(\.error?.code) == [.providerAuth, nil])
            #expect(vendor.calls("create").map(\.authorization) == ["Bearer k", "Bearer k2"])
            #expect(await bench.engine.load()["a"]?.keys["key-1"]?.state == .usable)
        }
    }

    @Test("when the vendor no longer takes the old value, its tasks go on with the new one")
    func revoked() async throws {
        let (time, isRevoked) = (DreamTime(), Observed(false))
        let asked = Observed(0)
        let vendor = PaperVendor(
            time,
            [
                "create": { _, _ in .took("j1") },
                "job": { _, _ in
                    guard isRevoked.value else { return .state("running") }
                    asked.change { $0 += 1 }
                    return asked.value == 1 ? .refused(.providerAuth) : .state("failed")
                },
            ]
        )
        try await withPaper([vendor], time: time, pace: Self.pace) { bench in
            let task = try await bench.accepted(try await bench.create("a/jobs"))
            await bench.engine.adopt(settings([provider(bench.providers[0], ["key-1": "k2"])]))
            isRevoked.change { $0 = true }
            #expect(try await bench.end(of: task).error?.code == .providerFailed)
            #expect(vendor.calls("job").last?.authorization == "Bearer k2")
        }
    }

    @Test("who waits in line gets the keys that were added")
    func line() async throws {
        let (time, isDone) = (DreamTime(), Observed(false))
        let vendor = vendor(time, isDone)
        try await withPaper([vendor], time: time, pace: Self.pace, places: 1) { bench in
            for _ in 0..<2 { _ = try await bench.create("a/jobs") }
            await vendor.isAsked("create")
            let next = provider(bench.providers[0], ["key-1": "k", "key-2": "k2"], places: 1)
            await bench.engine.adopt(settings([next]))
            await vendor.isAsked("create", times: 2)
            #expect(vendor.calls("create").map(\.authorization) == ["Bearer k", "Bearer k2"])
            // Gone again, with a job of its own.
            await bench.engine.adopt(settings([bench.providers[0]]))
            let load = await bench.engine.load()["a"]
            #expect(load?.tasks == ["key-1": 1, "key-2": 1])
            #expect(load?.tasksOnOldKeys == ["key-2": 1])
        }
    }
}
