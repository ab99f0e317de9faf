/// A small room of combs and allpasses after Schroeder, different on each side.
struct Reverb {
    private var combs: [DelayLine]
    private var passes: [DelayLine]
    private let feedback: Float

    /// `size` from 0 (a room) to 1 (a cathedral).
    init(size: Float) {
        feedback = 0.72 + 0.2 * size
        let lengths = [1116, 1277, 1422, 1557]
        combs = lengths.map { DelayLine(length: $0) } + lengths.map { DelayLine(length: $0 + 23) }
        passes = [556, 225, 579, 248].map { DelayLine(length: $0) }
    }

    /// The echo of a frame, without the frame itself.
    mutating func next(_ left: Float, _ right: Float) -> (Float, Float) {
        let input = (left + right) * 0.2
        var wet: (Float, Float) = (0, 0)
        for line in 0..<4 {
            wet.0 += combs[line].comb(input, feedback)
            wet.1 += combs[line + 4].comb(input, feedback)
        }
        wet.0 = passes[1].allpass(passes[0].allpass(wet.0))
        wet.1 = passes[3].allpass(passes[2].allpass(wet.1))
        return wet
    }
}

/// A ring of samples.
private struct DelayLine {
    private var ring: [Float]
    private var place = 0
    private var damped: Float = 0

    init(length: Int) { ring = [Float](repeating: 0, count: length) }

    mutating func comb(_ input: Float, _ feedback: Float) -> Float {
        let output = ring[place]
        damped = output * 0.7 + damped * 0.3
        store(input + damped * feedback)
        return output
    }

    mutating func allpass(_ input: Float) -> Float {
        let held = ring[place]
        store(input + held * 0.5)
        return held - input
    }

    private mutating func store(_ value: Float) {
        ring[place] = value
        place += 1
        if place == ring.count { place = 0 }
    }
}
