/// The two codings of telephone speech (ITU-T G.711): one byte a sample, a sign, an exponent and four bits below it.
enum Telephony {
    /// The North American one.
    static func muLaw(_ sample: Int16) -> UInt8 {
        // 14 bits in G.711; with two bits more the bias is 33 << 2.
        let magnitude = min(Int(sample.magnitude), 32_635) + 132
        let exponent = Int.bitWidth - magnitude.leadingZeroBitCount - 8
        let mantissa = magnitude >> (exponent + 3) & 15
        let code = exponent << 4 | mantissa | (sample < 0 ? 0x80 : 0)
        return ~UInt8(truncatingIfNeeded: code)
    }

    /// The European one.
    static func aLaw(_ sample: Int16) -> UInt8 {
        // 13 bits in G.711, which counts negative values from -1, as ones' complement does.
        let magnitude = Int(sample < 0 ? ~sample : sample) >> 3
        let exponent = max(Int.bitWidth - magnitude.leadingZeroBitCount - 5, 0)
        // The lowest two segments have the same step.
        let code = exponent << 4 | (magnitude >> max(exponent, 1) & 15) | (sample < 0 ? 0 : 0x80)
        return UInt8(truncatingIfNeeded: code) ^ 0x55
    }
}
