/// What tracing systems have added to a trace for themselves: the W3C field `tracestate`, which is passed on as it came.
package enum TraceState {
    /// The most members that a list may have; one with more is dropped as a whole.
    private static let mostMembers = 32
    /// At least so many characters are to be passed on; this is also the most that is kept with a task.
    private static let mostCharacters = 512
    /// Members longer than this are the first to go where all is too long.
    private static let longMember = 128

    /// The field's lines as one list; `nil` when there is nothing to pass on, or anything about them is invalid.
    ///
    /// An invalid list does not make the `traceparent` beside it invalid.
    package static func list(_ lines: [String]) -> String? {
        guard !lines.isEmpty else { return nil }
        var members: [(text: Substring, key: Substring)] = []
        for line in lines {
            for part in line.split(separator: ",") {
                let member = trimmed(part)
                // Empty members may stand between others.
                if member.isEmpty { continue }
                guard let equals = member.utf8.firstIndex(of: UInt8(ascii: "=")) else { return nil }
                let key = member[..<equals]
                guard isKey(key), isValue(member[equals...].dropFirst()),
                    !members.contains(where: { $0.key == key }), members.count < mostMembers
                else { return nil }
                members.append((member, key))
            }
        }
        while members.reduce(members.count - 1, { $0 + $1.text.utf8.count }) > mostCharacters {
            let long = members.lastIndex { $0.text.utf8.count > longMember }
            members.remove(at: long ?? members.count - 1)
        }
        return members.isEmpty ? nil : members.map(\.text).joined(separator: ",")
    }

    private static func trimmed(_ text: Substring) -> Substring {
        let isBlank = { (character: Character) in character == " " || character == "\t" }
        var text = text.drop(while: isBlank)
        while let last = text.last, isBlank(last) { text.removeLast() }
        return text
    }

    /// `name`, or `tenant@system`.
    private static func isKey(_ key: Substring) -> Bool {
        let parts = key.split(separator: "@", omittingEmptySubsequences: false)
        switch parts.count {
        case 1: return isName(parts[0], upTo: 256, mayBeginWithDigit: false)
        case 2:
            return isName(parts[0], upTo: 241, mayBeginWithDigit: true)
                && isName(parts[1], upTo: 14, mayBeginWithDigit: false)
        default: return false
        }
    }

    private static func isName(_ name: Substring, upTo most: Int, mayBeginWithDigit: Bool) -> Bool {
        let bytes = name.utf8
        let isLetter = { (byte: UInt8) in (0x61...0x7A).contains(byte) }
        let isDigit = { (byte: UInt8) in (0x30...0x39).contains(byte) }
        guard (1...most).contains(bytes.count), let first = bytes.first,
            isLetter(first) || mayBeginWithDigit && isDigit(first)
        else { return false }
        return bytes.allSatisfy { isLetter($0) || isDigit($0) || "_-*/".utf8.contains($0) }
    }

    /// Visible ASCII and spaces without `,` and `=`, no space at the end.
    private static func isValue(_ value: Substring) -> Bool {
        let bytes = value.utf8
        guard (1...256).contains(bytes.count), bytes.last != 0x20 else { return false }
        return bytes.allSatisfy { (0x20...0x7E).contains($0) && $0 != 0x2C && $0 != 0x3D }
    }
}
