import Glibc
import Synthesis

/// A rendered sound, with the measurements that the rules are held by.
struct Sound {
    let left: [Float]
    let right: [Float]
    let rate = Double(Synthesizer.sampleRate)

    init(_ specification: SoundSpecification, block: Int = 4096) {
        var synthesizer = Synthesizer(specification)
        var buffer: [Float] = []
        var left: [Float] = []
        var right: [Float] = []
        left.reserveCapacity(synthesizer.frameCount)
        right.reserveCapacity(synthesizer.frameCount)
        while synthesizer.render(into: &buffer, frames: block) > 0 {
            for index in stride(from: 0, to: buffer.count, by: 2) {
                left.append(buffer[index])
                right.append(buffer[index + 1])
            }
        }
        self.left = left
        self.right = right
    }

    var frames: Int { left.count }
    var peak: Float { max(left.map(abs).max() ?? 0, right.map(abs).max() ?? 0) }

    /// dB relative to full scale.
    var level: Double {
        let energy = left.reduce(0.0) { $0 + Double($1 * $1) } + right.reduce(0.0) { $0 + Double($1 * $1) }
        return 10 * log10(max(energy / Double(2 * frames), 1e-20))
    }

    var offset: Double { left.reduce(0.0) { $0 + Double($1) } / Double(frames) }

    /// How alike two sounds are, from -1 to 1.
    func correlation(with other: Sound) -> Double {
        var (cross, mine, theirs) = (0.0, 0.0, 0.0)
        for (first, second) in zip(left, other.left) {
            cross += Double(first * second)
            mine += Double(first * first)
            theirs += Double(second * second)
        }
        return cross / max((mine * theirs).squareRoot(), 1e-12)
    }

    /// The largest step between neighbours, inside and at the join of a loop.
    func steps() -> (inside: Float, join: Float) {
        var inside: Float = 0
        for index in 1..<frames { inside = max(inside, abs(left[index] - left[index - 1])) }
        return (inside, abs(left[0] - left[frames - 1]))
    }

    /// The largest second difference, inside and at the join of a loop.
    func bends() -> (inside: Float, join: Float) {
        func bend(_ index: Int) -> Float {
            let before = left[(index + frames - 1) % frames]
            let after = left[(index + 1) % frames]
            return abs(before + after - 2 * left[index % frames])
        }
        var inside: Float = 0
        for index in 1..<frames - 1 { inside = max(inside, bend(index)) }
        return (inside, max(bend(frames - 1), bend(0)))
    }

    /// Energies of consecutive windows.
    func energies(window: Int) -> [Double] {
        stride(from: 0, to: frames - window, by: window).map { start in
            left[start..<start + window].reduce(0.0) { $0 + Double($1 * $1) }
        }
    }

    /// How strongly events begin at the beats of a tempo, against everywhere else: 1 is chance.
    func pulse(tempo: Double) -> Double {
        let hop = 220
        let levels = energies(window: hop).map { ($0 / Double(hop) + 1e-7).squareRoot() }
        let rises = zip(levels.dropFirst(), levels).map { max(0, $0 - $1) }
        let mean = rises.reduce(0, +) / Double(rises.count)
        let beat = 60 / tempo * rate / Double(hop)
        var strengths: [Double] = []
        var place = beat
        while Int(place) + 2 < rises.count {
            let middle = Int(place.rounded()) - 1
            // Two windows either way are 10 ms.
            strengths.append(rises[(middle - 2)...(middle + 2)].max() ?? 0)
            place += beat
        }
        return strengths.reduce(0, +) / Double(max(strengths.count, 1)) / max(mean, 1e-12)
    }

    /// The share of the energy on the notes of a key among that on all notes from C2 to B5.
    func share(of key: ScaleKey) -> Double {
        // The highest note is under 1 kHz, so a quarter of the samples will do.
        let samples = stride(from: 0, to: frames - Self.thinning, by: Self.thinning).map { start in
            left[start..<start + Self.thinning].reduce(0.0) { $0 + Double($1) }
        }
        var (inside, all) = (0.0, 0.0)
        let classes = Set(key.steps.map { ($0 + key.tonic) % 12 })
        for note in 36..<84 {
            let energy = energy(at: 440 * exp2((Double(note) - 69) / 12), of: samples)
            all += energy
            if classes.contains(note % 12) { inside += energy }
        }
        return inside / max(all, 1e-20)
    }

    private static let thinning = 4

    /// Goertzel's algorithm under a Hann window.
    private func energy(at frequency: Double, of samples: [Double]) -> Double {
        let turn = 2 * cos(2 * .pi * frequency / rate * Double(Self.thinning))
        var (first, second) = (0.0, 0.0)
        for (index, sample) in samples.enumerated() {
            let window = 0.5 - 0.5 * cos(2 * .pi * Double(index) / Double(samples.count))
            (first, second) = (sample * window + turn * first - second, first)
        }
        return first * first + second * second - turn * first * second
    }
}
