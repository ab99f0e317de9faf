/// What the client asks for in `Prefer` (RFC 7240); preferences nobody knows are ignored.
package struct Preferences: Hashable, Sendable {
    /// How long the client is ready to wait, in whole seconds.
    package let wait: Int?
    package let respondAsync: Bool
    /// Every preference by its name in lower case; of a repeated one the first counts.
    package let all: [String: String]

    /// Reads the `Prefer` lines; a malformed member ends the reading of its line.
    package init(_ fields: Fields) {
        var all: [String: String] = [:]
        for line in fields.values(for: "Prefer") {
            var scanner = FieldScanner(line)
            while scanner.skipBlanks(), !scanner.isAtEnd {
                if scanner.skip(0x2C) { continue }
                guard let name = scanner.token()?.asciiLowercased else { break }
                var value = ""
                if scanner.skipBlanks(), scanner.skip(0x3D), scanner.skipBlanks() {
                    guard let given = scanner.tokenOrQuoted() else { break }
                    value = given
                }
                if all[name] == nil { all[name] = value }
                guard Preferences.skipParameters(&scanner) else { break }
            }
        }
        self.all = all
        wait = all["wait"].flatMap { $0.utf8.allSatisfy(\.isASCIIDigit) ? Int($0) : nil }
        respondAsync = all["respond-async"] != nil
    }

    private static func skipParameters(_ scanner: inout FieldScanner) -> Bool {
        while scanner.skipBlanks(), scanner.skip(0x3B), scanner.skipBlanks() {
            guard scanner.token() != nil else { continue }
            if scanner.skipBlanks(), scanner.skip(0x3D), scanner.skipBlanks(), scanner.tokenOrQuoted() == nil
            {
                return false
            }
        }
        return scanner.isAtEnd || scanner.skip(0x2C)
    }
}
