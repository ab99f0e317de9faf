/// Sizes as the file writes them: `64KiB`, `20MiB`; in memory they are plain byte counts.
package enum ByteCount {
    private static let units: [(name: String, bytes: Int)] = [
        ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1),
    ]

    /// Reads `512B`, `64KiB`, `20MiB` or `1GiB` as a number of bytes.
    package static func parse(_ text: String) throws(Malformed) -> Int {
        let digits = text.prefix { $0.isASCII && $0.isWholeNumber }
        let unit = text.dropFirst(digits.count)
        guard let number = Int(digits), let factor = units.first(where: { $0.name == unit })?.bytes else {
            throw Malformed("is not a size", remedy: remedy(digits: digits, unit: unit))
        }
        let (product, overflows) = number.multipliedReportingOverflow(by: factor)
        guard !overflows else { throw Malformed("is too large for a size") }
        return product
    }

    /// The form that ``parse(_:)`` reads, in the largest unit that leaves no fraction.
    package static func text(_ bytes: Int) -> String {
        let unit = units.first { bytes != 0 && bytes.isMultiple(of: $0.bytes) } ?? ("B", 1)
        return "\(bytes / unit.bytes)\(unit.name)"
    }

    private static func remedy(digits: Substring, unit: Substring) -> String {
        let near = ["k": "KiB", "m": "MiB", "g": "GiB", "": "B"]
        let letter = unit.lowercased().prefix { $0 != "b" && $0 != "i" }
        if !digits.isEmpty, let meant = near[String(letter)] { return "write \(digits)\(meant)" }
        return "write a whole number and B, KiB, MiB or GiB, as in 64KiB"
    }
}
