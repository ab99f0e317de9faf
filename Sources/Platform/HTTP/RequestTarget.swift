/// What a request asks for: a path and a query, or `*`; well formed by construction.
///
/// Percent-encoding has been checked, so decoding cannot fail later. An encoded slash stays inside its segment. Dot
/// segments, encoded or not, are refused: clients resolve them, and what is left of them is an attack.
package struct RequestTarget: Hashable, Sendable, CustomStringConvertible {
    /// The path as sent, still percent-encoded; `*` for the asterisk form.
    package let path: String
    /// The query as sent, without its question mark.
    package let rawQuery: String?

    private init(path: String, rawQuery: String?) {
        self.path = path
        self.rawQuery = rawQuery
    }

    /// The target of `OPTIONS *`.
    package static let asterisk = RequestTarget(path: "*", rawQuery: nil)

    package var isAsterisk: Bool { path == "*" }

    /// Parses the origin form: an absolute path and perhaps a query.
    package init?(_ text: String) {
        // Of one type, not of any kind of text: every request comes through here.
        guard text.utf8.first == 0x2F else { return nil }
        let mark = text.utf8.firstIndex(of: 0x3F)
        let path = text[..<(mark ?? text.endIndex)]
        let query = mark.map { text[text.utf8.index(after: $0)...] }
        guard RequestTarget.isWellFormed(path, .path), !RequestTarget.hasDotSegment(path),
            query.map({ RequestTarget.isWellFormed($0, .query) }) ?? true
        else { return nil }
        self.path = String(path)
        rawQuery = query.map { String($0) }
    }

    package var description: String { rawQuery.map { path + "?" + $0 } ?? path }

    /// The path's segments, percent-decoded; `/a/b` has two, `/a/` has `a` and an empty one, `/` has an empty one.
    package var segments: [String] {
        path.utf8.dropFirst().split(separator: 0x2F, omittingEmptySubsequences: false)
            .map { PercentEncoding.decode(Substring($0)) ?? String(Substring($0)) }
    }

    /// The query's parameters, form-decoded.
    package var query: QueryParameters {
        QueryParameters(rawQuery.flatMap { FormEncoding.decode($0) } ?? [])
    }

    /// Whether only bytes of the class and sound percent triplets occur.
    static func isWellFormed(_ text: Substring, _ allowed: ByteClass) -> Bool {
        var encoded = false
        for byte in text.utf8 where !allowed.contains(byte) {
            guard byte == 0x25 else { return false }
            encoded = true
        }
        return !encoded || PercentEncoding.decode(text) != nil
    }

    private static func hasDotSegment(_ path: Substring) -> Bool {
        guard path.utf8.contains(where: { $0 == 0x2E || $0 == 0x25 }) else { return false }
        return path.utf8.split(separator: 0x2F).contains { segment in
            let plain = PercentEncoding.decode(Substring(segment))
            return plain == "." || plain == ".."
        }
    }
}

/// Decoded parameters of a query, in order; names may repeat.
package struct QueryParameters: Sendable {
    package let pairs: [(name: String, value: String)]

    /// Parameters from decoded pairs.
    package init(_ pairs: [(name: String, value: String)]) {
        self.pairs = pairs
    }

    /// The first value of that name.
    package subscript(name: String) -> String? { pairs.first { $0.name == name }?.value }

    /// Every value of that name, in order.
    package func values(for name: String) -> [String] { pairs.filter { $0.name == name }.map(\.value) }

    /// The distinct names, in order of first use.
    package var names: [String] {
        var seen = Set<String>()
        return pairs.map(\.name).filter { seen.insert($0).inserted }
    }
}
