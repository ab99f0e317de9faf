import Sound
import Testing

@Suite("Musical keys")
struct MusicalKeyTests {
    @Test(
        "every usual spelling is understood and written with sharps",
        arguments: [
            ("C", "C"), ("c", "C"), ("Am", "Am"), ("am", "Am"), ("A minor", "Am"), ("a MINOR", "Am"),
            ("A min", "Am"), ("a moll", "Am"), ("Aminor", "Am"), ("A-minor", "Am"), ("A_minor", "Am"),
            ("F# major", "F#"), ("f#MAJOR", "F#"), ("F#maj", "F#"), ("F# dur", "F#"), ("f sharp", "F#"),
            ("F-sharp minor", "F#m"), ("C#", "C#"), ("Db", "C#"), ("DB", "C#"), ("db", "C#"), ("Dbm", "C#m"),
            ("D-flat major", "C#"), ("Bbm", "A#m"), ("bb", "A#"), ("B flat minor", "A#m"), ("b", "B"),
            ("bm", "Bm"), ("B♭m", "A#m"), ("C♯ min", "C#m"), ("Eb", "D#"), ("Gb", "F#"), ("Ab minor", "G#m"),
            ("E#", "F"), ("B#", "C"), ("Cb", "B"), ("Fbm", "Em"), (" G  m ", "Gm"), ("\tD\n", "D"),
        ]
    )
    func spellings(_ text: String, _ normalized: String) {
        #expect(MusicalKey(text)?.description == normalized)
    }

    @Test("a lone m is minor, in either case")
    func loneLetter() {
        #expect(MusicalKey("Am")?.mode == .minor)
        #expect(MusicalKey("AM")?.mode == .minor)
    }

    @Test(
        "anything else is no key",
        arguments: [
            "", " ", "-", "#", "m", "H", "Hm", "any", "Am7", "C##", "Bbb", "Cbb", "A minor minor",
            "A major m",
            "minor", "A#b", "İ", "ǅ", "ß", "Ａ", "A\u{301}", "🎵", "A\0", "Amajorr", "C/E", "8A", "é", "ﬀ",
        ]
    )
    func hostile(_ text: String) {
        #expect(MusicalKey(text) == nil)
    }

    @Test("there are 24 keys, and each reads back from its own spelling and words", arguments: MusicalKey.all)
    func everyKey(_ key: MusicalKey) {
        #expect(MusicalKey.all.count == 24)
        #expect(Set(MusicalKey.all).count == 24)
        #expect(MusicalKey(key.description) == key)
        #expect(MusicalKey(key.words) == key)
    }

    @Test("a tonic wraps around the octave", arguments: [(12, "C"), (-1, "B"), (-13, "B"), (25, "C#")])
    func wrapping(_ tonic: Int, _ name: String) {
        #expect(MusicalKey(tonic: tonic, mode: .major).description == name)
    }
}
