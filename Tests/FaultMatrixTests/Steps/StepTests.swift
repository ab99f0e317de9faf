import Assets
import Foundation
import Glibc
import Sound
import Support
import Tasks
import Testing
import Threads
import Webhooks

/// Whatever goes wrong at whichever step, the task ends as it must, and nothing is made twice.
///
/// A life is lived once for each step that it has and each way in which a step goes wrong.
@Suite("A fault at every step", .timeLimit(.minutes(10)))
struct StepTests {
    @Test("the task ends rightly and one job is made at most", arguments: Life.all, StepFault.all)
    func everyStep(_ life: Life, _ fault: StepFault) async throws {
        try await liveThrough(life) { [fault.at($0)] }
    }

    @Test("the clock changes time stamps and nothing else", arguments: Life.some, StepFault.jumps)
    func clock(_ life: Life, _ fault: StepFault) async throws {
        try await liveThrough(life) { [fault.at($0)] }
    }

    @Test(
        "a process that takes up what a dead one left may fail at any step too",
        arguments: Life.few,
        StepFault.all
    )
    func afterDeath(_ life: Life, _ fault: StepFault) async throws {
        // The first process dies when the call that is under way is stored; of rendering, when it has begun.
        let death = StepFault(
            side: .ledger,
            mishap: .dies,
            point: .after,
            step: life.kind == .streamed ? 2 : 4
        )
        try await liveThrough(life) { [death, fault.at($0)] }
    }

    /// Lives a life again and again, until it is over before the step comes at which something would go wrong.
    private func liveThrough(_ life: Life, _ faults: (Int) -> [StepFault]) async throws {
        guard faults(1).allSatisfy({ life.knows($0) }) else { return }
        try await StepHouse.withFolder { folder in
            for step in 1...60 {
                let house = try StepHouse(life, faults(step), in: folder)
                do {
                    let ended = try await house.run()
                    Tally.count(life)
                    try await expectRightEnd(of: ended, in: house, life)
                } catch {
                    await house.close()
                    throw error
                }
                await house.close()
                guard house.script.isUsedUp else {
                    #expect(step > 1, "nothing ever went wrong")
                    return
                }
            }
            Issue.record("the life has no end")
        }
    }

    private func expectRightEnd(of ended: TaskRecord, in house: StepHouse, _ life: Life) async throws {
        let account = Comment(rawValue: house.account)
        let end = End(ended)
        #expect(Self.ends(of: life, in: house).contains(end), account)
        expectWholeness(ended, life, account)
        expectSteadyMilestones(house, account)

        // No job but those that were asked for, none asked for twice unless it was surely not made.
        let jobs = life.kind == .rendered ? 0 : try await house.accepted()
        let attempts = ended.attempts.filter { !$0.surelyMadeNothing }
        #expect(jobs <= attempts.count, account)
        #expect(attempts.count <= life.calls, account)

        // Each milestone is told of once, in order and under an id of its own; the end is the last of them.
        let messages = try await house.messages(of: ended.id)
        #expect(messages.map(\.body) == ended.milestones.map { Array($0.id.utf8) }, account)
        #expect(messages.map(\.number) == Array(1...ended.milestones.count), account)
        #expect(messages.map(\.createdAt) == ended.milestones.map(\.moment), account)

        // What the ledger's file says is what was told.
        // A job that is heard of after the end is noted still.
        let reread = try #require(try await house.reread(ended.id))
        #expect(reread.revision >= ended.revision, account)
        let isWhatWasTold = house.script.situation.value.states.contains { state in
            var state = state
            (state.progress, state.eta) = (reread.progress, reread.eta)
            return state == reread
        }
        #expect(isWhatWasTold, account)
        try await expectRightUsage(of: ended.id, in: house, account)

        // Nothing is held any more.
        let load = try #require(await house.engine?.load()[life.route.provider])
        #expect(load.running == 0, account)
        #expect(load.waiting == 0, account)

        try await expectCleanFolder(ended, in: house, life, account)
    }

    /// What was used is what the file says of the task, each thing counted once.
    private func expectRightUsage(of id: TaskID, in house: StepHouse, _ account: Comment) async throws {
        for _ in 0..<100 {
            let lines = try await house.usage()
            let record = try #require(try await house.reread(id))
            // A job that is heard of after the end is noted meanwhile.
            guard try await house.usage() == lines else { continue }
            let sums = lines.reduce(into: UsageFigures()) { $0 += $1.figures }
            let ready = record.outputs.filter { $0.status == .ready }
            let length = ready.reduce(0) { $0 + Int64((($1.asset?.duration ?? 0) * 1000).rounded()) }
            #expect(sums.tasks == 1, account)
            #expect([sums.running, sums.canceled] == [0, 0], account)
            let end: [Int64] = record.status == .succeeded ? [1, 0] : [0, 1]
            #expect([sums.succeeded, sums.failed] == end, account)
            #expect(sums.attempts == Int64(record.attempts.count), account)
            #expect([sums.outputs, sums.audioMilliseconds] == [Int64(ready.count), length], account)
            let told = record.attempts.compactMap(\.cost).filter { $0.kind == .actual }
            let actual = told.reduce(0) { $0 + Int64(($1.amount.amount * 1e6).rounded()) }
            #expect(lines.flatMap(\.costs).reduce(0) { $0 + $1.actual } == actual, account)
            return
        }
        Issue.record("the usage does not come to rest")
    }

    private func expectWholeness(_ ended: TaskRecord, _ life: Life, _ account: Comment) {
        #expect(ended.waiting.isEmpty, account)
        #expect(!ended.outputs.contains { $0.status == .pending }, account)
        #expect(!ended.attempts.contains { $0.isOpen }, account)
        #expect(ended.attempts.allSatisfy { $0.endedAt != nil }, account)
        let ready = ended.outputs.count { $0.status == .ready }
        #expect((ended.status == .succeeded) == (ready > 0), account)
        #expect((ended.error == nil) == (ended.status == .succeeded), account)
        #expect(ended.createdAt <= ended.startedAt ?? ended.createdAt, account)
        #expect(ended.startedAt ?? ended.createdAt <= ended.endedAt ?? ended.createdAt, account)
    }

    /// What has been told once stays, and what is told later comes after it.
    private func expectSteadyMilestones(_ house: StepHouse, _ account: Comment) {
        var told: [Milestone] = []
        var revision = 0
        for state in house.script.situation.value.states {
            let milestones = state.milestones
            #expect(milestones.starts(with: told), account)
            #expect(state.revision >= revision, account)
            told = milestones
            revision = state.revision
        }
        #expect(told.count { $0.id == "ended" } == 1, account)
        #expect(Set(told.map(\.id)).count == told.count, account)
    }

    /// The outputs are whole and are what the vendor served; nothing else is there, and nothing is held.
    private func expectCleanFolder(
        _ ended: TaskRecord,
        in house: StepHouse,
        _ life: Life,
        _ account: Comment
    ) async throws {
        let wanted = Set(ended.outputs.compactMap(\.asset?.sha256))
        let files = house.kept
        #expect(wanted.isSubset(of: files.map(\.sha256)), account)
        #expect(files.count == wanted.count || house.isLosingAudio, account)
        for file in files {
            do {
                let isWhole = try house.audio.isWhole(file)
                #expect(isWhole, account)
            } catch {
                // What nobody wants may be on its way out.
                if wanted.contains(file.sha256) { throw error }
            }
            #expect(life.kind == .rendered || house.wasServed(file.sha256), account)
        }
        // What could not be removed for want of its folder goes at the next start.
        #expect(house.incoming.isEmpty || house.script.lastFault?.mishap == .folderless, account)
        #expect(try house.pinned(ended.outputs.compactMap(\.asset)).isEmpty, account)
    }

    // MARK: How it ends

    /// A status, and why.
    private struct End: Hashable {
        let status: TaskStatus
        var error: Failure.Code?

        init(_ status: TaskStatus, _ error: Failure.Code? = nil) {
            self.status = status
            self.error = error
        }

        init(_ record: TaskRecord) { self.init(record.status, record.error?.code) }
    }

    private static let unknown = End(.failed, .acceptanceUnknown)

    /// The ends that are right for what went wrong; one, but where two things race for it.
    private static func ends(of life: Life, in house: StepHouse) -> Set<End> {
        let script = house.script
        var ends: Set<End> = []
        // A create that was stored as begun when the process died may have reached the vendor.
        let wasBegun = house.left?.attempts.contains { $0.state == .intended } ?? false
        if wasBegun, life.kind != .rendered {
            ends.insert(unknown)
            if life.isToldByToken || life.calls > 1 { ends.insert(End(.succeeded)) }
        }
        guard let fault = script.lastFault else { return [End(.succeeded)] }
        let isCreate = script.wasCreate
        switch fault.mishap {
        case .cut, .silent:
            guard isCreate else { break }
            if life.isToldByToken, fault.point == .after { break }
            ends.insert(unknown)
            if life.calls > 1 { ends.insert(End(.succeeded)) }
            return ends
        case .late:
            if isCreate { return life.calls > 1 ? [unknown, End(.succeeded)] : [unknown] }
            // Another call may be under way at the deadline.
            let other: Set<End> = life.calls > 1 ? [unknown] : []
            return ends.union(other).union([End(.succeeded), End(.failed, .deadlineExceeded)])
        case .diesAndJumps(let jump) where jump.isForward:
            // What nobody has begun is too late now; what a vendor has is asked for once.
            return ends.union([End(.succeeded), End(.failed, .deadlineExceeded)])
        case .folderless:
            // The disk takes the audio that came in the answer with it.
            let givenUp: Set<End> = [End(.failed, .internal), End(.failed, .deadlineExceeded)]
            if life.kind != .polled { return ends.union(givenUp).union([End(.succeeded)]) }
        default: break
        }
        return ends.isEmpty ? [End(.succeeded)] : ends
    }
}

extension AttemptRecord {
    /// The vendor surely has no job of it.
    fileprivate var surelyMadeNothing: Bool {
        providerTaskID == nil
            && (state == .canceled || state == .failed && error?.code == .providerUnavailable)
    }
}

/// Counts the cases, for whoever wants to know how much was tried.
enum Tally {
    private static let lives = Guarded<[String: Int]>([:])

    static func count(_ life: Life) {
        let isFirst = lives.withLock { lives in
            lives[life.testDescription, default: 0] += 1
            return lives.values.reduce(0, +) == 1
        }
        guard isFirst else { return }
        atexit {
            let (cases, lives) = Tally.lives.withLock { ($0.values.reduce(0, +), $0.count) }
            print("Steps: \(cases) cases over \(lives) lives.")
        }
    }
}
