/// What an entry of a vault is called, as in `suno/main`: `[a-z0-9][a-z0-9._/-]{0,127}`.
package struct VaultName: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The name as it is written.
    package let text: String

    /// `nil` for a text that is no name.
    package init?(_ text: String) {
        guard (1...128).contains(text.utf8.count),
            let first = text.utf8.first, Self.isPlain(first),
            text.utf8.allSatisfy({ Self.isPlain($0) || "._/-".utf8.contains($0) })
        else { return nil }
        self.text = text
    }

    /// By their bytes, which is the order in the file.
    package static func < (left: VaultName, right: VaultName) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }

    package var description: String { text }

    private static func isPlain(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
    }
}
