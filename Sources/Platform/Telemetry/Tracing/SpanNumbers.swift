import Synchronization

/// Numbers for ids that have to differ and be spread, and are no secrets.
///
/// One step of SplitMix64 from a random beginning: a system call for each id of each span would cost more than the span.
enum SpanNumbers {
    private static let counter = Atomic<UInt64>(.random(in: 0 ... .max))
    private static let seed = UInt64.random(in: 0 ... .max)

    /// A number that is not 0.
    static func next() -> UInt64 {
        while true {
            let count = counter.wrappingAdd(0x9E37_79B9_7F4A_7C15, ordering: .relaxed).newValue
            let number = mix(count)
            if number != 0 { return number }
        }
    }

    /// Two numbers of one step.
    static func pair() -> (UInt64, UInt64) {
        let low = next()
        return (mix(low ^ seed), low)
    }

    private static func mix(_ value: UInt64) -> UInt64 {
        var mixed = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
