import Glibc
import Synthesis
import Testing

@Suite struct ResamplerTests {
    static let rates = [8000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000]

    private func tone(_ frequency: Double, rate: Int, frames: Int) -> [Float] {
        (0..<frames).map { Float(0.5 * sin(2 * .pi * frequency * Double($0) / Double(rate))) }
    }

    @Test("a tone stays the tone that it was, in whatever blocks it comes", arguments: rates)
    func tone(_ rate: Int) {
        var resampler = Resampler(from: 44_100, to: rate, channels: 1)
        let input = tone(1000, rate: 44_100, frames: 44_100)
        var output: [Float] = []
        for start in stride(from: 0, to: input.count, by: 1777) {
            output += resampler.convert(Array(input[start..<min(start + 1777, input.count)]))
        }
        output += resampler.finish()
        #expect(output.count == rate)
        let expected = tone(1000, rate: rate, frames: rate)
        let middle = rate / 10..<rate * 9 / 10
        let error = middle.map { abs(output[$0] - expected[$0]) }.max() ?? 1
        #expect(error < 0.002)
    }

    @Test("what the new rate cannot hold is taken out", arguments: [8000, 16_000, 22_050])
    func aliases(_ rate: Int) {
        var resampler = Resampler(from: 44_100, to: rate, channels: 1)
        let output = resampler.convert(tone(15_000, rate: 44_100, frames: 44_100))
        #expect(output.dropFirst(1000).map(abs).max() ?? 1 < 0.001)
    }

    @Test("channels keep apart")
    func channels() {
        var resampler = Resampler(from: 44_100, to: 48_000, channels: 2)
        let left = tone(440, rate: 44_100, frames: 4410)
        let output = resampler.convert(left.flatMap { [$0, 0] }) + resampler.finish()
        #expect(output.count == 2 * 4800)
        #expect(stride(from: 1, to: output.count, by: 2).allSatisfy { output[$0] == 0 })
    }

    @Test("a loop that hears its own end and start joins without a step", arguments: [8000, 22_050, 48_000])
    func loop(_ rate: Int) {
        // 100 Hz, and a second of it is whole waves.
        let input = tone(100, rate: 44_100, frames: 44_100)
        var resampler = Resampler(from: 44_100, to: rate, channels: 1, before: input)
        let output = resampler.convert(input) + resampler.finish(after: input)
        let expected = tone(100, rate: rate, frames: rate)
        #expect(zip(output, expected).allSatisfy { abs($0 - $1) < 0.002 })
    }
}
