/// The units of durations in the file, the longest first.
private let units: [(name: String, milliseconds: Int64)] = [
    ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
]

extension Duration {
    /// Reads `500ms`, `30s`, `5m`, `24h` or `30d`.
    package init(parsing text: String) throws(Malformed) {
        let digits = text.prefix { $0.isASCII && $0.isWholeNumber }
        let unit = text.dropFirst(digits.count)
        guard let number = Int64(digits), let factor = units.first(where: { $0.name == unit })?.milliseconds
        else {
            throw Malformed(
                "is not a duration",
                remedy: unit.isEmpty && !digits.isEmpty
                    ? "give it a unit, as in \(digits)s"
                    : "write a whole number and ms, s, m, h or d, as in 30s"
            )
        }
        let (product, overflows) = number.multipliedReportingOverflow(by: factor)
        // A century is out of every range here and far from every overflow.
        guard !overflows, product <= 36_525 * 86_400_000 else {
            throw Malformed("is too long for a duration")
        }
        self = .milliseconds(product)
    }

    /// The form that ``init(parsing:)`` reads, in the largest unit that leaves no fraction.
    package var configurationText: String {
        let (seconds, attoseconds) = components
        let total = seconds * 1000 + attoseconds / 1_000_000_000_000_000
        let unit = units.first { total != 0 && total.isMultiple(of: $0.milliseconds) } ?? ("s", 1000)
        return "\(total / unit.milliseconds)\(unit.name)"
    }
}
