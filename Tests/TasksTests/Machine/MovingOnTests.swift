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

    @Test("the last route is tried again after a pause that doubles, when waiting can help")
    func pauses() {
        for code in [Failure.Code.rateLimited, .providerUnavailable] {
            var bench = Stage.intended.bench()
            #expect(
                bench.apply(.refused(attempt: 1, Failure(code, "x")))
                    == [.releaseSlot(attempt: 1), .waitForSlot(request: 2, after: .seconds(2))]
            )
            bench.apply(.slotGranted(request: 2, credential: nil, token: nil))
            #expect(
                bench.apply(.refused(attempt: 2, Failure(code, "x")))
                    == [.releaseSlot(attempt: 2), .waitForSlot(request: 3, after: .seconds(4))]
            )
            bench.apply(.slotGranted(request: 3, credential: nil, token: nil))
            #expect(
                bench.apply(.refused(attempt: 3, Failure(code, "x"))) == [.releaseSlot(attempt: 3), .end]
            )
            #expect(bench.record.error?.code == code)
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
        "the vendor's wish for a pause is heeded up to a minute",
        arguments: [(1, 2), (30, 30), (3600, 60)]
    )
    func retryAfter(_ wish: Int, _ pause: Int) {
        var bench = Stage.intended.bench()
        let failure = Failure(.rateLimited, "x", retryAfter: .seconds(wish))
        #expect(
            bench.apply(.refused(attempt: 1, failure)).last
                == .waitForSlot(request: 2, after: .seconds(pause))
        )
    }

    @Test("a pause that would outlast the deadline is not begun")
    func pauseBeyondDeadline() {
        var bench = Stage.intended.bench()
        bench.now = start.advanced(by: .seconds(899))
        #expect(bench.apply(.refused(attempt: 1, Failure(.rateLimited, "x"))).last == .end)
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
