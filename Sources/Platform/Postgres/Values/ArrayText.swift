/// Arrays of one dimension as PostgreSQL writes them: `{1,2}`, `{"a","b \"c\""}`.
enum ArrayText {
    static func append(_ texts: [String], to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "{"))
        for (index, text) in texts.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            // Quoted always: then `NULL`, the empty text, braces and commas are text and nothing else.
            bytes.append(UInt8(ascii: "\""))
            for byte in text.utf8 {
                if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                    bytes.append(UInt8(ascii: "\\"))
                }
                bytes.append(byte)
            }
            bytes.append(UInt8(ascii: "\""))
        }
        bytes.append(UInt8(ascii: "}"))
    }

    static func append(_ numbers: [Int64], to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "{"))
        bytes.append(contentsOf: numbers.map { "\($0)" }.joined(separator: ",").utf8)
        bytes.append(UInt8(ascii: "}"))
    }

    /// The elements of an array, `nil` for NULL; empty for what is no array of one dimension.
    static func elements(of text: some Sequence<UInt8>) -> [String?] {
        var bytes = text.makeIterator()
        guard bytes.next() == UInt8(ascii: "{") else { return [] }
        var elements: [String?] = []
        var element: [UInt8] = []
        var (isQuoted, wasQuoted) = (false, false)
        while let byte = bytes.next() {
            switch byte {
            case UInt8(ascii: "\\"):
                if let next = bytes.next() { element.append(next) }
            case UInt8(ascii: "\""):
                isQuoted.toggle()
                wasQuoted = true
            case UInt8(ascii: ",") where !isQuoted, UInt8(ascii: "}") where !isQuoted:
                let text = String(decoding: element, as: UTF8.self)
                let isEnd = byte == UInt8(ascii: "}")
                if isEnd, text.isEmpty, !wasQuoted, elements.isEmpty { return [] }
                elements.append(!wasQuoted && text == "NULL" ? nil : text)
                if isEnd { return elements }
                element.removeAll(keepingCapacity: true)
                wasQuoted = false
            default: element.append(byte)
            }
        }
        return []
    }
}
