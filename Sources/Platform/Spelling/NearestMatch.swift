/// The word of a list that a person most likely meant, or nothing when none is close.
///
/// Close means: at most a third of the longer word's letters differ (two at least are forgiven from four letters
/// on), counting a swap of neighbours as one. Case, `-` and `_` do not count. Ties go to the earlier word.
package func nearestMatch(to word: String, among candidates: some Sequence<String>) -> String? {
    let wanted = folded(word)
    guard !wanted.isEmpty, wanted.count <= 64 else { return nil }
    var best: (word: String, distance: Int)?
    for candidate in candidates {
        let other = folded(candidate)
        let longer = max(wanted.count, other.count)
        let bound = max(longer / 3, longer >= 4 ? 2 : 1)
        let distance = editDistance(wanted, other)
        guard distance <= bound, distance < longer else { continue }
        if best.map({ distance < $0.distance }) ?? true { best = (candidate, distance) }
    }
    return best?.word
}

/// `; did you mean "bpm"?` when a word is close, else the empty string.
package func hint(for word: String, among candidates: some Sequence<String>) -> String {
    nearestMatch(to: word, among: candidates).map { "; did you mean \"\($0)\"?" } ?? ""
}

private func folded(_ word: String) -> [UInt8] {
    word.lowercased().utf8.filter { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: "_") }
}

/// Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours.
private func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    guard !a.isEmpty else { return b.count }
    guard !b.isEmpty else { return a.count }
    var beforeLast = [Int](repeating: 0, count: b.count + 1)
    var last = Array(0...b.count)
    for i in 1...a.count {
        var row = [i] + [Int](repeating: 0, count: b.count)
        for j in 1...b.count {
            let substitution = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)
            row[j] = min(last[j] + 1, row[j - 1] + 1, substitution)
            if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
                row[j] = min(row[j], beforeLast[j - 2] + 1)
            }
        }
        beforeLast = last
        last = row
    }
    return last[b.count]
}
