import HTTPServer
import HTTP
import Sound
import Testing
import Threads
import Webhooks

@Suite("A rough day")
struct RoughDayTests {
    /// What the receiver has seen, beside the letters themselves.
    private struct Seen {
        var chance: Chance
        var underWay: [String: Int] = [:]
        var most = 0
        var taken: [String: Int] = [:]
    }

    /// Numbers of the messages of each task, in the order in which their first copies came.
    private static func order(_ letters: [Post.Letter]) -> [String: [Int]] {
        var seen: Set<String> = []
        var order: [String: [Int]] = [:]
        for letter in letters {
            guard let id = letter.id, seen.insert(id).inserted else { continue }
            let parts = id.split(separator: "_")
            order[String(parts[1]), default: []].append(Int(parts[2]) ?? 0)
        }
        return order
    }

    @Test(
        "whatever fails, every message is delivered or dead, in order, and four at a time",
        arguments: 1...8
    )
    func everythingArrives(_ seed: Int) async throws {
        try await withPost { post in
            let seen = Guarded(Seen(chance: Chance(seed: seed)))
            post.receiver.answers { letter in
                let status = seen.withLock { seen in
                    seen.underWay[letter.host, default: 0] += 1
                    seen.most = max(seen.most, seen.underWay[letter.host] ?? 0)
                    return [200, 200, 200, 500, 503, 404][seen.chance.number(below: 6)]
                }
                await Task.yield()
                seen.withLock { seen in
                    seen.underWay[letter.host, default: 0] -= 1
                    if status == 200 { seen.taken[letter.id ?? "", default: 0] += 1 }
                }
                return Response(Status(status))
            }
            post.outbox.fail(by: Chance(seed: -seed))
            for task in 0..<12 {
                for number in 1...4 {
                    let host = task % 2 == 0 ? "127.0.0.1" : "localhost"
                    post.add("evt_\(task)_\(number)", task: "snd_\(task)", number: number, host: host)
                }
            }
            post.courier.nudge()
            try await post.until("everything is settled") {
                post.time.advance(by: .seconds(600))
                return post.outbox.all.allSatisfy { $0.state != .pending }
            }
            for message in post.outbox.all where message.state == .delivered {
                #expect(seen.withLock { $0.taken[message.id] ?? 0 } >= 1)
            }
            let order = Self.order(post.receiver.letters)
            #expect(order.count == 12)
            #expect(order.values.allSatisfy { $0 == [1, 2, 3, 4] })
            #expect(seen.withLock { $0.most } <= 4)
            post.outbox.fail(by: nil)
            await post.courier.stop(within: .zero)
            #expect(post.outbox.leased.isEmpty)
        }
    }
}
