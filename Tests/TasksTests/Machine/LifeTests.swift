import Providers
import Sound
import Tasks
import Testing

@Suite("The life of a task")
struct LifeTests {
    @Test("a task queues, is submitted, polled, fetched and succeeds")
    func straight() {
        var bench = Bench()
        #expect(bench.resume() == [.waitForSlot(request: 1, after: .zero)])
        #expect(bench.record.status == .queued)
        #expect(
            bench.apply(.slotGranted(request: 1, credential: "main", token: nil)) == [.submit(attempt: 1)]
        )
        #expect(bench.record.status == .running)
        #expect(bench.record.startedAt == start)
        #expect(bench.last?.state == .intended)
        #expect(bench.last?.credential == "main")
        let accepted = bench.apply(.accepted(attempt: 1, RemoteJob(id: "j1", eta: .seconds(9))))
        #expect(accepted == [.poll(attempt: 1, eta: .seconds(9))])
        #expect(bench.last?.providerTaskID == "j1")
        #expect(bench.record.cost == Cost(Cost.Amount(2.5, "credits"), .estimated))
        #expect(
            bench.apply(.observed(attempt: 1, Observation(.running, progress: 0.5))) == [
                .poll(attempt: 1, eta: nil)
            ]
        )
        #expect(bench.record.progress == 0.5)
        let done = bench.apply(
            .observed(attempt: 1, Observation(.succeeded, progress: 1, results: [take("s1")]))
        )
        #expect(done == [.releaseSlot(attempt: 1), .fetch(attempt: 1, output: 0)])
        #expect(bench.record.status == .running)
        bench.now = start.advanced(by: .seconds(5))
        #expect(bench.apply(.outputKept(attempt: 1, index: 0, asset(), title: nil)) == [.end])
        #expect(bench.record.status == .succeeded)
        #expect(bench.record.endedAt == bench.now)
        #expect(bench.record.progress == 1)
        #expect(bench.record.outputs.map(\.title) == ["Rain"])
    }

    @Test("the first of two takes is ready before the second is there")
    func firstEarly() {
        var bench = Stage.accepted.bench()
        #expect(
            bench.apply(.observed(attempt: 1, Observation(.running, results: [take("s1")])))
                == [.fetch(attempt: 1, output: 0), .poll(attempt: 1, eta: nil)]
        )
        #expect(bench.apply(.outputKept(attempt: 1, index: 0, asset(), title: nil)) == [])
        #expect(bench.record.outputs.map(\.status) == [.ready])
        #expect(bench.record.status == .running)
        #expect(
            bench.apply(.observed(attempt: 1, Observation(.succeeded, results: [take("s1"), take("s2")])))
                == [.releaseSlot(attempt: 1), .fetch(attempt: 1, output: 1)]
        )
        #expect(bench.apply(.outputKept(attempt: 1, index: 1, asset("bb"), title: nil)) == [.end])
        #expect(bench.record.outputs.map(\.status) == [.ready, .ready])
    }

    @Test(
        "variations keep as many takes as were asked for",
        arguments: [(1, 1), (2, 2), (3, 2), (nil, 2)] as [(Int?, Int)]
    )
    func variations(_ asked: Int?, _ kept: Int) {
        var bench = Stage.accepted.bench(admitted { $0.variations = asked })
        bench.apply(.observed(attempt: 1, Observation(.running, results: [take("s1")])))
        bench.apply(.observed(attempt: 1, Observation(.succeeded, results: [take("s1"), take("s2")])))
        #expect(bench.record.outputs.map(\.providerKey) == ["s1", "s2"].prefix(kept).map { $0 })
    }

    @Test("one take of two that cannot be had does not spoil the other")
    func oneFails() {
        var bench = Stage.succeededFetching.bench()
        #expect(bench.apply(.outputFailed(attempt: 1, index: 0, Failure(.badResult, "x"))) == [])
        #expect(bench.apply(.outputKept(attempt: 1, index: 1, asset(), title: nil)) == [.end])
        #expect(bench.record.status == .succeeded)
        #expect(bench.record.error == nil)
        #expect(bench.record.outputs.map(\.status) == [.failed, .ready])
        #expect(bench.record.outputs[0].error?.code == .badResult)
    }

    @Test("a task without any take fails with the reason of the first, and so does its attempt")
    func allFail() {
        var bench = Stage.succeededFetching.bench()
        bench.apply(.outputFailed(attempt: 1, index: 1, Failure(.internal, "x")))
        #expect(bench.apply(.outputFailed(attempt: 1, index: 0, Failure(.badResult, "x"))) == [.end])
        #expect(bench.record.status == .failed)
        #expect(bench.record.error?.code == .badResult)
        #expect(bench.last?.state == .failed)
    }

    @Test("success without a take is a bad result")
    func emptySuccess() {
        var bench = Stage.accepted.bench()
        #expect(
            bench.apply(.observed(attempt: 1, Observation(.succeeded))) == [.releaseSlot(attempt: 1), .end]
        )
        #expect(bench.record.error?.code == .badResult)
    }

    @Test("a vendor that fails after a ready take leaves a task that succeeded")
    func failureAfterReady() {
        var bench = Stage.acceptedPartlyReady.bench(admitted(at: ["a", "b"]))
        let effects = bench.apply(.observed(attempt: 1, Observation(.failed(Failure(.providerFailed, "x")))))
        #expect(effects == [.releaseSlot(attempt: 1), .end])
        #expect(bench.record.status == .succeeded)
        #expect(bench.last?.state == .failed)
    }

    @Test("a rendering has succeeded with its last take, and its cost is known")
    func rendering() {
        var bench = Stage.rendering.bench()
        #expect(bench.record.outputs.map(\.status) == [.pending, .pending])
        #expect(bench.record.cost?.kind == .actual)
        bench.apply(.renderingProgressed(attempt: 1, 0.4))
        bench.apply(.renderingProgressed(attempt: 1, 0.2))
        #expect(bench.record.progress == 0.4)
        #expect(bench.apply(.outputKept(attempt: 1, index: 0, asset(), title: "Rain")) == [])
        #expect(
            bench.apply(.outputKept(attempt: 1, index: 1, asset(), title: "Rain")) == [
                .releaseSlot(attempt: 1), .end,
            ]
        )
        #expect(bench.last?.state == .succeeded)
        #expect(bench.record.outputs.map(\.title) == ["Rain", "Rain"])
    }

    @Test("progress never goes back and never says done before the end")
    func progress() {
        var bench = Stage.accepted.bench()
        bench.apply(.observed(attempt: 1, Observation(.running, progress: 0.7)))
        bench.apply(.observed(attempt: 1, Observation(.queued, progress: 0.05)))
        #expect(bench.record.progress == 0.7)
        bench.apply(.observed(attempt: 1, Observation(.running, progress: 1)))
        #expect(bench.record.progress == 0.99)
    }

    @Test("a cost that the vendor states replaces the estimate")
    func cost() {
        var bench = Stage.accepted.bench()
        bench.apply(.observed(attempt: 1, Observation(.running, cost: Cost.Amount(3, "credits"))))
        #expect(bench.record.cost == Cost(Cost.Amount(3, "credits"), .actual))
    }

    @Test("a take whose address changes is fetched from the new one")
    func newAddress() {
        var bench = Stage.acceptedPartly.bench()
        bench.apply(
            .observed(attempt: 1, Observation(.running, results: [take("s1", url: "https://new.example/")]))
        )
        #expect(bench.record.outputs.map(\.sourceURL) == ["https://new.example/"])
        #expect(bench.record.outputs.count == 1)
    }

    @Test("the same event twice changes nothing the second time", arguments: Stage.allCases)
    func twice(_ stage: Stage) {
        let events: [TaskEvent] = [
            .slotGranted(request: 1, credential: "main", token: nil),
            .accepted(attempt: 1, RemoteJob(id: "j1")),
            .refused(attempt: 1, Failure(.contentPolicy, "x")), .acceptanceUnknown(attempt: 1),
            .renderingBegan(attempt: 1, takes: 2), .renderingProgressed(attempt: 1, 0.5),
            .observed(attempt: 1, Observation(.succeeded, results: [take("s1")])),
            .observed(attempt: 1, Observation(.running, progress: 0.2, results: [take("s9")])),
            .observed(attempt: 1, Observation(.failed(Failure(.providerFailed, "x")))),
            .lost(attempt: 1, Failure(.providerAuth, "x")),
            .outputKept(attempt: 1, index: 0, asset(), title: "T"),
            .outputFailed(attempt: 1, index: 0, Failure(.badResult, "x")), .cancelRequested, .deadlinePassed,
        ]
        for event in events {
            var bench = stage.bench()
            bench.apply(event)
            _ = bench.machine.takeChange()
            let record = bench.record
            let effects = bench.apply(event)
            #expect(bench.record == record, "\(stage) \(event)")
            #expect(bench.machine.takeChange() == nil, "\(stage) \(event)")
            let isHarmless = effects.allSatisfy { if case .poll = $0 { true } else { false } }
            #expect(isHarmless, "\(stage) \(event) asks again for \(effects)")
        }
    }

    @Test("what speaks of attempts and takes that are not there is ignored")
    func strangers() {
        var bench = Stage.accepted.bench()
        _ = bench.machine.takeChange()
        for event: TaskEvent in [
            .slotGranted(request: 8, credential: nil, token: nil),
            .slotGranted(request: 0, credential: nil, token: nil),
            .accepted(attempt: 2, RemoteJob(id: "x")), .accepted(attempt: 0, RemoteJob(id: "x")),
            .refused(attempt: 2, Failure(.rateLimited, "x")), .observed(attempt: 2, Observation(.succeeded)),
            .lost(attempt: -1, Failure(.rateLimited, "x")),
            .outputKept(attempt: 1, index: 5, asset(), title: nil),
            .outputFailed(attempt: 1, index: -1, Failure(.badResult, "x")),
            .renderingBegan(attempt: 9, takes: 1),
        ] {
            #expect(bench.apply(event) == [], "\(event)")
        }
        #expect(bench.machine.takeChange() == nil)
    }

    @Test("each durable change counts one revision and names its rows")
    func changes() throws {
        var bench = Bench()
        #expect(bench.machine.takeChange() == nil)
        bench.apply(.slotGranted(request: 1, credential: nil, token: nil))
        let first = bench.machine.takeChange()
        let begun = try #require(first)
        #expect(begun.record.revision == 2)
        #expect(begun.parts.attempts == [1])
        #expect(begun.parts.task)
        bench.apply(.accepted(attempt: 1, RemoteJob(id: "j")))
        _ = bench.machine.takeChange()
        bench.apply(.observed(attempt: 1, Observation(.running, progress: 0.3)))
        #expect(bench.machine.takeChange() == nil, "progress alone is not durable")
        bench.apply(.observed(attempt: 1, Observation(.succeeded, results: [take("s1")])))
        let last = bench.machine.takeChange()
        let fetched = try #require(last)
        #expect(fetched.parts.outputs == [0])
        #expect(fetched.parts.attempts == [1])
        #expect(fetched.record.revision == 4)
    }
}

@Suite("Takes that a vendor names beforehand")
struct NamedTakesTests {
    private func bench(_ variations: Int? = nil) -> Bench {
        var bench = Stage.intended.bench(admitted { $0.variations = variations })
        bench.apply(.accepted(attempt: 1, RemoteJob(id: "j1", takes: ["a", "b"])))
        return bench
    }

    @Test("they show as pending at once, no more than were asked for", arguments: [(nil, 2), (1, 1), (2, 2)])
    func pending(_ variations: Int?, _ shown: Int) {
        let bench = bench(variations)
        #expect(bench.record.outputs.map(\.providerKey) == Array(["a", "b"].prefix(shown)))
        #expect(bench.record.outputs.allSatisfy { $0.status == .pending && $0.sourceURL == nil })
    }

    @Test("one is fetched when its address is known, the other asked for when the job is done")
    func fetches() {
        var bench = bench()
        let first = bench.apply(.observed(attempt: 1, Observation(.running, results: [take("b")])))
        #expect(first.contains(.fetch(attempt: 1, output: 1)))
        let again = bench.apply(.observed(attempt: 1, Observation(.running, results: [take("b")])))
        #expect(again == [.poll(attempt: 1, eta: nil)])
        let done = bench.apply(.observed(attempt: 1, Observation(.succeeded, results: [take("b")])))
        #expect(done == [.releaseSlot(attempt: 1), .fetch(attempt: 1, output: 0)])
        bench.apply(.told(attempt: 1, take("a")))
        #expect(bench.record.outputs[0].sourceURL == take("a").url)
        bench.apply(.outputKept(attempt: 1, index: 0, asset("x"), title: nil))
        #expect(bench.apply(.outputKept(attempt: 1, index: 1, asset("y"), title: nil)) == [.end])
    }

    @Test("a vendor that uses other names in the end is taken at its last word")
    func renamed() {
        var bench = bench(2)
        let effects = bench.apply(
            .observed(attempt: 1, Observation(.succeeded, results: [take("x"), take("y")]))
        )
        #expect(bench.record.outputs.map(\.providerKey) == ["x", "y"])
        #expect(
            effects.contains(.fetch(attempt: 1, output: 0)) && effects.contains(.fetch(attempt: 1, output: 1))
        )
    }

    @Test("they are asked for after a restart too")
    func restart() {
        var bench = bench()
        bench.apply(.observed(attempt: 1, Observation(.succeeded, results: [take("b")])))
        var next = Bench(bench.record)
        #expect(next.resume() == [.fetch(attempt: 1, output: 0), .fetch(attempt: 1, output: 1)])
    }
}
