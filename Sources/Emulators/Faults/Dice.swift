/// Draws that are the same for the same seed.
///
/// SplitMix64, as the synthesizer has it; a double shares nothing with the product that could be wrong in both.
struct Dice: Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// Whether something comes about that does so with this chance, 0–1.
    mutating func shows(_ chance: Double) -> Bool {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        bits ^= bits >> 31
        return Double(bits >> 11) / Double(1 << 53) < chance
    }
}
