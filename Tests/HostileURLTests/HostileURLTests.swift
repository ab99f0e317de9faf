import Testing
import Threads

private let workers: Result<WorkerPool, any Error> = Result { try WorkerPool(name: "outside", threads: 1) }

@Suite("URLs that others choose")
struct HostileURLTests {
    @Test("the table is as long as was promised, and names nothing twice")
    func length() {
        #expect(HostileURL.all.count >= 90)
        #expect(Set(HostileURL.all.map(\.url)).count == HostileURL.all.count)
    }

    @Test(
        "reach nobody, in a network namespace in which every address would answer",
        .enabled(
            if: !Namespace.isInside && Namespace.isAvailable,
            "this system lets us make no network namespace, so the table of hostile URLs was NOT held against the guard"
        ),
        .timeLimit(.minutes(5))
    )
    func inside() async throws {
        let ended = try await workers.get().run { try Namespace.run(only: "HostileURLTests.InsideTests") }
        #expect(ended.status == 0, "\(ended.output)")
        // A filter that finds nothing would be content as well.
        #expect(ended.output.contains("the guard holds"), "\(ended.output)")
        #expect(ended.output.contains("without the guard"), "\(ended.output)")
    }
}
