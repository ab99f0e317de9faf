/// A table as CSV (RFC 4180), safe to open in a spreadsheet.
struct CSVTable {
    private(set) var bytes: [UInt8] = []

    /// A table with a line of names.
    init(_ names: [String]) { add(names) }

    /// Adds a line.
    mutating func add(_ fields: [String]) {
        for (place, field) in fields.enumerated() {
            if place > 0 { bytes.append(UInt8(ascii: ",")) }
            append(field)
        }
        bytes += [13, 10]
    }

    // Spreadsheets reckon with what begins like a formula, quoted or not: an apostrophe before it makes it a text. No
    // number of ours begins so.
    private mutating func append(_ field: String) {
        let start = field.utf8.first ?? 0
        let text = "=+-@\t\r".utf8.contains(start) ? "'" + field : field
        guard text != field || text.utf8.contains(where: { ",\"\r\n".utf8.contains($0) }) else {
            return bytes += text.utf8
        }
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            if byte == UInt8(ascii: "\"") { bytes.append(byte) }
            bytes.append(byte)
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
