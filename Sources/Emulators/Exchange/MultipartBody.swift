import HTTP

/// A `multipart/form-data` body of text parts, read as RFC 7578 has it.
struct MultipartBody: Sendable {
    let parts: [(name: String, text: String)]

    /// Reads the parts; `nil` when a boundary, a part's blank line or its name is missing.
    init?(_ body: [UInt8], boundary: String) {
        guard !boundary.isEmpty else { return nil }
        // The line break before a boundary belongs to it; the first may be without one.
        let pieces = MultipartBody.pieces(
            of: Array("\r\n".utf8) + body,
            between: Array("\r\n--\(boundary)".utf8)
        )
        guard pieces.count >= 3, pieces.last?.starts(with: "--".utf8) == true else { return nil }
        var parts: [(String, String)] = []
        for piece in pieces.dropFirst().dropLast() {
            let halves = MultipartBody.pieces(of: Array(piece), between: Array("\r\n\r\n".utf8))
            guard halves.count >= 2, let name = MultipartBody.name(in: halves[0]) else { return nil }
            let text = piece.dropFirst(halves[0].count + 4)
            parts.append((name, String(decoding: text, as: UTF8.self)))
        }
        self.parts = parts
    }

    private static func pieces(of bytes: [UInt8], between separator: [UInt8]) -> [ArraySlice<UInt8>] {
        var pieces: [ArraySlice<UInt8>] = []
        var start = 0
        var place = 0
        while place + separator.count <= bytes.count {
            if bytes[place] == separator[0], bytes[place...].starts(with: separator) {
                pieces.append(bytes[start..<place])
                place += separator.count
                start = place
            } else {
                place += 1
            }
        }
        pieces.append(bytes[start...])
        return pieces
    }

    private static func name(in head: ArraySlice<UInt8>) -> String? {
        for line in String(decoding: head, as: UTF8.self).split(whereSeparator: \.isNewline) {
            let halves = line.split(separator: ":", maxSplits: 1)
            guard halves.count == 2, halves[0].lowercased() == "content-disposition" else { continue }
            // A media type's grammar reads a disposition's parameters as well.
            return MediaType("multipart/" + halves[1].drop { $0 == " " })?["name"]
        }
        return nil
    }
}
