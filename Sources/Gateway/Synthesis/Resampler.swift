import Glibc

/// Changes the sample rate of interleaved sound, block by block, and takes out what would alias.
///
/// A windowed sinc with exact steps: `finish` brings the frames given out to the frames taken in times the rates' ratio,
/// rounded up.
package struct Resampler: Sendable {
    private let channels: Int
    /// An output frame is `step / phases` input frames after the one before it.
    private let step: Int
    private let phases: Int
    /// Input frames that an output frame hears on each side.
    private let reach: Int
    /// The weights of `2 * reach` input frames for each phase.
    private let kernels: [Float]
    /// Interleaved input that is still needed.
    private var window: [Float]
    /// Where the next output frame is, in phases from the first frame that its kernel could be centred on.
    private var position = 0

    /// A conversion between rates in Hz.
    ///
    /// `before` is the interleaved sound that precedes, such as a loop's end, and silence when it is left out.
    package init(from source: Int, to target: Int, channels: Int, before: [Float] = []) {
        let divisor = Resampler.divisor(source, target)
        self.channels = channels
        step = source / divisor
        phases = target / divisor
        let cutoff = min(1, Double(target) / Double(source)) * 0.94
        reach = Int((16 / cutoff).rounded(.up))
        kernels = Resampler.kernels(phases: phases, reach: reach, cutoff: cutoff)
        let past = Array(before.suffix((reach - 1) * channels))
        window = [Float](repeating: 0, count: (reach - 1) * channels - past.count) + past
    }

    /// Takes in whole frames, and gives those that are complete by them.
    package mutating func convert(_ block: [Float]) -> [Float] {
        window += block
        let frames = window.count / channels
        var output: [Float] = []
        while position / phases + 2 * reach <= frames {
            let first = position / phases
            let kernel = position % phases * 2 * reach
            for channel in 0..<channels {
                var sum: Float = 0
                var place = first * channels + channel
                for tap in 0..<2 * reach {
                    sum += kernels[kernel + tap] * window[place]
                    place += channels
                }
                output.append(sum)
            }
            position += step
        }
        let done = min(position / phases, frames)
        window.removeFirst(done * channels)
        position -= done * phases
        return output
    }

    /// The frames that are left; `after` is the interleaved sound that follows, such as a loop's start.
    package mutating func finish(after: [Float] = []) -> [Float] {
        let future = Array(after.prefix(reach * channels))
        return convert(future + [Float](repeating: 0, count: reach * channels - future.count))
    }

    private static func divisor(_ left: Int, _ right: Int) -> Int {
        right == 0 ? left : divisor(right, left % right)
    }

    /// A sinc under a Blackman window, each phase scaled so that a constant stays itself.
    private static func kernels(phases: Int, reach: Int, cutoff: Double) -> [Float] {
        (0..<phases).flatMap { phase in
            let weights = (0..<2 * reach).map { tap -> Double in
                let distance = Double(tap - reach + 1) - Double(phase) / Double(phases)
                let angle = .pi * distance * cutoff
                let sinc = abs(angle) < 1e-9 ? 1 : sin(angle) / angle
                let place = .pi * distance / Double(reach)
                return sinc * (0.42 + 0.5 * cos(place) + 0.08 * cos(2 * place))
            }
            let sum = weights.reduce(0, +)
            return weights.map { Float($0 / sum) }
        }
    }
}
