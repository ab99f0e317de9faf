import Emulators
import HTTP
import JSON
import Providers
import Sound
import Support
import Tasks
import Testing

/// Every operation of every vendor with every fault that its double can play.
@Suite("The fault matrix", .timeLimit(.minutes(10)))
struct FaultMatrixTests {
    @Test("each fault ends as the table says, with as many creates", arguments: FaultTable.rows)
    func row(_ row: Row) async throws {
        let vendor = row.subject.vendor
        try await withHouse(row.rules, vendor: vendor) { house in
            _ = try await house.control(.post, "faults", row.mishap.script(at: vendor))
            let task = try await house.create(row.subject.request, along: [row.subject.route])
            try await row.intervene(in: house, task)
            let ended = try await house.end(of: task)
            let seen = Expectation(
                status: ended.status,
                error: ended.error?.code,
                attempts: ended.attempts.map(\.state),
                creates: try await house.calls("create", at: vendor),
                accepted: try await house.accepted()
            )
            #expect(seen == row.expected, "\(house.messages.value.suffix(12))")
            expectWholeness(ended)
            if row.mishap.call == .create, let refusal = row.mishap.refusal,
                row.expected.attempts[0] == .failed
            {
                // The vendor's own word or number is kept for the operator.
                let said = try #require(ended.attempts.first?.error?.providerCode)
                #expect(row.subject.hasWords || said == refusal.description)
            }
            if row.mishap.kind == "forged", row.rules.callbacks != .off {
                await house.host.settleCallbacks()
                let counts = try #require(await house.engine.load()[vendor]?.callbacks)
                #expect((counts.forged > 0) == row.subject.signsCallbacks)
                #expect(counts.used == 0 || !row.subject.signsCallbacks)
            }
        }
    }

    /// What holds of every ended task, whatever its end.
    private func expectWholeness(_ ended: TaskRecord) {
        #expect(ended.waiting.isEmpty)
        #expect(!ended.outputs.contains { $0.status == .pending })
        #expect(!ended.attempts.contains { $0.state == .intended || $0.state == .accepted })
        #expect((ended.status == .succeeded) == ended.outputs.contains { $0.status == .ready })
        #expect((ended.error == nil) == (ended.status == .succeeded))
    }

    @Test(
        "with another candidate behind it, just the listed failures move on",
        arguments: FaultTable.rows.filter { $0.expected.status == .failed && $0.rules.callbacks == .off }
    )
    func nextCandidate(_ row: Row) async throws {
        let (vendor, second) = (row.subject.vendor, row.subject.second)
        try await withHouse(row.rules, vendor: vendor) { house in
            _ = try await house.control(.post, "faults", row.mishap.script(at: vendor))
            let task = try await house.create(row.subject.request, along: [row.subject.route, second])
            let ended = try await house.end(of: task)
            #expect(try await house.calls("create", at: vendor) == 1)
            #expect(try await house.calls("create", at: second.provider) == (row.expected.movesOn ? 1 : 0))
            if row.expected.movesOn {
                #expect(ended.status == .succeeded)
                #expect(ended.attempts.map(\.name) == [row.subject.route, second])
                #expect(ended.attempts.map(\.state) == [.failed, .succeeded])
                #expect(ended.attempts.first?.error?.code == row.expected.error)
            } else {
                #expect(ended.status == .failed)
                #expect(ended.error?.code == row.expected.error)
                #expect(ended.attempts.map(\.state) == row.expected.attempts)
            }
        }
    }

    @Test("calls that an operation never makes cannot go wrong", arguments: Subject.all)
    func neverMade(_ subject: Subject) async throws {
        let rules = HouseRules(callbacks: .on)
        try await withHouse(rules, vendor: subject.vendor) { house in
            let known = try await house.known(at: subject.vendor)
            // Of the account, and not of a task.
            let outside: Set<Call> = [.credits, .registration, .lyrics, .cancel]
            var scripted = 0
            for call in Call.allCases where !subject.calls.contains(call) || outside.contains(call) {
                for kind in known[call] ?? [] {
                    let refusal: Refusal? = kind == "refuse" ? 500 : nil
                    let mishap = Mishap(call: call, kind: kind, times: .count(1), refusal: refusal)
                    _ = try await house.control(.post, "faults", mishap.script(at: subject.vendor))
                    scripted += 1
                }
            }
            let ended = try await house.end(of: house.create(subject.request, along: [subject.route]))
            #expect(ended.status == .succeeded)
            let left = try await house.control(.get, "faults")["faults"]?.array?.count
            #expect(left == scripted)
        }
    }

    @Test("the table names every fault that a double knows")
    func completeness() async throws {
        try await withHouse(HouseRules(), vendor: "sunoapi") { house in
            let table = try #require(try await house.control(.get, "faults")["known"]?.object)
            #expect(Set(table.map(\.key)) == Set(Subject.all.map(\.vendor)))
            for subject in Subject.all {
                let named = FaultTable.kinds(of: subject)
                for (call, kinds) in try await house.known(at: subject.vendor)
                where subject.calls.contains(call) {
                    let missing = kinds.subtracting(named[call] ?? [])
                    #expect(missing.isEmpty, "\(subject.route), \(call.rawValue): \(missing.sorted())")
                }
            }
        }
    }
}

extension CaseHouse {
    /// The kinds of faults that a vendor's double knows; fails for a kind of call that the table has never heard of.
    func known(at vendor: String) async throws -> [Call: Set<String>] {
        let table = try await control(.get, "faults")["known"]?[vendor]?.object
        return try (table ?? [:]).reduce(into: [:]) { known, member in
            let call = try #require(
                Call(rawValue: member.key),
                "\(member.key) is no kind of call in the table"
            )
            known[call] = Set((member.value.array ?? []).compactMap(\.string))
        }
    }
}

extension Row {
    /// What the test itself has to do while the task is under way.
    fileprivate func intervene(in house: CaseHouse, _ task: TaskRecord) async throws {
        switch mishap.call {
        case .cancel:
            await house.ledger.until { $0.attempts.contains { $0.state == .accepted } }
            _ = try await house.engine.cancel(task.id)
            await house.messages.until { $0.contains("a provider was asked to cancel a job") }
            #expect(try await house.calls("cancel", at: subject.vendor) == 1)
        case .callback where mishap.kind == "never":
            await house.ledger.until { $0.attempts.contains { $0.state == .accepted } }
            await house.host.settleCallbacks()
            house.time.advance(by: CaseHouse.deadline)
        default: break
        }
    }
}
