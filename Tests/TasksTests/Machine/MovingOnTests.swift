import Providers
import Sound
import Tasks
import Testing

@Suite("Moving on after a failure")
struct MovingOnTests {
    static let movers: [Failure.Code] = [
        .rateLimited, .providerUnavailable, .insufficientCredits, .providerAuth, .promptTooLong,
    ]

    @Test("a refusal that another provider may not share goes on to the next", arguments: movers)
    func next(_ code: Failure.Code) {
        var bench = Stage.intended.bench(admitted(at: ["a", "b"]))
        let effects = bench.apply(.refused(attempt: 1, Failure(code, "x")))
        #expect(effects == [.releaseSlot(attempt: 1), .waitForSlot(request: 2, after: .zero)])
        #expect(bench.last?.state == .failed)
        #expect(bench.last?.error?.code == code)
        #expect(bench.record.status == .running)
        #expect(bench.apply(.slotGranted(request: 2, credential: "k", token: nil)) == [.submit(attempt: 2)])
        #expect(bench.last?.name.provider == "b")
    }

    @Test(
        "a refusal that is about the request ends the task",
        arguments: [Failure.Code.contentPolicy, .invalidRequest, .providerRejected, .internal]
    )
    func never(_ code: Failure.Code) {
        var bench = Stage.intended.bench(admitted(at: ["a", "b"]))
        #expect(bench.apply(.refused(attempt: 1, Failure(code, "x"))) == [.releaseSlot(attempt: 1), .end])
        #expect(bench.record.status == .failed)
        #expect(bench.record.error?.code == code)
    }

    @Test("a job that the vendor says has failed goes on, one that was moderated does not")
    func afterAcceptance() {
        var bench = Stage.acceptedPartly.bench(admitted(at: ["a", "b"]))
        let effects = bench.apply(.observed(attempt: 1, Observation(.failed(Failure(.providerFailed, "x")))))
        #expect(effects == [.releaseSlot(attempt: 1)], "a take whose address is known may still be had")
        let missed = Failure(.badResult, "x")
        #expect(
            bench.apply(.outputFailed(attempt: 1, index: 0, missed)) == [
                .waitForSlot(request: 2, after: .zero)
            ]
        )
        #expect(bench.record.outputs.isEmpty, "takes of a failed attempt are dropped")
        #expect(bench.machine.takeChange()?.parts.removedOutputs == [0])
        var moderated = Stage.accepted.bench(admitted(at: ["a", "b"]))
        moderated.apply(.observed(attempt: 1, Observation(.failed(Failure(.contentPolicy, "x")))))
        #expect(moderated.record.status == .failed)
    }

    @Test("while acceptance is unknown nothing is tried")
    func unknown() {
        var bench = Stage.intended.bench(admitted(at: ["a", "b"]))
        #expect(bench.apply(.acceptanceUnknown(attempt: 1)) == [.releaseSlot(attempt: 1)])
        #expect(bench.last?.state == .unknown)
        #expect(bench.record.status == .running)
        for event: TaskEvent in [
            .refused(attempt: 1, Failure(.rateLimited, "x")),
            .slotGranted(request: 2, credential: nil, token: nil),
            .observed(attempt: 1, Observation(.failed(Failure(.providerFailed, "x")))),
        ] {
            #expect(bench.apply(event) == [], "\(event)")
        }
        #expect(bench.record.attempts.count == 1)
    }

    @Test("a job that turns out to have been taken is polled, and its place is not given back twice")
    func lateAcceptance() {
        var bench = Stage.unknown.bench()
        #expect(bench.apply(.accepted(attempt: 1, RemoteJob(id: "j"))) == [.poll(attempt: 1, eta: nil)])
        #expect(bench.last?.error == nil)
        let effects = bench.apply(.observed(attempt: 1, Observation(.succeeded, results: [take("s1")])))
        #expect(effects == [.fetch(attempt: 1, output: 0)])
    }

    /// The pause before a further call that a refusal leads to.
    private func pauseAfter(_ bench: inout Bench, _ attempt: Int, _ failure: Failure) -> Duration? {
        for case .waitForSlot(_, let pause) in bench.apply(.refused(attempt: attempt, failure)) {
            return pause
        }
        return nil
    }

    @Test(
        "the last route is tried again after a part of a span that doubles, when waiting can help",
        arguments: [Failure.Code.rateLimited, .providerUnavailable]
    )
    func pauses(_ code: Failure.Code) throws {
        var pauses: [Set<Duration>] = [[], []]
        for number in 0..<50 {
            var bench = Stage.intended.bench(admitted("snd_\(number)"))
            for (tries, most) in [(1, Duration.seconds(2)), (2, .seconds(4))] {
                let next = pauseAfter(&bench, tries, Failure(code, "x"))
                let pause = try #require(next)
                #expect(pause <= most)
                pauses[tries - 1].insert(pause)
                bench.apply(.slotGranted(request: tries + 1, credential: nil, token: nil))
            }
            #expect(
                bench.apply(.refused(attempt: 3, Failure(code, "x"))) == [.releaseSlot(attempt: 3), .end]
            )
            #expect(bench.record.error?.code == code)
        }
        for (scattered, most) in zip(pauses, [2.0, 4.0]) {
            let seconds = scattered.map { $0 / .seconds(1) }
            #expect(scattered.count > 30, "tasks that were refused together do not come back together")
            #expect(seconds.contains { $0 < most / 4 } && seconds.contains { $0 > most * 3 / 4 })
        }
    }

    @Test(
        "waiting does not help a key, a purse or a prompt",
        arguments: [Failure.Code.providerAuth, .insufficientCredits, .promptTooLong, .providerFailed]
    )
    func noPause(_ code: Failure.Code) {
        var bench = Stage.intended.bench()
        #expect(bench.apply(.refused(attempt: 1, Failure(code, "x"))) == [.releaseSlot(attempt: 1), .end])
    }

    @Test(
        "the vendor's wish for a pause is heeded up to a minute, and not by all at the same moment",
        arguments: [(1, 1, 2), (30, 30, 31), (3600, 60, 60)]
    )
    func retryAfter(_ wish: Int, _ least: Int, _ most: Int) throws {
        for number in 0..<20 {
            var bench = Stage.intended.bench(admitted("snd_\(number)"))
            let failure = Failure(.rateLimited, "x", retryAfter: .seconds(wish))
            let next = pauseAfter(&bench, 1, failure)
            let pause = try #require(next)
            #expect(pause >= .seconds(least) && pause <= .seconds(most), "\(pause)")
        }
    }

    @Test("a pause that would outlast the deadline is not begun")
    func pauseBeyondDeadline() {
        var bench = Stage.intended.bench()
        bench.now = start.advanced(by: .seconds(899))
        let failure = Failure(.rateLimited, "x", retryAfter: .seconds(5))
        #expect(bench.apply(.refused(attempt: 1, failure)).last == .end)
    }

    @Test("attempts are counted over all providers", arguments: [1, 2, 3, 5])
    func maxAttempts(_ most: Int) {
        var bench = Bench(admitted(at: ["a", "b", "c", "d", "e", "f"]), maxAttempts: most)
        bench.resume()
        for number in 1...most {
            bench.apply(.slotGranted(request: number, credential: nil, token: nil))
            bench.apply(.refused(attempt: number, Failure(.providerAuth, "x")))
        }
        #expect(bench.record.status == .failed)
        #expect(bench.record.attempts.count == most)
    }

    @Test("a take that was had before its job failed is a success, and nothing is bought again")
    func hadBeforeTheFailure() {
        var bench = Stage.acceptedPartly.bench(admitted(at: ["a", "b"]))
        bench.apply(.observed(attempt: 1, Observation(.failed(Failure(.providerFailed, "x")))))
        #expect(bench.apply(.outputKept(attempt: 1, index: 0, asset(), title: nil)) == [.end])
        #expect(bench.record.status == .succeeded)
    }

    @Test(
        "a job that can no longer be asked for has failed, and is not bought elsewhere",
        arguments: [Failure.Code.providerAuth, .providerRejected, .providerUnavailable]
    )
    func lost(_ code: Failure.Code) {
        var bench = Stage.accepted.bench(admitted(at: ["a", "b"]))
        #expect(bench.apply(.lost(attempt: 1, Failure(code, "x"))) == [.releaseSlot(attempt: 1), .end])
        #expect(bench.record.status == .failed)
        #expect(bench.record.attempts.count == 1)
    }

    @Test("a take of an earlier attempt does not pass for one of the next")
    func lateTake() {
        var bench = Stage.acceptedPartly.bench(admitted(at: ["a", "b"]))
        bench.apply(.observed(attempt: 1, Observation(.failed(Failure(.providerFailed, "x")))))
        bench.apply(.outputFailed(attempt: 1, index: 0, Failure(.badResult, "x")))
        bench.apply(.slotGranted(request: 2, credential: nil, token: nil))
        bench.apply(.accepted(attempt: 2, RemoteJob(id: "j2")))
        bench.apply(.observed(attempt: 2, Observation(.running, results: [take("t1")])))
        #expect(bench.apply(.outputKept(attempt: 1, index: 0, asset(), title: nil)) == [])
        #expect(bench.record.outputs.map(\.status) == [.pending])
    }

    @Test("an attempt that was stored but not sent is canceled, and the task ends as asked")
    func notBegun() {
        var bench = Stage.intended.bench(admitted(at: ["a", "b"]))
        #expect(bench.apply(.notBegun(attempt: 1)) == [.releaseSlot(attempt: 1)])
        #expect(bench.apply(.cancelRequested) == [.end])
        #expect(bench.record.status == .canceled)
        #expect(bench.last?.state == .canceled)
    }

    @Test("an answer that comes after the task's end is noted and changes nothing else")
    func acceptedAfterTheEnd() {
        var bench = Stage.intended.bench(admitted(at: ["a", "b"]))
        bench.apply(.deadlinePassed)
        let before = bench.record
        bench.machine.noteLateAcceptance(attempt: 1, RemoteJob(id: "j9"))
        #expect(bench.last?.providerTaskID == "j9")
        #expect(bench.last?.state == .canceled)
        #expect(bench.last?.error?.code == .canceled)
        #expect(bench.record.status == before.status)
        #expect(bench.record.error == before.error)
        #expect(bench.machine.takeChange()?.parts.attempts == [1])
    }
}

@Suite("Another key of the same provider")
struct KeyRefusedTests {
    @Test("a refused key is no try of the job: another one is asked at once on the same route")
    func another() {
        var bench = Stage.intended.bench(admitted(at: ["a", "b"]))
        for number in 1...5 {
            let effects = bench.apply(.keyRefused(attempt: number, Failure(.providerAuth, "x")))
            #expect(
                effects == [
                    .releaseSlot(attempt: number), .waitForSlot(request: number + 1, after: .zero),
                ]
            )
            bench.apply(.slotGranted(request: number + 1, credential: "k\(number)", token: nil))
        }
        #expect(bench.record.attempts.allSatisfy { $0.name.provider == "a" && $0.tries == 1 })
    }

    @Test("keys that only want a pause are tried as often as anything else")
    func paused() {
        var bench = Stage.intended.bench(admitted(at: ["a"]))
        for number in 1...2 {
            bench.apply(.keyRefused(attempt: number, Failure(.rateLimited, "x")))
            bench.apply(.slotGranted(request: number + 1, credential: nil, token: nil))
        }
        #expect(bench.apply(.keyRefused(attempt: 3, Failure(.rateLimited, "x"))).last == .end)
    }
}

@Suite("What is done when nobody can tell")
struct UnknownPolicyTests {
    private func bench(_ wish: UnknownPolicy, at providers: [String] = ["a", "b"]) -> Bench {
        var policy = TaskMachine.Policy()
        policy.onUnknown = ["a": wish]
        var bench = Bench(admitted(at: providers))
        bench.machine = TaskMachine(bench.record, policy: policy)
        bench.resume()
        bench.apply(.slotGranted(request: 1, credential: "k", token: "t"))
        return bench
    }

    @Test("it is waited for unless the operator says otherwise")
    func waits() {
        var bench = bench(.wait)
        #expect(bench.apply(.acceptanceUnknown(attempt: 1)) == [.releaseSlot(attempt: 1)])
        #expect(bench.record.status == .running)
    }

    @Test("an operator who would rather know fails at once, and nobody else is asked")
    func fails() {
        var bench = bench(.fail)
        #expect(bench.apply(.acceptanceUnknown(attempt: 1)) == [.releaseSlot(attempt: 1), .end])
        #expect(bench.record.status == .failed)
        #expect(bench.record.error?.code == .acceptanceUnknown)
        #expect(bench.last?.state == .unknown)
    }

    @Test("an operator who would rather pay twice goes on, on the next route or after a pause")
    func resubmits() {
        var bench = bench(.resubmit)
        let effects = bench.apply(.acceptanceUnknown(attempt: 1))
        #expect(effects == [.releaseSlot(attempt: 1), .waitForSlot(request: 2, after: .zero)])
        #expect(bench.record.attempts[0].state == .unknown, "what is not known does not become known")
        bench.apply(.slotGranted(request: 2, credential: "k", token: nil))
        bench.apply(.delivered(attempt: 2, StreamedTake(id: nil, cost: nil, audio: .success(asset()))))
        #expect(bench.record.status == .succeeded)
        var single = self.bench(.resubmit, at: ["a"])
        guard case .waitForSlot(2, let pause)? = single.apply(.acceptanceUnknown(attempt: 1)).last else {
            Issue.record("the only route is not tried again")
            return
        }
        #expect(pause > .zero)
    }

    @Test("a restart keeps to it too", arguments: [UnknownPolicy.fail, .resubmit])
    func restart(_ wish: UnknownPolicy) {
        var policy = TaskMachine.Policy()
        policy.onUnknown = ["a": wish]
        var next = Bench(bench(wish).record)
        next.machine = TaskMachine(next.record, policy: policy)
        let effects = next.resume()
        #expect(next.record.attempts[0].state == .unknown)
        #expect(next.record.status == (wish == .fail ? .failed : .running))
        let asked = effects.count { if case .waitForSlot = $0 { true } else { false } }
        #expect(asked == (wish == .resubmit ? 1 : 0), "once: each would take a place")
    }

    @Test("what was given up is not taken up by a late answer")
    func late() {
        var bench = bench(.resubmit)
        bench.apply(.acceptanceUnknown(attempt: 1))
        #expect(bench.apply(.accepted(attempt: 1, RemoteJob(id: "j1"))).isEmpty)
    }
}
