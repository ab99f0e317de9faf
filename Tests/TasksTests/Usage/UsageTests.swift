import Providers
import Sound
import Tasks
import Testing

@Suite("What a task comes to")
struct UsageTests {
    private func begun(_ providers: [String] = ["a", "b"], takesPerCall: Int? = nil, takes: Int? = nil)
        -> Bench
    {
        var bench = Bench(admitted(at: providers, takesPerCall: takesPerCall) { $0.variations = takes })
        bench.apply(.slotGranted(request: 1, credential: "k", token: nil))
        return bench
    }

    /// Estimated, actual and total credits at a provider.
    private func credits(_ record: TaskRecord, at provider: String = "a") -> [Double] {
        let sums = record.usage.figures[
            Usage.Place(RouteName(provider: provider, operation: "sounds"), unit: "credits")
        ]
        return sums.map { [$0.estimated, $0.actual, $0.total].map { Double($0) / 1e6 } } ?? []
    }

    private func figures(_ record: TaskRecord, at provider: String = "a") -> UsageFigures {
        record.usage.figures[Usage.Place(RouteName(provider: provider, operation: "sounds"))]
            ?? UsageFigures()
    }

    @Test("A new task is one, with what all of its calls are reckoned to cost")
    func new() {
        #expect(figures(admitted()).tasks == 1)
        #expect(figures(admitted()).running == 1)
        #expect(figures(admitted()).attempts == 0)
        #expect(credits(admitted()) == [2.5, 0, 2.5])
        #expect(credits(admitted(takesPerCall: 1) { $0.variations = 5 }) == [2.5, 0, 2.5])
    }

    @Test("The estimate stays beside what the vendor says, which alone counts then")
    func settled() {
        var bench = begun()
        bench.apply(.accepted(attempt: 1, RemoteJob(id: "j")))
        bench.apply(
            .observed(
                attempt: 1,
                Observation(.succeeded, results: [take("s")], cost: Cost.Amount(0.99, "credits"))
            )
        )
        #expect(credits(bench.record) == [2.5, 0.99, 0.99])
    }

    @Test("A vendor's own estimate takes the place of ours")
    func estimated() {
        var bench = begun()
        bench.apply(.accepted(attempt: 1, RemoteJob(id: "j", cost: Cost.Amount(3, "credits"))))
        #expect(credits(bench.record) == [3, 0, 3])
    }

    @Test("The task counts where it is shown, each call where it was made, its price where it is paid")
    func movedOn() {
        var bench = begun()
        bench.apply(.refused(attempt: 1, Failure(.providerUnavailable, "x")))
        #expect(credits(bench.record) == [])
        #expect(credits(bench.record, at: "b") == [2.5, 0, 2.5])
        bench.apply(.slotGranted(request: 2, credential: "k", token: nil))
        let (first, second) = (figures(bench.record), figures(bench.record, at: "b"))
        #expect([first.tasks, first.attempts] == [0, 1])
        #expect([second.tasks, second.attempts] == [1, 1])
    }

    @Test("Only takes that are ready count, with the length that they have")
    func takes() {
        var bench = begun(["a"])
        bench.apply(.accepted(attempt: 1, RemoteJob(id: "j")))
        bench.apply(.observed(attempt: 1, Observation(.succeeded, results: [take("s1"), take("s2")])))
        #expect(figures(bench.record).outputs == 0)
        bench.apply(.outputKept(attempt: 1, index: 0, asset(seconds: 2.3456), title: nil))
        bench.apply(.outputFailed(attempt: 1, index: 1, Failure(.badResult, "x")))
        let sums = figures(bench.record)
        #expect([sums.tasks, sums.succeeded, sums.running] == [1, 1, 0])
        #expect([sums.outputs, sums.audioMilliseconds] == [1, 2346])
    }

    @Test("Several calls of one task are several attempts, each with its part of the price")
    func fanOut() {
        var bench = begun(["a"], takesPerCall: 1, takes: 2)
        bench.apply(.slotGranted(request: 2, credential: "k", token: nil))
        #expect(figures(bench.record).attempts == 2)
        bench.apply(.accepted(attempt: 1, RemoteJob(id: "j")))
        bench.apply(
            .observed(
                attempt: 1,
                Observation(.succeeded, results: [take("s")], cost: Cost.Amount(1, "credits"))
            )
        )
        #expect(credits(bench.record) == [2.5, 1, 2.25])
    }
}
