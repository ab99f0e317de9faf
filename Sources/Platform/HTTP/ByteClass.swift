/// A set of ASCII bytes, held as two words so that a membership test is a shift and a mask.
package struct ByteClass: Sendable {
    private let low: UInt64
    private let high: UInt64

    private init(_ low: UInt64, _ high: UInt64) {
        self.low = low
        self.high = high
    }

    /// Whether the byte belongs to the class; bytes from 0x80 up never do.
    package func contains(_ byte: UInt8) -> Bool {
        guard byte < 0x80 else { return false }
        let word = byte < 64 ? low : high
        return (word >> UInt64(byte & 63)) & 1 == 1
    }

    /// `tchar` of RFC 9110 section 5.6.2: what methods and field names are made of.
    package static let token = ByteClass(0x03FF_6CFA_0000_0000, 0x57FF_FFFF_C7FF_FFFE)
    /// `unreserved` of RFC 3986.
    package static let unreserved = ByteClass(0x03FF_6000_0000_0000, 0x47FF_FFFE_87FF_FFFE)
    /// `pchar` and `/` of RFC 3986, the percent sign apart.
    package static let path = ByteClass(0x2FFF_FFD2_0000_0000, 0x47FF_FFFE_87FF_FFFF)
    /// `query` of RFC 3986, the percent sign apart.
    package static let query = ByteClass(0xAFFF_FFD2_0000_0000, 0x47FF_FFFE_87FF_FFFF)
    /// `reg-name` of RFC 3986, the percent sign apart.
    package static let registeredName = ByteClass(0x2BFF_7FD2_0000_0000, 0x47FF_FFFE_87FF_FFFE)
    /// What `application/x-www-form-urlencoded` leaves as it is.
    package static let form = ByteClass(0x03FF_6400_0000_0000, 0x07FF_FFFE_87FF_FFFE)
}

extension UInt8 {
    package var isASCIIDigit: Bool { self &- 0x30 < 10 }

    package var isASCIILetter: Bool { (self | 0x20) &- 0x61 < 26 }

    /// The byte with `A`–`Z` made `a`–`z`; every other byte as it is.
    package var asciiLowercased: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }

    /// The value of a hexadecimal digit in either case.
    package var hexadecimalValue: UInt8? {
        if isASCIIDigit { return self &- 0x30 }
        let letter = (self | 0x20) &- 0x61
        return letter < 6 ? letter &+ 10 : nil
    }
}

extension String {
    /// Whether both strings are the same but for the case of ASCII letters.
    package func equalsIgnoringASCIICase(_ other: String) -> Bool {
        let left = utf8
        let right = other.utf8
        guard left.count == right.count else { return false }
        return zip(left, right).allSatisfy { $0 == $1 || $0.asciiLowercased == $1.asciiLowercased }
    }

    /// The string with ASCII letters in lower case and every other character as it is.
    package var asciiLowercased: String {
        utf8.contains { $0 &- 0x41 < 26 }
            ? String(decoding: utf8.map(\.asciiLowercased), as: UTF8.self) : self
    }

    /// The string without spaces and tabs at its ends (`OWS` of RFC 9110).
    package var trimmingBlanks: Substring {
        var slice = Substring(self)
        while let first = slice.utf8.first, first == 0x20 || first == 0x09 { slice.removeFirst() }
        while let last = slice.utf8.last, last == 0x20 || last == 0x09 { slice.removeLast() }
        return slice
    }
}
