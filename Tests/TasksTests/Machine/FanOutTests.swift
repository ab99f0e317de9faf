import Providers
import Sound
import Tasks
import Testing

@Suite("Several calls for one task")
struct FanOutTests {
    /// A task for so many takes at vendors that give at most so many per call.
    private func bench(_ takes: Int, perCall: Int, at providers: [String] = ["a"]) -> Bench {
        var bench = Bench(admitted(at: providers, takesPerCall: perCall) { $0.variations = takes })
        bench.resume()
        return bench
    }

    private func grant(_ requests: ClosedRange<Int>, _ bench: inout Bench) {
        for request in requests {
            bench.apply(.slotGranted(request: request, credential: "k", token: "t\(request)"))
        }
    }

    @Test(
        "the takes are shared out over as few calls as can bring them",
        arguments: [
            (1, 1, [1]), (3, 1, [1, 1, 1]), (4, 2, [2, 2]), (5, 2, [2, 2, 1]), (2, 2, [2]), (1, 2, [1]),
        ]
    )
    func shares(_ wanted: Int, _ perCall: Int, _ shares: [Int]) {
        var bench = bench(wanted, perCall: perCall)
        #expect(bench.asked == (1...shares.count).map { .waitForSlot(request: $0, after: .zero) })
        grant(1...shares.count, &bench)
        #expect(bench.record.attempts.map(\.takes) == shares)
        #expect(bench.record.attempts.map(\.callbackToken) == (1...shares.count).map { "t\($0)" })
        #expect(bench.record.waiting.isEmpty)
    }

    @Test("each call is an attempt with an end of its own, and the task ends with the last of them")
    func ends() {
        var bench = bench(2, perCall: 1)
        grant(1...2, &bench)
        for number in 1...2 {
            bench.apply(.accepted(attempt: number, RemoteJob(id: "j\(number)")))
        }
        // Two vendors' jobs may well name their takes alike.
        bench.apply(.observed(attempt: 2, Observation(.succeeded, results: [take("x"), take("y")])))
        #expect(bench.record.outputs.count == 1, "a call brings the takes that it was asked for")
        bench.apply(.outputKept(attempt: 2, index: 0, asset("b"), title: nil))
        #expect(bench.record.status == .running)
        bench.apply(.observed(attempt: 1, Observation(.succeeded, results: [take("x")])))
        #expect(bench.apply(.outputKept(attempt: 1, index: 1, asset("a"), title: nil)) == [.end])
        #expect(bench.record.status == .succeeded)
        #expect(bench.record.outputs.map(\.attempt) == [2, 1])
    }

    @Test("a call that fails leaves the others, and the task says which take is missing and why")
    func partialFailure() {
        var bench = bench(3, perCall: 1)
        grant(1...3, &bench)
        bench.apply(.accepted(attempt: 1, RemoteJob(id: "j1")))
        bench.apply(.refused(attempt: 2, Failure(.contentPolicy, "no")))
        #expect(bench.record.status == .running)
        bench.apply(.delivered(attempt: 3, StreamedTake(id: "r3", cost: nil, audio: .success(asset("c")))))
        bench.apply(.observed(attempt: 1, Observation(.succeeded, results: [take("s")])))
        bench.apply(.outputKept(attempt: 1, index: 1, asset("a"), title: nil))
        #expect(bench.record.status == .succeeded)
        #expect(bench.record.error == nil)
        #expect(bench.record.outputs.map(\.status) == [.ready, .ready, .failed])
        #expect(bench.record.outputs.last?.attempt == 2)
        #expect(bench.record.outputs.last?.error?.code == .contentPolicy)
    }

    @Test("when every call fails the task has failed, with the last failure")
    func totalFailure() {
        var bench = bench(2, perCall: 1)
        grant(1...2, &bench)
        bench.apply(.refused(attempt: 1, Failure(.providerRejected, "first")))
        #expect(bench.apply(.refused(attempt: 2, Failure(.contentPolicy, "second"))).last == .end)
        #expect(bench.record.status == .failed)
        #expect(bench.record.error?.code == .contentPolicy)
    }

    @Test("attempts are counted per take: one call's tries do not use up another's")
    func tries() {
        var bench = bench(2, perCall: 1, at: ["a", "b", "c", "d"])
        grant(1...2, &bench)
        // Both go from route to route; a third try is the last.
        for (first, second) in [(1, 2), (3, 4), (5, 6)] {
            bench.apply(.refused(attempt: first, Failure(.providerAuth, "x")))
            bench.apply(.refused(attempt: second, Failure(.providerAuth, "x")))
            if first < 5 { grant((first + 2)...(second + 2), &bench) }
        }
        #expect(bench.record.attempts.map(\.name.provider) == ["a", "a", "b", "b", "c", "c"])
        #expect(bench.record.attempts.map(\.tries) == [1, 1, 2, 2, 3, 3])
        #expect(bench.record.status == .failed)
    }

    @Test("a vendor that gives fewer takes than it does at most is called again for the rest")
    func topUp() {
        var bench = bench(2, perCall: 2)
        grant(1...1, &bench)
        bench.apply(.accepted(attempt: 1, RemoteJob(id: "j1")))
        let effects = bench.apply(.observed(attempt: 1, Observation(.succeeded, results: [take("s")])))
        #expect(effects.contains(.waitForSlot(request: 2, after: .zero)))
        #expect(bench.record.waiting.map(\.takes) == [1])
        bench.apply(.outputKept(attempt: 1, index: 0, asset("a"), title: nil))
        #expect(bench.record.status == .running)
        grant(2...2, &bench)
        bench.apply(.accepted(attempt: 2, RemoteJob(id: "j2")))
        bench.apply(.observed(attempt: 2, Observation(.succeeded, results: [take("s"), take("t")])))
        #expect(bench.record.outputs.count == 2)
        bench.apply(.outputKept(attempt: 2, index: 1, asset("b"), title: nil))
        #expect(bench.record.status == .succeeded)
    }

    @Test(
        "the rest is called for only while that keeps within what the caller would pay",
        arguments: [(5.0, "credits", 2), (4.9, "credits", 1), (1.0, "characters", 2)]
    )
    func costlyTopUp(_ most: Double, _ unit: String, _ calls: Int) {
        var record = admitted(takesPerCall: 2) {
            $0.variations = 2
            $0.maxCost = Cost.Amount(most, unit)
        }
        record.routes[0].estimatedCost = Cost.Amount(2.5, "credits")
        var bench = Bench(record)
        bench.resume()
        grant(1...1, &bench)
        bench.apply(.accepted(attempt: 1, RemoteJob(id: "j1")))
        bench.apply(.observed(attempt: 1, Observation(.succeeded, results: [take("s")])))
        #expect(bench.record.attempts.count + bench.record.waiting.count == calls)
        bench.apply(.outputKept(attempt: 1, index: 0, asset("a"), title: nil))
        guard calls == 1 else { return }
        #expect(bench.record.status == .succeeded)
        #expect(bench.record.outputs.map(\.status) == [.ready, .failed], "the missing take is told of")
    }

    @Test("a vendor asked for several takes in one call that gives fewer is not paid twice")
    func oneCallGivesFewer() {
        var bench = Bench(admitted { $0.variations = 3 })
        bench.resume()
        grant(1...1, &bench)
        bench.apply(.accepted(attempt: 1, RemoteJob(id: "j1")))
        bench.apply(.observed(attempt: 1, Observation(.succeeded, results: [take("s"), take("t")])))
        bench.apply(.outputKept(attempt: 1, index: 0, asset("a"), title: nil))
        bench.apply(.outputKept(attempt: 1, index: 1, asset("b"), title: nil))
        #expect(bench.record.status == .succeeded)
        #expect(bench.record.attempts.count == 1)
        #expect(bench.record.outputs.map(\.status) == [.ready, .ready, .failed])
        #expect(bench.record.outputs[2].error?.code == .providerFailed)
    }

    @Test("a call whose acceptance is unknown is waited for, and then the others count")
    func unknown() {
        var bench = bench(2, perCall: 1, at: ["a", "b"])
        grant(1...2, &bench)
        bench.apply(.acceptanceUnknown(attempt: 1))
        bench.apply(.delivered(attempt: 2, StreamedTake(id: nil, cost: nil, audio: .success(asset("b")))))
        #expect(bench.record.status == .running, "the unknown call may still bring its take")
        #expect(bench.record.waiting.isEmpty, "and is not made again")
        bench.apply(.deadlinePassed)
        #expect(bench.record.status == .succeeded)
        #expect(bench.record.outputs.map(\.status) == [.ready, .failed])
        #expect(bench.record.outputs[1].error?.code == .acceptanceUnknown)
        #expect(bench.record.attempts[0].state == .unknown)
    }

    @Test("after a restart each call goes on from where it stood")
    func restart() {
        var bench = bench(4, perCall: 1)
        grant(1...3, &bench)
        bench.apply(.accepted(attempt: 1, RemoteJob(id: "j1")))
        bench.apply(.delivered(attempt: 3, StreamedTake(id: nil, cost: nil, audio: .success(asset("c")))))
        var next = Bench(bench.record)
        let effects = next.resume()
        #expect(effects.contains(.poll(attempt: 1, eta: nil)))
        #expect(next.record.attempts.map(\.state) == [.accepted, .unknown, .succeeded])
        #expect(effects.contains(.waitForSlot(request: 4, after: .zero)))
        #expect(!effects.contains { if case .submit = $0 { true } else { false } })
    }

    @Test("the cost is that of the calls that did not fail; what one call is estimated at is its share")
    func cost() {
        var bench = bench(2, perCall: 1)
        grant(1...2, &bench)
        bench.apply(.accepted(attempt: 1, RemoteJob(id: "j1")))
        #expect(bench.record.cost == Cost(Cost.Amount(1.25, "credits"), .estimated))
        let paid = Cost.Amount(3, "credits")
        bench.apply(.delivered(attempt: 2, StreamedTake(id: nil, cost: paid, audio: .success(asset("b")))))
        #expect(bench.record.cost == Cost(Cost.Amount(4.25, "credits"), .estimated))
        bench.apply(
            .observed(
                attempt: 1,
                Observation(.succeeded, results: [take("s")], cost: Cost.Amount(2, "credits"))
            )
        )
        #expect(bench.record.cost == Cost(Cost.Amount(5, "credits"), .actual))
    }

    @Test("a take that another provider had to make leaves the task where its first take was made")
    func mixed() {
        var bench = bench(2, perCall: 1, at: ["a", "b"])
        grant(1...2, &bench)
        bench.apply(.refused(attempt: 2, Failure(.insufficientCredits, "x")))
        grant(3...3, &bench)
        let paid = Cost.Amount(7, "credits")
        for number in [3, 1] {
            bench.apply(
                .delivered(
                    attempt: number,
                    StreamedTake(id: nil, cost: paid, audio: .success(asset("\(number)")))
                )
            )
        }
        #expect(bench.record.attempts.map(\.name.provider) == ["a", "a", "b"])
        #expect(bench.record.status == .succeeded)
        #expect(bench.record.route?.name.provider == "a")
        #expect(bench.record.cost?.amount.amount == 7, "another provider's credits are not ours to add")
    }

    @Test("what a failed call was to cost is taken off")
    func costOfFailure() {
        var bench = bench(2, perCall: 1)
        grant(1...2, &bench)
        for number in 1...2 { bench.apply(.accepted(attempt: number, RemoteJob(id: "j\(number)"))) }
        #expect(bench.record.cost?.amount.amount == 2.5)
        bench.apply(.observed(attempt: 2, Observation(.failed(Failure(.contentPolicy, "x")))))
        #expect(bench.record.cost?.amount.amount == 1.25)
    }

    @Test("progress is the calls' average")
    func progress() {
        var bench = bench(4, perCall: 1)
        grant(1...3, &bench)
        for number in 1...2 { bench.apply(.accepted(attempt: number, RemoteJob(id: "j\(number)"))) }
        bench.apply(.observed(attempt: 1, Observation(.running, progress: 0.8)))
        #expect(abs(bench.record.progress - 0.2) < 0.001)
        bench.apply(.observed(attempt: 2, Observation(.running, progress: 0.4)))
        #expect(abs(bench.record.progress - 0.3) < 0.001)
    }

    @Test("a cancel is told to the vendor of each job that is under way")
    func cancel() {
        var bench = bench(3, perCall: 1)
        grant(1...2, &bench)
        bench.apply(.accepted(attempt: 2, RemoteJob(id: "j2")))
        let effects = bench.apply(.cancelRequested)
        #expect(effects.contains(.cancelAtVendor(attempt: 2)))
        #expect(!effects.contains(.cancelAtVendor(attempt: 1)), "its job has no name yet")
        #expect(bench.record.attempts.map(\.state) == [.unknown, .canceled])
        #expect(bench.record.waiting.isEmpty)
        #expect(bench.record.status == .canceled)
    }
}

@Suite("Audio in the answer")
struct StreamedTests {
    private func bench(_ providers: [String] = ["a", "b"]) -> Bench {
        Stage.intended.bench(admitted(at: providers))
    }

    @Test("audio that came is the end of its call")
    func kept() {
        var bench = bench()
        let paid = Cost.Amount(100, "credits")
        let take = StreamedTake(id: "r1", cost: paid, audio: .success(asset("a")))
        #expect(bench.apply(.delivered(attempt: 1, take)) == [.releaseSlot(attempt: 1), .end])
        #expect(bench.record.status == .succeeded)
        #expect(bench.last?.providerTaskID == "r1")
        #expect(bench.record.outputs.map(\.asset) == [asset("a")])
        #expect(bench.record.cost == Cost(paid, .actual))
        #expect(bench.apply(.delivered(attempt: 1, take)).isEmpty)
    }

    @Test(
        "audio of no use was paid for: nobody else is asked",
        arguments: [Failure.Code.badResult, .internal]
    )
    func unusable(_ code: Failure.Code) {
        var bench = bench()
        let take = StreamedTake(id: nil, cost: nil, audio: .failure(Failure(code, "x")))
        #expect(bench.apply(.delivered(attempt: 1, take)) == [.releaseSlot(attempt: 1), .end])
        #expect(bench.record.status == .failed)
        #expect(bench.record.error?.code == code)
        #expect(bench.last?.state == .failed)
    }

    @Test("a call that a restart cut off is unknown, and is never made again")
    func restart() {
        var next = Bench(bench().record)
        #expect(next.resume() == [.releaseSlot(attempt: 1)])
        #expect(next.last?.state == .unknown)
        next.apply(.deadlinePassed)
        #expect(next.record.error?.code == .acceptanceUnknown)
    }
}
