/// Finds integers that do not fit in 64 bits.
enum IntegerScan {
    /// A copy in which each integer beyond `Int64` carries the exponent `e0`; `nil` when there is none.
    static func withReals(_ bytes: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count + 16)
        var offset = 0
        var changed = false
        while offset < bytes.count {
            let start = offset
            switch unsafe bytes[offset] {
            case UInt8(ascii: "\""): offset = unsafe endOfString(bytes, from: offset)
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                offset += 1
                while offset < bytes.count, unsafe isPartOfNumber(bytes[offset]) { offset += 1 }
                let number = unsafe bytes[start..<offset]
                let digits = unsafe number.allSatisfy { isDigit($0) || $0 == UInt8(ascii: "-") }
                if digits, unsafe Int64(String(decoding: number, as: UTF8.self)) == nil {
                    unsafe result.append(contentsOf: number)
                    result.append(contentsOf: [UInt8(ascii: "e"), UInt8(ascii: "0")])
                    changed = true
                    continue
                }
            default: offset += 1
            }
            unsafe result.append(contentsOf: bytes[start..<offset])
        }
        return changed ? result : nil
    }

    private static func endOfString(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        var offset = start + 1
        while offset < bytes.count {
            switch unsafe bytes[offset] {
            case UInt8(ascii: "\""): return offset + 1
            case UInt8(ascii: "\\"): offset += 2
            default: offset += 1
            }
        }
        return bytes.count
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }

    private static func isPartOfNumber(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"),
            UInt8(ascii: "+"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
