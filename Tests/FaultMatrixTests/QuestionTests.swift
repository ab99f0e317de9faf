import HTTP
import JSON
import Providers
import Sound
import Tasks
import Testing

/// Faults in calls that decide nothing: what they would tell is missing, and no more.
@Suite("Faults beside the way", .timeLimit(.minutes(5)))
struct QuestionTests {
    @Test(
        "lyrics that cannot be had hold back no audio",
        arguments: FaultTable.lyrics,
        Subject.all.filter { $0.calls.contains(.lyrics) }
    )
    func lyrics(_ mishap: Mishap, _ subject: Subject) async throws {
        try await withHouse(HouseRules(), vendor: subject.vendor) { house in
            _ = try await house.control(.post, "faults", mishap.script(at: subject.vendor))
            var request = subject.request
            request.timedLyrics = true
            let ended = try await house.end(of: house.create(request, along: [subject.route]))
            #expect(ended.status == .succeeded)
            let isTold = mishap.times != .always || mishap.kind == "slow"
            #expect(ended.outputs.allSatisfy { ($0.timedLyrics != nil) == isTold })
            #expect(try await house.calls("create", at: subject.vendor) == 1)
        }
    }

    @Test(
        "a balance that cannot be had is not told",
        arguments: FaultTable.credits,
        Subject.all.filter { $0.calls.contains(.credits) && $0.route != Subject.elevenLabsMusic.route }
    )
    func credits(_ mishap: Mishap, _ subject: Subject) async throws {
        try await withHouse(HouseRules(), vendor: subject.vendor) { house in
            _ = try await house.control(.post, "faults", mishap.script(at: subject.vendor))
            let provider = try #require(house.providers.first { $0.id == subject.vendor })
            let book = BalanceBook(loop: house.loop, client: house.client, time: house.time)
            let balances = await book.balances(of: provider)
            #expect(balances.keys.map { $0 } == (mishap.kind == "slow" ? ["main"] : []))
            #expect(try await house.calls("credits", at: subject.vendor) == 1)
        }
    }
}
