import Glibc

/// Makes the sound of a specification, block by block.
///
/// Pure: no I/O, no clock, no shared state.
///
/// The first block takes the work: it makes a cycle of at most 24 s, which a longer sound repeats (whole bars when there is a tempo).
/// Memory stays under 20 MiB for any length.
///
/// A loop whose length isn't whole beats keeps its exact length, and its beats stay on the grid of the tempo counted from the start;
/// a last beat with less than half of its time left is dropped, so the join doesn't stutter. Tempos under 40 are heard with subdivisions.
package struct Synthesizer: Sendable {
    /// Frames per second.
    package static let sampleRate = 44_100
    /// Samples in a frame: left, right.
    package static let channels = 2

    private let plan: Plan
    private let loops: Bool
    private var cycle: Canvas?
    private var position = 0

    /// Reads the specification; no sound is made before the first `render`.
    package init(_ specification: SoundSpecification) {
        plan = Plan(specification)
        loops = specification.loop
    }

    /// How long the whole sound is, in frames.
    package var frameCount: Int { plan.frames }

    /// Names of the recipes that the prompt chose.
    package var layers: [String] { plan.recipes.map(\.rawValue) }

    /// A short title made of the layers, such as "Rain, thunder".
    package var title: String {
        let text = layers.joined(separator: ", ")
        return text.prefix(1).uppercased() + text.dropFirst()
    }

    /// Fills `buffer` with the next interleaved frames, at most `frames`, and returns how many there were: 0 at the end.
    package mutating func render(into buffer: inout [Float], frames: Int) -> Int {
        let count = min(max(frames, 0), plan.frames - position)
        guard count > 0 else {
            buffer.removeAll(keepingCapacity: true)
            cycle = nil
            return 0
        }
        let canvas = cycle ?? Composition(plan).canvas
        cycle = canvas
        buffer.removeAll(keepingCapacity: true)
        buffer.reserveCapacity(2 * count)
        for frame in position..<position + count {
            let (left, right) = self.frame(frame, of: canvas)
            buffer.append(left)
            buffer.append(right)
        }
        position += count
        return count
    }

    /// The frame as it's heard: faded at the ends of a sound that has ends, led back to the start in a loop of many cycles.
    private func frame(_ frame: Int, of canvas: Canvas) -> (Float, Float) {
        let place = frame % canvas.frames
        let value = (canvas.left[place], canvas.right[place])
        let rest = plan.frames - frame
        if loops {
            let overlap = 4410
            guard plan.frames > canvas.frames, plan.frames % canvas.frames != 0, rest <= overlap else {
                return value
            }
            // What would come before the start takes over, at equal power.
            let before = (canvas.frames * 2 - rest) % canvas.frames
            let angle = Float(rest) / Float(overlap) * .pi / 2
            return (
                limit(value.0 * sinf(angle) + canvas.left[before] * cosf(angle)),
                limit(value.1 * sinf(angle) + canvas.right[before] * cosf(angle))
            )
        }
        let gain = min(1, Float(frame) / Float(fadeIn), Float(rest - 1) / Float(fadeOut))
        return (value.0 * gain, value.1 * gain)
    }

    private var fadeIn: Int {
        let isSteady = !plan.isMusic && plan.beat == nil && plan.recipes.allSatisfy(\.isSteady)
        return isSteady ? min(plan.frames / 12, 22_050) : 48
    }

    private var fadeOut: Int {
        min(plan.frames / 8, plan.isMusic || plan.recipes.contains(where: \.isSteady) ? 35_280 : 13_230)
    }
}
