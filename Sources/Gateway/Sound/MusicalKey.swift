/// A tonic and a mode: `A#m`, `C`.
///
/// Twelve tonics in two modes, spelled with sharps as the vendors do; flats and words are understood on the way in.
package struct MusicalKey: Sendable, Hashable, CustomStringConvertible {
    /// Major or (natural) minor.
    package enum Mode: Sendable, Hashable { case major, minor }

    /// Semitones above C, 0–11.
    package let tonic: Int
    package let mode: Mode

    /// A key from its parts; `tonic` wraps around the octave.
    package init(tonic: Int, mode: Mode) {
        self.tonic = ((tonic % 12) + 12) % 12
        self.mode = mode
    }

    /// Reads `Am`, `a minor`, `Bbm`, `F# major`, `Db`, `C♯ min`, `E-flat major`; `nil` for anything else.
    ///
    /// In any case: `AM` is A minor, as `am` is.
    package init?(_ text: String) {
        var rest = text.filter { !$0.isWhitespace && $0 != "-" && $0 != "_" }[...]
        guard let letter = rest.popFirst(), let base = Self.naturals[letter.lowercased()] else {
            return nil
        }
        var tonic = base
        if let shift = Self.takeAccidental(&rest) { tonic += shift }
        switch rest.lowercased() {
        case "", "maj", "major", "dur": self.init(tonic: tonic, mode: .major)
        case "m", "min", "minor", "moll": self.init(tonic: tonic, mode: .minor)
        default: return nil
        }
    }

    /// The normalized spelling: `C`…`B`, with `m` for minor, sharps only.
    package var description: String { Self.names[tonic] + (mode == .minor ? "m" : "") }

    /// For a prompt: `A minor`, `C# major`.
    package var words: String { Self.names[tonic] + (mode == .minor ? " minor" : " major") }

    /// All 24 keys, by tonic, major first.
    package static let all: [MusicalKey] = (0..<12).flatMap {
        [MusicalKey(tonic: $0, mode: .major), MusicalKey(tonic: $0, mode: .minor)]
    }

    private static let names = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"]
    private static let naturals: [String: Int] = ["c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11]

    private static func takeAccidental(_ rest: inout Substring) -> Int? {
        let lowered = rest.lowercased()
        for (spelling, shift) in [("sharp", 1), ("flat", -1), ("#", 1), ("♯", 1), ("b", -1), ("♭", -1)]
        where lowered.hasPrefix(spelling) {
            rest = rest.dropFirst(spelling.count)
            return shift
        }
        return nil
    }
}
