import Glibc
import JSON
import Support
import Testing

/// The course of a run: lives of a gateway under load, each ended by a kill, and one more in which everything ends.
struct ChaosRun {
    /// How a life of the gateway ends.
    private enum Death {
        /// In the middle of taking up what the last one has left, or still earlier.
        case starting(after: Duration)
        case working(after: Duration)
        /// So long after it was asked to stop; it may have done so by then.
        case stopping(after: Duration, kill: Duration)
    }

    /// How often each kind of end came about.
    struct Deaths {
        var starting = 0
        var working = 0
        var stopping = 0
        /// Asked to stop, it was faster than the kill.
        var inOrder = 0

        var kills: Int { starting + working + stopping }
    }

    let house: ChaosHouse
    let scale: ChaosScale
    let book = ChaosBook()
    private(set) var deaths = Deaths()

    private static let callers = 8

    var witnesses: ChaosWitnesses {
        ChaosWitnesses(scale: scale, book: book, doubles: house.doubles, sink: house.sink)
    }

    init(_ house: ChaosHouse, _ scale: ChaosScale) {
        self.house = house
        self.scale = scale
    }

    /// Creates and kills as often as the scale says; the result is a gateway that nobody kills, with all asked for.
    mutating func run() async throws -> (program: Program, gateway: Peer) {
        var chance = SeededGenerator(seed: scale.seed, stream: -1)
        var life = 0
        while deaths.kills < scale.kills {
            life += 1
            let program = try house.start()
            defer { program.send(SIGKILL) }
            let death = death(of: life, &chance)
            try await live(program, until: death, life)
            let status = await program.end(within: .seconds(10))
            switch (death, status) {
            case (.starting, 128 + SIGKILL): deaths.starting += 1
            case (.working, 128 + SIGKILL): deaths.working += 1
            case (.stopping, 128 + SIGKILL): deaths.stopping += 1
            case (.stopping, 0): deaths.inOrder += 1
            default: throw EndedByItself(status: status, errors: String(program.errors.suffix(2000)))
            }
        }
        let program = try house.start()
        let gateway = try await house.ready(program)
        try await work(at: gateway, until: scale.tasks, life: life + 1)
        return (program, gateway)
    }

    /// A gateway that nobody killed and that has ended.
    struct EndedByItself: Error {
        let status: Int32
        let errors: String
    }

    private func death(of life: Int, _ chance: inout SeededGenerator) -> Death {
        func random(_ milliseconds: Range<Int>) -> Duration {
            .milliseconds(Int.random(in: milliseconds, using: &chance))
        }
        let kind = Double.random(in: 0..<1, using: &chance)
        let span = random(20..<(scale.isLong ? 3500 : 2000))
        if kind < 0.15, life > 1 { return .starting(after: random(1..<150)) }
        return kind < 0.3 ? .stopping(after: span, kill: random(0..<150)) : .working(after: span)
    }

    /// Puts load on a gateway and kills it.
    private func live(_ program: Program, until death: Death, _ life: Int) async throws {
        if case .starting(let span) = death {
            try await Task.sleep(for: span)
            return program.send(SIGKILL)
        }
        let gateway = try await house.ready(program)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                switch death {
                case .starting: break
                case .working(let span): try await Task.sleep(for: span)
                case .stopping(let span, let kill):
                    try await Task.sleep(for: span)
                    program.send(SIGTERM)
                    try await Task.sleep(for: kill)
                }
                program.send(SIGKILL)
            }
            let limit = min(scale.tasks * (deaths.kills + 1) / scale.kills, scale.tasks)
            group.addTask { try await work(at: gateway, until: limit, life: life) }
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
                        hook: house.sink.url,
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
}
