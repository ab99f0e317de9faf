/// So many per so long, as in `600/m` or `20/10s`.
package struct Rate: Sendable, Equatable, CustomStringConvertible {
    /// How many; at least one.
    package let count: Int
    /// The time in which they may happen; above zero.
    package let per: Duration

    /// So many per so long.
    package init(count: Int, per: Duration) {
        self.count = count
        self.per = per
    }

    /// Reads `600/m` or `20/10s`.
    package init(parsing text: String) throws(Malformed) {
        let malformed = Malformed("is not a rate", remedy: "write COUNT/TIME, as in 600/m or 20/10s")
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].allSatisfy({ $0.isASCII && $0.isWholeNumber }),
            let count = Int(parts[0]), count > 0
        else { throw malformed }
        let hasNumber = parts[1].first?.isWholeNumber == true
        do {
            per = try Duration(parsing: hasNumber ? String(parts[1]) : "1\(parts[1])")
        } catch {
            throw malformed
        }
        guard per > .zero else { throw malformed }
        self.count = count
    }

    /// The form that ``init(parsing:)`` reads.
    package var description: String {
        let time = per.configurationText
        let isOne = time.hasPrefix("1") && time.dropFirst().first?.isNumber == false
        return "\(count)/\(isOne ? String(time.dropFirst()) : time)"
    }
}
