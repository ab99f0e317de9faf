import Glibc

/// How loud a canvas is, before and after levelling.
struct Loudness {
    /// The root mean square of everything.
    var overall: Float = 0
    /// The root mean square of the loudest fifth of its twentieths of a second: how loud events are, however rare.
    var eventful: Float = 0
    var peak: Float = 0

    init(_ canvas: Canvas) {
        let window = Synthesizer.sampleRate / 20
        var windows: [Float] = []
        var total: Float = 0
        var sum: Float = 0
        var held = 0
        for frame in 0..<canvas.frames {
            let left = canvas.left[frame]
            let right = canvas.right[frame]
            peak = max(peak, max(abs(left), abs(right)))
            sum += (left * left + right * right) * 0.5
            held += 1
            if held == window || frame == canvas.frames - 1 {
                windows.append(sum / Float(held))
                total += sum
                sum = 0
                held = 0
            }
        }
        windows.sort(by: >)
        let loudest = windows.prefix(max(1, windows.count / 5))
        eventful = sqrtf(loudest.reduce(0, +) / Float(max(loudest.count, 1)))
        overall = sqrtf(total / Float(max(canvas.frames, 1)))
    }

    /// The gain that brings this to a mean of `target`, unless peaks would then be squeezed by more than the limiter does well.
    func gain(to target: Float) -> Float {
        guard overall > 1e-9, peak > 1e-9 else { return 0 }
        return min(target / overall, 1.5 / peak)
    }
}

/// A limiter without memory: straight up to 0.65, then bending towards -0.7 dB of full scale, which it never reaches.
func limit(_ sample: Float) -> Float {
    let knee: Float = 0.65
    let ceiling: Float = 0.92
    let size = abs(sample)
    guard size > knee else { return sample }
    let bent = knee + (ceiling - knee) * tanhf((size - knee) / (ceiling - knee))
    return sample < 0 ? -bent : bent
}
