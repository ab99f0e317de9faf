import Glibc

/// How much chaos: little by default, for every run of the tests; `make chaos` asks for more.
struct ChaosScale: Sendable {
    /// How often the gateway is killed: `SOUNDGATE_CHAOS_KILLS`.
    var kills = 6
    /// How many sounds are asked for: `SOUNDGATE_CHAOS_TASKS`.
    var tasks = 240
    /// What all chance follows from, as far as the order of concurrent calls lets it: `SOUNDGATE_CHAOS_SEED`.
    var seed = UInt64.random(in: 1..<1_000_000)
    /// Whether the folder is kept although nothing is wrong: `SOUNDGATE_CHAOS_KEEP=1`.
    var keepsAll = false

    /// Whether the run may take minutes: only then there are jobs that never end.
    var isLong: Bool { kills > 10 }
    /// The deadline of each task in seconds.
    ///
    /// Short enough that what stays unknown ends within the run, and long enough that most tasks succeed.
    var deadline: Int { isLong ? 45 : 15 }

    /// What the environment asks for.
    static var asked: ChaosScale {
        var scale = ChaosScale()
        scale.kills = number("KILLS") ?? scale.kills
        scale.tasks = number("TASKS") ?? scale.tasks
        scale.seed = number("SEED") ?? scale.seed
        scale.keepsAll = number("KEEP") == 1
        return scale
    }

    private static func number<Value: FixedWidthInteger>(_ name: String) -> Value? {
        getenv("SOUNDGATE_CHAOS_\(name)").flatMap { Value(String(cString: $0)) }
    }
}
