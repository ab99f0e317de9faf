import Providers
import Sound
import Tasks
import Testing

@Suite("What a task takes of a quota")
struct ChargeTests {
    private static func charge(tasks: Int64 = 1, _ credits: [String: Double] = [:]) -> Charge {
        var charge = Charge()
        charge.add(tasks * Charge.one, on: .tasks)
        for (provider, amount) in credits {
            charge.add(Int64(amount * 1e6), on: Meter("credits", of: provider))
        }
        return charge
    }

    /// A bench whose only call has been begun.
    private func begun(_ providers: [String] = ["a", "b"]) -> Bench {
        var bench = Bench(admitted(at: providers))
        bench.apply(.slotGranted(request: 1, credential: "k", token: nil))
        return bench
    }

    @Test("A new task reserves what all of its calls are estimated to cost")
    func reserved() {
        #expect(admitted().charge == Self.charge(["a": 2.5]))
        let several = admitted(takesPerCall: 1) { $0.variations = 5 }
        #expect(several.charge == Self.charge(["a": 2.5]), "the estimate is over all calls")
        #expect(begun().record.charge == Self.charge(["a": 2.5]))
    }

    @Test("What is refused takes nothing, and the next provider's price takes its place")
    func refused() {
        var bench = begun()
        bench.apply(.refused(attempt: 1, Failure(.providerUnavailable, "x")))
        #expect(bench.record.charge == Self.charge(["b": 2.5]))
        bench.apply(.slotGranted(request: 2, credential: "k", token: nil))
        bench.apply(.refused(attempt: 2, Failure(.providerRejected, "x")))
        #expect(bench.record.status == .failed)
        #expect(bench.record.charge == Charge())
    }

    @Test("What the vendor says is what counts")
    func settled() {
        var bench = begun()
        bench.apply(.accepted(attempt: 1, RemoteJob(id: "j", cost: Cost.Amount(3, "credits"))))
        #expect(bench.record.charge == Self.charge(["a": 3]))
        bench.apply(
            .observed(
                attempt: 1,
                Observation(.succeeded, results: [take("s")], cost: Cost.Amount(0.99, "credits"))
            )
        )
        #expect(bench.record.charge == Self.charge(["a": 0.99]))
    }

    @Test("What the vendor failed costs nothing, unless it has told a price; it was a task all the same")
    func failed() {
        let failure = Observation(.failed(Failure(.contentPolicy, "x")))
        var bench = begun(["a"])
        bench.apply(.accepted(attempt: 1, RemoteJob(id: "j")))
        bench.apply(.observed(attempt: 1, failure))
        #expect(bench.record.status == .failed)
        #expect(bench.record.charge == Self.charge())
        var priced = begun(["a"])
        priced.apply(.accepted(attempt: 1, RemoteJob(id: "j")))
        priced.apply(.observed(attempt: 1, Observation(.running, cost: Cost.Amount(2, "credits"))))
        priced.apply(.observed(attempt: 1, failure))
        #expect(priced.record.charge == Self.charge(["a": 2]))
    }

    @Test(
        "What was or may have been taken by a vendor is paid for, whatever we do",
        arguments: [true, false]
    )
    func unknown(isAccepted: Bool) {
        var bench = begun(["a"])
        bench.apply(
            isAccepted
                ? .accepted(attempt: 1, RemoteJob(id: "j")) : .acceptanceUnknown(attempt: 1)
        )
        bench.apply(.deadlinePassed)
        #expect(bench.record.status == .failed)
        #expect(bench.record.charge == Self.charge(["a": 2.5]))
    }

    @Test("A task that is canceled before anything left takes nothing")
    func canceled() {
        var bench = Bench(admitted(at: ["a"]))
        bench.apply(.cancelRequested)
        #expect(bench.record.charge == Charge())
        var late = begun(["a"])
        late.apply(.notBegun(attempt: 1))
        late.apply(.cancelRequested)
        #expect(late.record.charge == Charge())
    }

    @Test("Taking and giving back in any order comes to nothing")
    func exact() {
        var sum = Charge()
        for number in 1...1000 {
            var part = Charge()
            part.add(Int64((Double(number) * 0.99 * 1e6).rounded()), on: Meter("credits", of: "a"))
            sum = part.change(since: sum.change(since: part))
            sum = sum.change(since: part).change(since: sum.change(since: Charge()))
            sum = sum.change(since: sum)
        }
        #expect(sum.isEmpty)
    }

    @Test("A unit at all providers covers it at each, and tasks cover nothing else")
    func meters() {
        let charge = Self.charge(["a": 1, "b": 2])
        #expect(charge.amount(on: Meter("credits")) == 3 * Charge.one)
        #expect(charge.amount(on: Meter("credits", of: "b")) == 2 * Charge.one)
        #expect(charge.amount(on: .tasks) == Charge.one)
        #expect(charge.amount(on: Meter("characters")) == 0)
    }
}
