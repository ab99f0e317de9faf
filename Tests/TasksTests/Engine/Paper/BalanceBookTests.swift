import HTTP
import HTTPServer
import JSON
import Providers
import Sound
import Support
import Tasks
import Testing

@Suite("The book of balances", .timeLimit(.minutes(5)))
struct BalanceBookTests {
    private func book(_ bench: PaperBench) -> BalanceBook {
        BalanceBook(loop: bench.loop, client: bench.client, time: bench.time)
    }

    @Test("a key's balance is asked for at most once a minute, and the last word stands")
    func onceAMinute() async throws {
        let time = DreamTime(jumping: 0)
        let vendor = PaperVendor(
            time,
            ["balance": { turn, _ in turn <= 2 ? .json(["left": 5]) : Response(.badGateway) }]
        )
        try await withPaper([vendor], time: time, keys: 2) { bench in
            let book = book(bench)
            let provider = bench.providers[0]
            let first = await book.balances(of: provider)
            #expect(first.mapValues(\.balance.amount) == ["key-1": 5, "key-2": 5])
            time.advance(by: 59)
            #expect(await book.balances(of: provider) == first)
            #expect(vendor.count("balance") == 2)
            time.advance(by: 1)
            // What is known is told at once, while the vendor is asked.
            #expect(await book.balances(of: provider) == first)
            await vendor.isAsked("balance", times: 4)
            #expect(await book.balances(of: provider) == first)
            #expect(vendor.count("balance") == 4)
        }
    }

    @Test("callers at the same time share one question")
    func shared() async throws {
        let time = DreamTime(jumping: 0)
        let gate = Observed(false)
        let vendor = PaperVendor(
            time,
            [
                "balance": { _, _ in
                    await gate.until { $0 }
                    return .json(["left": 5])
                }
            ]
        )
        try await withPaper([vendor], time: time) { bench in
            let book = book(bench)
            let provider = bench.providers[0]
            await withTaskGroup(of: Int.self) { group in
                for _ in 0..<5 { group.addTask { await book.balances(of: provider).count } }
                await vendor.isAsked("balance")
                gate.change { $0 = true }
                for await count in group { #expect(count == 1) }
            }
            #expect(vendor.count("balance") == 1)
        }
    }

    @Test("a vendor that does not answer holds nobody for long, and is not asked again at once")
    func dead() async throws {
        let time = DreamTime(jumping: 0)
        let gate = Observed(false)
        let vendor = PaperVendor(
            time,
            [
                "balance": { _, _ in
                    await gate.until { $0 }
                    return .json([:])
                }
            ]
        )
        try await withPaper([vendor], time: time) { bench in
            let book = book(bench)
            // Comes back by the book's own limit: nobody opens the gate.
            #expect(await book.balances(of: bench.providers[0]).isEmpty)
            #expect(await book.balances(of: bench.providers[0]).isEmpty)
            #expect(vendor.count("balance") == 1)
            gate.change { $0 = true }
        }
    }
}
