import Providers
import Sound
import Tasks
import Testing

@Suite("Canceling, deadlines and resuming")
struct EndTests {
    @Test("cancel ends a task in every state, and gives its place back once", arguments: Stage.allCases)
    func cancel(_ stage: Stage) {
        var bench = stage.bench(admitted(at: ["a", "b"]))
        let held =
            stage == .queued || stage == .unknown || stage == .succeededFetching
            ? [] : [TaskEffect.releaseSlot(attempt: 1)]
        let isAtVendor = [.accepted, .acceptedPartly, .acceptedPartlyReady].contains(stage)
        let told = isAtVendor ? [TaskEffect.cancelAtVendor(attempt: 1)] : []
        #expect(bench.apply(.cancelRequested) == told + held + [.end])
        #expect(bench.record.status == .canceled)
        #expect(bench.record.error?.code == .canceled)
        #expect(bench.record.endedAt == start)
        #expect(!bench.record.outputs.contains { $0.status == .pending })
        let expected: AttemptRecord.State? =
            switch stage {
            case .queued: nil
            case .unknown, .intended: .unknown
            case .succeededFetching: .succeeded
            default: .canceled
            }
        #expect(bench.last?.state == expected)
    }

    @Test("the deadline ends a task in every state", arguments: Stage.allCases)
    func deadline(_ stage: Stage) {
        var bench = stage.bench(admitted(at: ["a", "b"]))
        let effects = bench.apply(.deadlinePassed)
        #expect(effects.last == .end)
        #expect(effects.count(where: { $0 == .releaseSlot(attempt: 1) }) <= 1)
        #expect(!bench.record.outputs.contains { $0.status == .pending })
        switch stage {
        case .unknown, .intended:
            #expect(bench.record.error?.code == .acceptanceUnknown)
            #expect(bench.record.error?.retryable == false)
            #expect(bench.last?.state == .unknown)
        case .acceptedPartlyReady:
            #expect(bench.record.status == .succeeded)
            #expect(bench.record.error == nil)
        default:
            #expect(bench.record.error?.code == .deadlineExceeded)
            #expect(bench.record.error?.origin == .gateway)
        }
        #expect(bench.record.status == (stage == .acceptedPartlyReady ? .succeeded : .failed))
    }

    @Test("one ready take at the deadline is a success, the missing one fails by itself")
    func readyAtDeadline() {
        var bench = Stage.succeededFetching.bench()
        bench.apply(.outputKept(attempt: 1, index: 1, asset(), title: nil))
        #expect(bench.apply(.deadlinePassed) == [.end])
        #expect(bench.record.status == .succeeded)
        #expect(bench.record.outputs.map(\.status) == [.failed, .ready])
        #expect(bench.record.outputs[0].error?.code == .deadlineExceeded)
    }

    @Test("an ended task takes nothing more", arguments: Stage.allCases)
    func ended(_ stage: Stage) {
        var bench = stage.bench()
        bench.apply(.cancelRequested)
        _ = bench.machine.takeChange()
        let record = bench.record
        bench.apply(.deadlinePassed)
        bench.apply(.slotGranted(request: 1, credential: nil, token: nil))
        bench.apply(.accepted(attempt: 1, RemoteJob(id: "x")))
        bench.apply(.outputKept(attempt: 1, index: 0, asset(), title: nil))
        #expect(bench.resume() == [])
        #expect(bench.record == record)
        #expect(bench.machine.takeChange() == nil)
    }

    @Test(
        "a vendor's job goes on after a restart where it stood",
        arguments: Stage.allCases.filter { $0 != .rendering }
    )
    func resume(_ stage: Stage) {
        var bench = Bench(stage.bench(admitted(at: ["a", "b"])).record)
        let effects = bench.resume()
        switch stage {
        case .queued: #expect(effects == [.waitForSlot(request: 1, after: .zero)])
        case .intended:
            #expect(effects == [.releaseSlot(attempt: 1)], "what may have been sent is not sent again")
            #expect(bench.last?.state == .unknown)
            #expect(bench.machine.takeChange() != nil)
        case .unknown: #expect(effects == [])
        case .accepted, .acceptedPartlyReady: #expect(effects == [.poll(attempt: 1, eta: nil)])
        case .acceptedPartly:
            #expect(effects == [.poll(attempt: 1, eta: nil), .fetch(attempt: 1, output: 0)])
        case .succeededFetching:
            #expect(effects == [.fetch(attempt: 1, output: 0), .fetch(attempt: 1, output: 1)])
        case .rendering: break
        }
        if stage != .intended { #expect(bench.machine.takeChange() == nil) }
    }

    @Test(
        "what repeats without harm is begun again after a restart",
        arguments: [Stage.intended, .rendering]
    )
    func resumeRepeatable(_ stage: Stage) {
        var bench = Bench(stage.bench().record)
        #expect(bench.resume(repeatable: true) == [.submit(attempt: 1)])
        bench.apply(.renderingBegan(attempt: 1, takes: 2))
        #expect(bench.record.outputs.count == 2)
        bench.apply(.outputKept(attempt: 1, index: 0, asset(), title: nil))
        #expect(
            bench.apply(.outputKept(attempt: 1, index: 1, asset(), title: nil)) == [
                .releaseSlot(attempt: 1), .end,
            ]
        )
    }

    @Test("a task that was about to move on moves on after a restart")
    func resumeAfterFailure() {
        var bench = Stage.intended.bench(admitted(at: ["a", "b"]))
        bench.apply(.refused(attempt: 1, Failure(.rateLimited, "x")))
        var again = Bench(bench.record)
        #expect(again.resume() == [.waitForSlot(request: 2, after: .zero)])
        var single = Stage.intended.bench()
        single.apply(.refused(attempt: 1, Failure(.rateLimited, "x")))
        var later = Bench(single.record)
        guard case .waitForSlot(2, let pause)? = later.resume().first else {
            Issue.record("the only route is not tried again")
            return
        }
        #expect(pause > .zero && pause <= .seconds(2))
    }

    @Test("a call that was not begun when the gateway stopped is begun by the next one, as the same try")
    func putOff() {
        var bench = Stage.intended.bench(admitted(at: ["a", "b"]))
        #expect(
            bench.apply(.putOff(attempt: 1))
                == [.releaseSlot(attempt: 1), .waitForSlot(request: 2, after: .zero)]
        )
        #expect(bench.last?.state == .canceled)
        var next = Bench(bench.record)
        #expect(next.resume() == [.waitForSlot(request: 2, after: .zero)])
        next.apply(.slotGranted(request: 2, credential: nil, token: nil))
        #expect(next.last?.name.provider == "a" && next.last?.tries == 1)
    }

    @Test("a take that came with the failure is fetched all the same")
    func fetchedAfterFailure() {
        var bench = Stage.accepted.bench()
        let failed = Observation(.failed(Failure(.providerFailed, "x")), results: [take("s1")])
        #expect(bench.apply(.observed(attempt: 1, failed)).contains(.fetch(attempt: 1, output: 0)))
        #expect(bench.apply(.outputKept(attempt: 1, index: 0, asset(), title: nil)) == [.end])
        #expect(bench.record.status == .succeeded)
    }

    @Test("a pause that has begun goes on after a restart")
    func resumePause() {
        var single = Stage.intended.bench()
        single.apply(.refused(attempt: 1, Failure(.rateLimited, "x", retryAfter: .seconds(30))))
        var later = Bench(single.record)
        later.now = start.advanced(by: .seconds(20))
        let due = single.record.waiting[0].notBefore?.milliseconds ?? 0
        let left = Duration.milliseconds(due - later.now.milliseconds)
        #expect(left >= .seconds(10) && left < .seconds(11))
        #expect(later.resume() == [.waitForSlot(request: 2, after: left)])
        var muchLater = Bench(single.record)
        muchLater.now = start.advanced(by: .seconds(200))
        #expect(muchLater.resume() == [.waitForSlot(request: 2, after: .zero)])
    }

    @Test("a task that only had to end ends after a restart")
    func resumeConcludes() {
        var record = Stage.succeededFetching.bench().record
        for index in record.outputs.indices {
            record.outputs[index].status = .ready
            record.outputs[index].asset = asset()
        }
        var bench = Bench(record)
        #expect(bench.resume() == [.end])
        #expect(bench.record.status == .succeeded)
    }
}
