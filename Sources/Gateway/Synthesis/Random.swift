/// SplitMix64: a small generator whose numbers are the same everywhere, unlike those of the standard library.
struct Random: Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// The next 64 bits.
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// From 0 up to, but not including, 1.
    mutating func unit() -> Float { Float(next() >> 40) * 0x1p-24 }

    /// White noise: from -1 to 1.
    mutating func noise() -> Float { Float(Int32(truncatingIfNeeded: next() >> 32)) * 0x1p-31 }

    /// Evenly from one bound to the other.
    mutating func between(_ low: Float, _ high: Float) -> Float { low + (high - low) * unit() }

    /// Whether something with this probability happens.
    mutating func chance(_ probability: Float) -> Bool { unit() < probability }

    /// From 0 up to, but not including, `count`.
    mutating func index(_ count: Int) -> Int { Int(next() % UInt64(max(count, 1))) }

    /// One of the elements, which must not be none.
    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[index(elements.count)] }
}

/// FNV-1a over the text's UTF-8.
func fingerprint(_ text: String) -> UInt64 {
    text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
}
