import HTTPServer
import Providers
import Sound
import Support
import Tasks
import Testing

@Suite("What had better not be called", .timeLimit(.minutes(5)))
struct TroubleTests {
    private let route = RouteName(provider: "a", operation: "jobs")

    @Test("an operation that fails again and again is told of until its vendor answers")
    func failing() async throws {
        let time = DreamTime()
        let isUp = Observed(false)
        let vendor = PaperVendor(
            time,
            [
                "create": { turn, _ in
                    isUp.value ? .took("j\(turn)") : .refused(.providerUnavailable)
                }
            ]
        )
        try await withPaper([vendor], time: time, places: 10) { bench in
            #expect(bench.engine.troubles.isEmpty)
            var tasks: [TaskRecord] = []
            for _ in 0..<2 { tasks.append(try await bench.create("a/jobs")) }
            for task in tasks { #expect(try await bench.end(of: task).status == .failed) }
            #expect(vendor.count("create") >= 5)
            guard case .failing(let until)? = bench.engine.board.troubles(at: 0)[route] else {
                Issue.record("nothing is told of five failures in a row")
                return
            }
            #expect(bench.engine.board.troubles(at: until).isEmpty, "its pause is over by itself")
            isUp.change { $0 = true }
            _ = try await bench.accepted(try await bench.create("a/jobs"))
            #expect(bench.engine.board.troubles(at: 0).isEmpty)
        }
    }

    @Test("a provider whose only key is refused is told of for all its operations")
    func keys() async throws {
        let time = DreamTime()
        let vendor = PaperVendor(time, ["create": { _, _ in .refused(.providerAuth) }])
        try await withPaper([vendor], time: time) { bench in
            let ended = try await bench.end(of: try await bench.create("a/jobs"))
            #expect(ended.error?.code == .providerAuth)
            let audio = RouteName(provider: "a", operation: "audio")
            #expect(bench.engine.troubles == [route: .keysRefused, audio: .keysRefused])
        }
    }
}
