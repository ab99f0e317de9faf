import Glibc

/// Numbers by chance that are the same for the same seed.
struct Draws: Sendable {
    private var state: UInt64

    /// Draws for one purpose; those of different streams have nothing in common.
    init(seed: UInt64, stream: UInt64) {
        state = Self.mixed(seed ^ Self.mixed(stream &+ 0x9E37_79B9_7F4A_7C15))
    }

    /// SplitMix64's last step.
    static func mixed(_ value: UInt64) -> UInt64 {
        var mixed = value
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.mixed(state)
    }

    /// In 0..<1.
    mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

    mutating func below(_ count: Int) -> Int { Int(next() % UInt64(max(count, 1))) }

    mutating func happens(_ share: Double) -> Bool { share > 0 && unit() < share }

    mutating func normal() -> Double {
        let (u, v) = (1 - unit(), unit())
        return (-2 * log(u)).squareRoot() * cos(2 * .pi * v)
    }

    /// A span in nanoseconds, log-normal around a median in milliseconds, no more than fifty times that.
    mutating func span(_ median: Double, _ spread: Double) -> UInt64 {
        UInt64(min(median * exp(spread * normal()), median * 50) * 1e6)
    }
}

/// What becomes of a create and of its job: decided by the vendor, whenever and by whomever it is asked.
struct Fate: Sendable {
    enum Create: UInt8, Sendable { case taken, busy, rejected, unreachable, lost, lostOnTheWay }

    let create: Create
    /// How long the job takes, in nanoseconds.
    let span: UInt64
    let fails: Bool
    let callsBack: Bool
    let isUnusable: Bool

    init(_ parameters: Parameters, task: UInt32, attempt: Int) {
        var draws = Draws(seed: parameters.seed, stream: UInt64(task) << 8 | UInt64(attempt & 0xFF))
        var chance = draws.unit()
        func falls(_ share: Double) -> Bool {
            defer { chance -= share }
            return chance < share && chance >= 0
        }
        if falls(parameters.busy) {
            create = .busy
        } else if falls(parameters.rejected) {
            create = .rejected
        } else if falls(parameters.unreachable) {
            create = .unreachable
        } else if falls(parameters.lost) {
            create = draws.happens(0.5) ? .lost : .lostOnTheWay
        } else {
            create = .taken
        }
        span = draws.span(parameters.jobSeconds * 1000, parameters.jobSpread)
        fails = draws.happens(parameters.failed)
        callsBack = draws.happens(parameters.callbacks)
        isUnusable = draws.happens(parameters.unusable)
    }

    /// Whether the vendor is at work after it.
    var isTaken: Bool { create == .taken || create == .lost }
}
