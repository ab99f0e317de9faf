import Glibc

/// The stereo sound that recipes paint on: one cycle of the output.
///
/// A canvas that wraps has no end: what runs over its right edge goes on at its left one, so it repeats without a seam.
struct Canvas: Sendable {
    let frames: Int
    let wraps: Bool
    var left: [Float]
    var right: [Float]

    init(frames: Int, wraps: Bool) {
        self.frames = frames
        self.wraps = wraps
        left = [Float](repeating: 0, count: frames)
        right = left
    }

    /// Adds one event: `sample` is asked for each of `length` frames in order, with the time in seconds since the event began.
    mutating func strike(
        at start: Int,
        seconds: Float,
        gain: Float = 1,
        pan: Float = 0,
        _ sample: (Float) -> Float
    ) {
        guard start < frames, start >= 0 else { return }
        let length = min(Int(seconds * rate), wraps ? frames * 8 : frames - start)
        let angle = (min(max(pan, -1), 1) + 1) * .pi / 4
        let leftGain = gain * cosf(angle)
        let rightGain = gain * sinf(angle)
        let release = min(64, length / 2)
        var place = start
        for frame in 0..<max(length, 0) {
            let rest = length - frame
            let fade = rest < release ? Float(rest) / Float(release) : 1
            let value = sample(Float(frame) / rate) * fade
            left[place] += value * leftGain
            right[place] += value * rightGain
            place += 1
            if place == frames { place = 0 }
        }
    }

    /// Adds sound without a beginning or end; on a canvas that wraps, its end runs on under its start.
    mutating func overlay(_ next: (Int) -> (left: Float, right: Float)) {
        let overlap = wraps ? min(frames / 3, Synthesizer.sampleRate) : 0
        for frame in 0..<frames {
            // Equal power, because the two sides are different noise.
            let gain = frame < overlap ? sinf(Float(frame) / Float(overlap) * .pi / 2) : 1
            let value = next(frame)
            left[frame] += value.left * gain
            right[frame] += value.right * gain
        }
        for frame in 0..<overlap {
            let gain = cosf(Float(frame) / Float(overlap) * .pi / 2)
            let value = next(frames + frame)
            left[frame] += value.left * gain
            right[frame] += value.right * gain
        }
    }

    /// Replaces each frame by what `change` makes of it; on a canvas that wraps, filters first hear the end.
    mutating func process(_ change: (Float, Float) -> (Float, Float)) {
        if wraps {
            for frame in max(0, frames - 2 * Synthesizer.sampleRate)..<frames {
                _ = change(left[frame], right[frame])
            }
        }
        for frame in 0..<frames { (left[frame], right[frame]) = change(left[frame], right[frame]) }
    }

    /// Adds another canvas of the same size, `gain` times as loud.
    mutating func mix(_ other: Canvas, gain: Float) {
        for frame in 0..<frames {
            left[frame] += other.left[frame] * gain
            right[frame] += other.right[frame] * gain
        }
    }

    /// Silences it.
    mutating func clear() {
        for frame in 0..<frames {
            left[frame] = 0
            right[frame] = 0
        }
    }
}
