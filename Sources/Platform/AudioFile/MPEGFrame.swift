/// The header of an MPEG Audio Layer III frame.
struct MPEGFrame {
    /// The frame's bytes, its header included; 0 for the free format, whose frames don't say.
    let length: Int
    /// Frames of sound in it: 1152, or 576 in MPEG-2.
    let samples: Int
    /// Where a Xing or Info tag would be, counted from the frame's start.
    let tagOffset: Int

    /// Reads the first four bytes; `nil` when they aren't such a header.
    init?(_ bytes: some Collection<UInt8>) {
        let head = Array(bytes.prefix(4))
        guard head.count == 4, head[0] == 0xFF, head[1] & 0xE0 == 0xE0 else { return nil }
        let version = Int(head[1] >> 3 & 3)
        let rateIndex = Int(head[2] >> 2 & 3)
        let bitIndex = Int(head[2] >> 4)
        guard version != 1, head[1] >> 1 & 3 == 1, rateIndex != 3, bitIndex != 15, head[3] & 3 != 2 else {
            return nil
        }
        let isFirst = version == 3
        let isMono = head[3] >> 6 == 3
        let rate = [44_100, 48_000, 32_000][rateIndex] / (isFirst ? 1 : version == 2 ? 2 : 4)
        let kilobits = (isFirst ? Self.firstRates : Self.secondRates)[bitIndex]
        samples = isFirst ? 1152 : 576
        length = kilobits == 0 ? 0 : samples / 8 * kilobits * 1000 / rate + Int(head[2] >> 1 & 1)
        tagOffset = 4 + (isFirst ? (isMono ? 17 : 32) : (isMono ? 9 : 17))
    }

    private static let firstRates = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]
    private static let secondRates = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160]
}
