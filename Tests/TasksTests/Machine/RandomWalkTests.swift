import Providers
import Sound
import Support
import Tasks
import Testing

@Suite("Random walks")
struct RandomWalkTests {
    private static let codes: [Failure.Code] = [
        .rateLimited, .providerUnavailable, .providerFailed, .contentPolicy, .providerAuth, .badResult,
    ]

    private func event(_ dice: inout SeededGenerator, _ record: TaskRecord) -> TaskEvent {
        let attempts = record.attempts.count
        let attempt = Int.random(in: 0...max(attempts, 1), using: &dice)
        let output = Int.random(in: -1...3, using: &dice)
        let failure = Failure(Self.codes.randomElement(using: &dice) ?? .internal, "x")
        let results = ["s1", "s2", "s3"].prefix(Int.random(in: 0...3, using: &dice)).map { take($0) }
        switch Int.random(in: 0..<40, using: &dice) {
        case 0..<8:
            let waiting = record.waiting.randomElement(using: &dice)?.id
            return .slotGranted(
                request: waiting ?? Int.random(in: -1...4, using: &dice),
                credential: "k",
                token: "t"
            )
        case 8..<14: return .accepted(attempt: attempt, RemoteJob(id: "j\(attempt)"))
        case 14..<17: return .refused(attempt: attempt, failure)
        case 17..<18: return .acceptanceUnknown(attempt: attempt)
        case 18..<20: return .renderingBegan(attempt: attempt, takes: record.request.variations ?? 2)
        case 20..<22: return .renderingProgressed(attempt: attempt, Double.random(in: -1...2, using: &dice))
        case 22..<27:
            return .observed(attempt: attempt, Observation(.running, progress: 0.5, results: results))
        case 27..<30: return .observed(attempt: attempt, Observation(.succeeded, results: results))
        case 30..<32: return .observed(attempt: attempt, Observation(.failed(failure), results: results))
        case 32..<33: return .lost(attempt: attempt, failure)
        case 33..<36: return .outputKept(attempt: attempt, index: output, asset("c\(output)"), title: nil)
        case 36..<38: return .outputFailed(attempt: attempt, index: output, failure)
        case 38 where Bool.random(using: &dice):
            let audio: Result<AssetRecord, Failure> =
                Bool.random(using: &dice) ? .success(asset("d\(attempt)")) : .failure(failure)
            return .delivered(attempt: attempt, StreamedTake(id: nil, cost: nil, audio: audio))
        case 38: return Bool.random(using: &dice) ? .cancelRequested : .deadlinePassed
        default: return .slotGranted(request: 1, credential: nil, token: nil)
        }
    }

    @Test("events in any order keep every rule", arguments: 0..<25)
    func walk(_ round: Int) {
        var dice = SeededGenerator(seed: UInt64(round + 100))
        var ends: [TaskStatus: Int] = [:]
        for _ in 0..<40 {
            let takesPerCall = [nil, 1, 2].randomElement(using: &dice) ?? nil
            let record = admitted(at: ["a", "b", "c"], takesPerCall: takesPerCall) {
                $0.variations = [nil, 1, 2, 4].randomElement(using: &dice) ?? nil
            }
            let repeatable = Bool.random(using: &dice)
            var walk = Walk(record)
            for _ in 0..<60 {
                let event = event(&dice, walk.bench.record)
                if Int.random(in: 0..<20, using: &dice) == 0 {
                    walk.restart(repeatable: repeatable)
                } else if case .acceptanceUnknown = event, repeatable {
                    continue
                } else {
                    walk.take(event)
                }
            }
            ends[walk.bench.record.status, default: 0] += 1
        }
        #expect(ends.count > 1, "the walk is too one-sided to say anything: \(ends)")
    }
}

/// A task on its way through events, watched at each step.
private struct Walk {
    private(set) var bench: Bench
    private var released: Set<Int> = []
    private var submitted: Set<Int> = []
    private var sawUnknown: Set<Int> = []

    init(_ record: TaskRecord) {
        bench = Bench(record)
        bench.resume()
    }

    mutating func take(_ event: TaskEvent) {
        let before = bench.record
        let effects = bench.apply(event)
        watch(before, effects, "\(event)", isRestart: false)
    }

    /// The process dies, and another one reads the record back.
    mutating func restart(repeatable: Bool) {
        _ = bench.machine.takeChange()
        let before = bench.record
        bench = Bench(before)
        released = []
        let effects = bench.resume(repeatable: repeatable)
        watch(before, effects, "restart", isRestart: true)
    }

    private mutating func watch(
        _ before: TaskRecord,
        _ effects: [TaskEffect],
        _ step: String,
        isRestart: Bool
    ) {
        let now = bench.record
        if before.status.hasEnded {
            #expect(now == before, "an ended task changed: \(step)")
            #expect(effects.isEmpty, "an ended task asks for something: \(step)")
        }
        let milestones = now.milestones.map(\.id)
        #expect(Set(milestones).count == milestones.count, "\(step)")
        #expect(
            Set(before.milestones.map(\.id)).isSubset(of: milestones),
            "what was told is taken back: \(step)"
        )
        let ready = now.outputs.count { $0.status == .ready }
        let calls = now.attempts.filter(\.isOpen).map(\.takes) + now.waiting.map(\.takes)
        #expect(calls.count <= 1 || now.routes[0].takesPerCall != nil, "\(step)")
        if let wanted = now.request.variations {
            let there = now.outputs.count { output in
                output.status != .failed && !now.attempts[output.attempt - 1].isOpen
            }
            let coming = calls.reduce(0) { $0 + ($1 ?? 0) }
            #expect(there + coming <= wanted, "more takes are bought than wanted: \(step)")
        }
        #expect(now.attempts.allSatisfy { (1...3).contains($0.tries) }, "\(step)")
        let ids = now.waiting.map(\.id)
        #expect(Set(ids).count == ids.count, "\(step)")
        #expect(!now.status.hasEnded || now.waiting.isEmpty, "\(step)")
        #expect(now.status != .succeeded || ready >= 1, "\(step)")
        #expect(now.status != .failed || ready == 0, "\(step)")
        #expect(now.status != .failed || now.error != nil, "\(step)")
        #expect(now.status.hasEnded == (now.endedAt != nil), "\(step)")
        #expect(now.status.hasEnded == (effects.contains(.end) || before.status.hasEnded), "\(step)")
        #expect(!now.status.hasEnded || !now.outputs.contains { $0.status == .pending }, "\(step)")
        #expect(Set(now.outputs.map(\.index)).count == now.outputs.count, "\(step)")
        #expect(now.outputs.count <= now.request.variations ?? .max, "\(step)")
        #expect((0...1).contains(now.progress), "\(step)")
        for attempt in now.attempts where attempt.state == .unknown { sawUnknown.insert(attempt.number) }
        for effect in effects { watch(effect, now, step, isRestart) }
    }

    private mutating func watch(_ effect: TaskEffect, _ now: TaskRecord, _ step: String, _ isRestart: Bool) {
        switch effect {
        case .submit(let number):
            let state = now.attempts[number - 1].state
            #expect(state == .intended || isRestart, "\(step)")
            #expect(
                submitted.insert(number).inserted || isRestart,
                "attempt \(number) is sent twice: \(step)"
            )
            #expect(!sawUnknown.contains(number), "an unknown attempt is sent again: \(step)")
        case .releaseSlot(let number):
            #expect(released.insert(number).inserted, "the place of \(number) is given back twice: \(step)")
        case .waitForSlot(let request, let pause):
            #expect(now.waiting.contains { $0.id == request }, "\(step)")
            #expect(now.waiting.allSatisfy { now.routes.indices.contains($0.route) }, "\(step)")
            #expect(pause <= .seconds(60), "\(step)")
        case .fetch(let number, let index):
            let output = now.outputs.first { $0.attempt == number && $0.index == index }
            #expect(output?.status == .pending && output?.providerKey != nil, "\(step)")
        case .render(let number, let outputs):
            #expect(now.attempts[number - 1].state == .accepted, "\(step)")
            for index in outputs {
                #expect(now.outputs.contains { $0.index == index && $0.attempt == number }, "\(step)")
            }
        case .cancelAtVendor(let number):
            #expect(now.attempts[number - 1].providerTaskID != nil, "\(step)")
            #expect(now.attempts[number - 1].state != .accepted, "\(step)")
        case .poll(let number, _): #expect(now.attempts[number - 1].state == .accepted, "\(step)")
        case .end: #expect(now.status.hasEnded, "\(step)")
        }
    }
}
