/// An element of a document as stores answer with: names, texts and elements; nothing else of XML.
///
/// Attributes are read over, namespaces and prefixes dropped. What no store writes is refused: document types, and with
/// them entities of one's own, processing instructions within, CDATA, comments, and text beside elements.
package struct XMLElement: Sendable, Equatable {
    /// Without its prefix.
    package let name: String
    package var children: [XMLElement] = []
    /// Empty where it has children.
    package var text = ""

    /// Where and why a document is none.
    package struct Fault: Error, Equatable {
        package let offset: Int
        package let reason: String
    }

    /// What a document may have.
    static let mostBytes = 8 << 20
    static let mostElements = 50_000
    static let mostDepth = 12

    init(name: String) { self.name = name }

    /// Parses a whole document.
    package init(parsing bytes: [UInt8]) throws(Fault) {
        var parser = XMLParser(bytes)
        self = try parser.document()
    }

    /// The first child of that name.
    package func child(_ name: String) -> XMLElement? { children.first { $0.name == name } }

    /// The text of the first child of that name.
    package func text(of name: String) -> String? { child(name)?.text }

    /// Every child of that name.
    package func all(_ name: String) -> [XMLElement] { children.filter { $0.name == name } }
}

/// Reads a document from its bytes.
private struct XMLParser {
    private let bytes: [UInt8]
    private var position = 0
    private var count = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func document() throws(XMLElement.Fault) -> XMLElement {
        guard bytes.count <= XMLElement.mostBytes else { throw fault("is too long") }
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
        skipBlanks()
        if take("<?xml") {
            guard let end = find("?>") else { throw fault("has a declaration without an end") }
            position = end
        }
        skipBlanks()
        let root = try element(depth: 0)
        skipBlanks()
        guard position == bytes.count else { throw fault("goes on after its end") }
        return root
    }

    private mutating func element(depth: Int) throws(XMLElement.Fault) -> XMLElement {
        count += 1
        guard depth < XMLElement.mostDepth, count <= XMLElement.mostElements else {
            throw fault("has too many elements")
        }
        guard take("<") else { throw fault("has no element here") }
        let tag = try name()
        var element = XMLElement(name: tag.split(separator: ":").last.map(String.init) ?? tag)
        while true {
            let hasBlank = skipBlanks()
            if take("/>") { return element }
            if take(">") { break }
            guard hasBlank else { throw fault("has a tag that does not end") }
            try attribute()
        }
        var text: [UInt8] = []
        while !take("</") {
            guard let byte = peek else { throw fault("ends within an element") }
            if byte == 0x3C {
                element.children.append(try self.element(depth: depth + 1))
            } else {
                try character(into: &text)
            }
        }
        guard try name() == tag else { throw fault("has an end tag of another element") }
        skipBlanks()
        guard take(">") else { throw fault("has an end tag that does not end") }
        guard let string = String(validating: text, as: UTF8.self) else { throw fault("is not UTF-8") }
        if element.children.isEmpty {
            element.text = string
        } else if !text.allSatisfy(Self.isBlank) {
            throw fault("has text beside elements")
        }
        return element
    }

    private mutating func attribute() throws(XMLElement.Fault) {
        _ = try name()
        skipBlanks()
        guard take("=") else { throw fault("has an attribute without a value") }
        skipBlanks()
        guard let quote = peek, quote == 0x22 || quote == 0x27 else {
            throw fault("has an attribute without quotes")
        }
        position += 1
        while let byte = peek, byte != quote {
            guard byte != 0x3C else { throw fault("has < in an attribute") }
            position += 1
        }
        guard peek == quote else { throw fault("ends within an attribute") }
        position += 1
    }

    private mutating func character(into text: inout [UInt8]) throws(XMLElement.Fault) {
        guard let byte = peek else { throw fault("ends within an element") }
        position += 1
        guard byte >= 0x20 || Self.isBlank(byte) else { throw fault("has a control character") }
        guard byte == 0x26 else { return text.append(byte) }
        guard let end = bytes[position...].prefix(12).firstIndex(of: 0x3B) else {
            throw fault("has an & without its ;")
        }
        let word = String(decoding: bytes[position..<end], as: UTF8.self)
        position = end + 1
        switch word {
        case "amp": text.append(0x26)
        case "lt": text.append(0x3C)
        case "gt": text.append(0x3E)
        case "quot": text.append(0x22)
        case "apos": text.append(0x27)
        default:
            guard word.hasPrefix("#"), let scalar = Self.scalar(word.dropFirst()) else {
                throw fault("has an entity that XML does not have")
            }
            text += Array(String(Character(scalar)).utf8)
        }
    }

    private static func scalar(_ digits: Substring) -> Unicode.Scalar? {
        let isHex = digits.hasPrefix("x")
        let value = isHex ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
        guard let value, value >= 0x20 || [9, 10, 13].contains(value) else { return nil }
        return Unicode.Scalar(value)
    }

    // MARK: Bytes

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func name() throws(XMLElement.Fault) -> String {
        let start = position
        while let byte = peek, Self.isNamePart(byte) { position += 1 }
        guard position > start, !(0x30...0x39).contains(bytes[start]) else { throw fault("has no name here") }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private static func isNamePart(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte) || byte == 0x2D || byte == 0x2E
            || byte == 0x5F || byte == 0x3A
    }

    @discardableResult
    private mutating func skipBlanks() -> Bool {
        let start = position
        while let byte = peek, Self.isBlank(byte) { position += 1 }
        return position > start
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
    }

    private mutating func take(_ text: StaticString) -> Bool {
        let wanted = Array(text.description.utf8)
        guard bytes[position...].starts(with: wanted) else { return false }
        position += wanted.count
        return true
    }

    /// Where the next occurrence ends, within a line or two.
    private func find(_ text: StaticString) -> Int? {
        let wanted = Array(text.description.utf8)
        let last = min(bytes.count, position + 200) - wanted.count
        guard position <= last else { return nil }
        return (position...last).first { bytes[$0...].starts(with: wanted) }.map { $0 + wanted.count }
    }

    private func fault(_ reason: String) -> XMLElement.Fault {
        XMLElement.Fault(offset: position, reason: reason)
    }
}
