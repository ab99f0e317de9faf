/// A bar of drums: sixteen steps for each drum, and how they feel.
///
/// In a pattern `X` is a loud stroke, `x` a usual one, `o` a soft one that a take may leave out, and `.` none.
struct DrumStyle: Sendable {
    let name: String
    /// Beats per minute when none is asked for: the lowest and the highest usual.
    let tempo: ClosedRange<Int>
    /// How late every second sixteenth is, as a share of a sixteenth.
    var swing: Double = 0
    let kick: String
    let snare: String
    let hat: String
    /// Whether strokes are hard and bright.
    var isHard = false

    static let lofi = DrumStyle(
        name: "lofi",
        tempo: 76...86,
        swing: 0.28,
        kick: "X.....o.o.X....o",
        snare: "....X.......X..o",
        hat: "x.xox.x.x.xox.xo"
    )
    static let hiphop = DrumStyle(
        name: "hip hop",
        tempo: 86...96,
        swing: 0.18,
        kick: "X..o..X...X..o..",
        snare: "....X..o....X...",
        hat: "x.x.x.x.x.x.x.xo"
    )
    static let trap = DrumStyle(
        name: "trap",
        tempo: 138...146,
        kick: "X.....o...X..o..",
        snare: "........X.......",
        hat: "x.xox.xxx.x.xoxx",
        isHard: true
    )
    static let rock = DrumStyle(
        name: "rock",
        tempo: 112...132,
        kick: "X.....x.X.o.....",
        snare: "....X.......X...",
        hat: "X.x.X.x.X.x.X.x.",
        isHard: true
    )
    static let house = DrumStyle(
        name: "house",
        tempo: 120...126,
        kick: "X...X...X...X...",
        snare: "....X.......X..o",
        hat: "..X...Xo..X...Xo"
    )
    static let techno = DrumStyle(
        name: "techno",
        tempo: 126...134,
        kick: "X...X...X...X...",
        snare: "....o.......x...",
        hat: "o.X.o.Xoo.X.o.Xo",
        isHard: true
    )
    static let breaks = DrumStyle(
        name: "drum and bass",
        tempo: 170...176,
        kick: "X.........X..o..",
        snare: "....X..o.o..X..o",
        hat: "x.x.x.x.x.x.x.x.",
        isHard: true
    )
    static let jazz = DrumStyle(
        name: "jazz",
        tempo: 110...140,
        swing: 0.33,
        kick: "x.....o...x.....",
        snare: "....o..o....x...",
        hat: "X...X..xX...X..x"
    )
    static let epic = DrumStyle(
        name: "epic",
        tempo: 84...100,
        kick: "X..xX...X..xX.o.",
        snare: "......o.....X.oo",
        hat: "................",
        isHard: true
    )
    static let plain = DrumStyle(
        name: "drums",
        tempo: 96...116,
        kick: "X.....o.X.o.....",
        snare: "....X.......X..o",
        hat: "x.x.x.x.x.x.x.x."
    )

    static let all = [lofi, hiphop, trap, rock, house, techno, breaks, jazz, epic, plain]
}
