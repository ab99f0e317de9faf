import Providers
import Sound
import Tasks
import Testing

/// A reproducible source of chance.
struct Dice: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state &* 0x2545_F491_4F6C_DD1D
    }
}

@Suite("Random walks")
struct RandomWalkTests {
    private static let codes: [Failure.Code] = [
        .rateLimited, .providerUnavailable, .providerFailed, .contentPolicy, .providerAuth, .badResult,
    ]

    private func event(_ dice: inout Dice, _ record: TaskRecord) -> TaskEvent {
        let attempts = record.attempts.count
        let attempt = Int.random(in: 0...max(attempts, 1), using: &dice)
        let output = Int.random(in: -1...2, using: &dice)
        let failure = Failure(Self.codes.randomElement(using: &dice) ?? .internal, "x")
        let results = ["s1", "s2", "s3"].prefix(Int.random(in: 0...3, using: &dice)).map { take($0) }
        switch Int.random(in: 0..<40, using: &dice) {
        case 0..<8: return .slotGranted(route: Int.random(in: -1...3, using: &dice), credential: "k")
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
        case 38: return Bool.random(using: &dice) ? .cancelRequested : .deadlinePassed
        default: return .slotGranted(route: 0, credential: nil)
        }
    }

    @Test("events in any order keep every rule", arguments: 0..<25)
    func walk(_ round: Int) {
        var dice = Dice(UInt64(round + 100))
        var ends: [TaskStatus: Int] = [:]
        for _ in 0..<40 {
            let record = admitted(at: ["a", "b", "c"]) {
                $0.variations = [nil, 1, 2].randomElement(using: &dice) ?? nil
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
        let ready = now.outputs.count { $0.status == .ready }
        #expect(now.attempts.count { $0.state.isOpen } <= 1, "\(step)")
        #expect(now.status != .succeeded || ready >= 1, "\(step)")
        #expect(now.status != .failed || ready == 0, "\(step)")
        #expect(now.status != .failed || now.error != nil, "\(step)")
        #expect(now.status.hasEnded == (now.endedAt != nil), "\(step)")
        #expect(now.status.hasEnded == (effects.contains(.end) || before.status.hasEnded), "\(step)")
        #expect(!now.status.hasEnded || !now.outputs.contains { $0.status == .pending }, "\(step)")
        #expect(
            now.attempts.count <= 3 || before.attempts.count == now.attempts.count || !isRestart,
            "\(step)"
        )
        #expect(now.outputs.map(\.index) == Array(now.outputs.indices), "\(step)")
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
        case .waitForSlot(let route, let pause):
            #expect(now.routes.indices.contains(route), "\(step)")
            #expect(pause <= .seconds(60), "\(step)")
            #expect(!now.attempts.contains { $0.state.isOpen }, "\(step)")
        case .fetch(let output):
            #expect(now.outputs[output].status == .pending && now.outputs[output].sourceURL != nil, "\(step)")
        case .poll(let number, _): #expect(now.attempts[number - 1].state == .accepted, "\(step)")
        case .end: #expect(now.status.hasEnded, "\(step)")
        }
    }
}
