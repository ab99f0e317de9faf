import Glibc
import JSON
import Testing

/// The course of a run: lives of a gateway under load, each ended by a kill, and one more in which everything ends.
struct ChaosRun {
    let house: ChaosHouse
    let scale: ChaosScale
    let book = ChaosBook()
    private(set) var killsBeforeReady = 0

    private static let callers = 8

    init(_ house: ChaosHouse, _ scale: ChaosScale) {
        self.house = house
        self.scale = scale
    }

    /// Creates and kills as often as the scale says; the result is a gateway that nobody kills, with all asked for.
    mutating func run() async throws -> (program: Program, gateway: Peer) {
        var chance = SeededGenerator(seed: scale.seed, stream: -1)
        for life in 1...scale.kills {
            let program = try house.start()
            defer { program.send(SIGKILL) }
            // Now and then in the middle of taking up what the last one has left.
            if life > 1, chance.shows(0.2) {
                killsBeforeReady += 1
                try await Task.sleep(for: .milliseconds(Int.random(in: 1..<150, using: &chance)))
            } else {
                let span = Duration.milliseconds(
                    Int.random(in: 20..<(scale.isLong ? 3500 : 2000), using: &chance)
                )
                try await live(program, span, life)
            }
            program.send(SIGKILL)
            try #require(
                await program.end(within: .seconds(10)) == 128 + SIGKILL,
                "it ended before it was killed: \(program.errors.suffix(2000))"
            )
        }
        let program = try house.start()
        let gateway = try await house.ready(program)
        try await work(at: gateway, until: scale.tasks, life: scale.kills + 1)
        return (program, gateway)
    }

    /// Puts load on a gateway and kills it after a span.
    private func live(_ program: Program, _ span: Duration, _ life: Int) async throws {
        let gateway = try await house.ready(program)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await Task.sleep(for: span)
                program.send(SIGKILL)
            }
            group.addTask { try await work(at: gateway, until: scale.tasks * life / scale.kills, life: life) }
            try await group.waitForAll()
        }
    }

    private func work(at gateway: Peer, until limit: Int, life: Int) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for caller in 0..<Self.callers {
                let chance = SeededGenerator(seed: scale.seed, stream: -1000 - life * Self.callers - caller)
                group.addTask {
                    var caller = ChaosCaller(
                        gateway: gateway,
                        book: book,
                        scale: scale,
                        limit: limit,
                        chance: chance
                    )
                    _ = try await caller.work()
                }
            }
            try await group.waitForAll()
        }
    }

    /// Every task that there is, as soon as all have ended or nothing can be expected to end any more.
    func settle(_ gateway: Peer) async throws -> [JSONValue] {
        // A task with something at a vendor gets a minute after a restart, whatever its deadline was.
        let limit = Duration.seconds(scale.deadline + 90)
        do {
            let _: Bool = try await eventually("the end of every task", within: limit) {
                for status in ["queued", "running"] {
                    let page = try await gateway.get("/v1/sounds?status=\(status)&limit=1").json
                    if page["data"]?.array?.isEmpty != true { return nil }
                }
                return true
            }
        } catch is NeverCame {
            // The audit tells which.
        }
        return try await allTasks(gateway)
    }

    private func allTasks(_ gateway: Peer) async throws -> [JSONValue] {
        var tasks: [JSONValue] = []
        var cursor = ""
        while true {
            let page = try await gateway.get("/v1/sounds?limit=100\(cursor)").json
            tasks += try #require(page["data"]?.array)
            guard let next = page["next_cursor"]?.string else { return tasks }
            cursor = "&cursor=\(next)"
        }
    }
}
