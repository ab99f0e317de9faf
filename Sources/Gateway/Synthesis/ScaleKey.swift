/// A tonic and a mode: the seven pitch classes that a sound keeps to.
package struct ScaleKey: Sendable, Hashable {
    /// Which of the two scales stands on the tonic; minor is the natural one.
    package enum Mode: String, Sendable, CaseIterable { case major, minor }

    /// The tonic's pitch class, 0...11 from C upwards in semitones.
    package var tonic: Int
    /// Major or minor.
    package var mode: Mode

    /// A key; a tonic beyond 0...11 is taken modulo 12.
    package init(tonic: Int, mode: Mode) {
        self.tonic = ((tonic % 12) + 12) % 12
        self.mode = mode
    }

    /// Semitones above the tonic of the seven degrees.
    package var steps: [Int] {
        switch mode {
        case .major: [0, 2, 4, 5, 7, 9, 11]
        case .minor: [0, 2, 3, 5, 7, 8, 10]
        }
    }

    /// The MIDI note of a degree (0 is the tonic; negative and above 6 reach other octaves), the tonic being in `octave` (4 holds middle C).
    func note(degree: Int, octave: Int) -> Int {
        let turns = degree >= 0 ? degree / 7 : (degree - 6) / 7
        return 12 * (octave + 1 + turns) + tonic + steps[degree - 7 * turns]
    }

    /// The frequency in Hz of a degree, in equal temperament with A4 = 440 Hz.
    func frequency(degree: Int, octave: Int) -> Float { pitch(Float(note(degree: degree, octave: octave))) }
}
