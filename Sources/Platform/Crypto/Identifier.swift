/// An id that sorts by time and cannot be guessed, such as `snd_01JD3Q2M8K5T7W9X1Y3Z5A7B9C`.
///
/// After the prefix come 26 Crockford digits as in a ULID: 48 bits of time, 80 random bits.
/// `milliseconds` count from 1970 and are the caller's, for this function reads no clock; they wrap at 2^48. Of
/// `random` ten bytes are used; missing ones count as zero. An empty prefix takes its underscore away with it.
package func identifier(
    prefix: String,
    milliseconds: Int64,
    random: @autoclosure () -> [UInt8] = randomBytes(10)
) -> String {
    var text = Array(prefix.utf8)
    text.reserveCapacity(text.count + 27)
    if !prefix.isEmpty { text.append(UInt8(ascii: "_")) }
    CrockfordBase32.append(UInt64(bitPattern: milliseconds) & 0xFFFF_FFFF_FFFF, digits: 10, to: &text)
    var high: UInt64 = 0
    var low: UInt64 = 0
    for (index, byte) in random().prefix(10).enumerated() {
        if index < 5 {
            high |= UInt64(byte) << UInt64(32 - 8 * index)
        } else {
            low |= UInt64(byte) << UInt64(72 - 8 * index)
        }
    }
    CrockfordBase32.append(high, digits: 8, to: &text)
    CrockfordBase32.append(low, digits: 8, to: &text)
    return String(decoding: text, as: UTF8.self)
}
