/// Text without anything that would move, hide or turn around what stands beside it on a terminal.
func terminalText(_ text: String) -> String {
    var scalars = String.UnicodeScalarView()
    for scalar in printable(text).unicodeScalars {
        switch scalar.properties.generalCategory {
        // Among them those that write from right to left, and line separators.
        case .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse: continue
        default: scalars.append(scalar)
        }
    }
    return String(scalars)
}

extension Character {
    /// How many columns of a terminal it takes, as most terminals have it.
    var columns: Int {
        guard let first = unicodeScalars.first else { return 0 }
        switch first.properties.generalCategory {
        case .nonspacingMark, .enclosingMark: return 0
        default: break
        }
        return Self.wide.contains { $0.contains(first.value) } ? 2 : 1
    }

    /// East Asian wide and full-width characters, and pictures.
    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x231A...0x231B, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97C, 0xAC00...0xD7A3,
        0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F,
        0x1F680...0x1F6FF, 0x1F900...0x1FAFF, 0x20000...0x3FFFD,
    ]
}

extension String {
    /// The columns of a terminal that it takes.
    var columns: Int { reduce(0) { $0 + $1.columns } }

    /// As much of it as fits, with a mark where something is missing.
    func cropped(to width: Int) -> String {
        guard columns > width else { return self }
        guard width > 0 else { return "" }
        var text = ""
        var used = 0
        for character in self {
            guard used + character.columns < width else { break }
            text.append(character)
            used += character.columns
        }
        return text + "…"
    }
}
