import Glibc

/// How a line looks.
package enum LogFormat: Sendable, Equatable {
    /// One JSON object a line: `time`, `level`, `message`, `module` where there is one, then the fields.
    case json
    /// For people at a terminal.
    case text(isColoured: Bool)
    /// One JSON object a line, for records: `time`, `event`, which is the message, then the fields; no level.
    case records

    /// `text` on a terminal and `json` elsewhere; coloured unless `NO_COLOR` is set and not empty.
    package static func automatic(for descriptor: Int32) -> LogFormat {
        guard isatty(descriptor) == 1 else { return .json }
        let noColour = unsafe getenv("NO_COLOR").map { unsafe $0.pointee != 0 } ?? false
        return .text(isColoured: !noColour)
    }

    /// Appends the line with its newline.
    package func append(_ line: LogLine, to bytes: inout [UInt8]) {
        switch self {
        case .json: appendJSON(line, to: &bytes)
        case .records: appendRecord(line, to: &bytes)
        case .text(let isColoured): appendText(line, isColoured: isColoured, to: &bytes)
        }
        bytes.append(UInt8(ascii: "\n"))
    }

    private func appendJSON(_ line: LogLine, to bytes: inout [UInt8]) {
        bytes.append("{\"time\":\"")
        line.time.append(to: &bytes)
        bytes.append("\",\"level\":\"")
        bytes.append(contentsOf: line.level.description.utf8)
        bytes.append("\",\"message\":")
        bytes.appendQuoted(line.message.description)
        if let module = line.module {
            bytes.append(",\"module\":")
            bytes.appendQuoted(module)
        }
        append(line.fields, beside: ["time", "level", "message", "module"], to: &bytes)
    }

    private func appendRecord(_ line: LogLine, to bytes: inout [UInt8]) {
        bytes.append("{\"time\":\"")
        line.time.append(to: &bytes)
        bytes.append("\",\"event\":")
        bytes.appendQuoted(line.message.description)
        append(line.fields, beside: ["time", "event"], to: &bytes)
    }

    private func append(_ fields: LogFields, beside taken: [String], to bytes: inout [UInt8]) {
        for field in fields {
            bytes.append(UInt8(ascii: ","))
            // A field may not pass for one of those above.
            let isTaken = taken.contains(field.name)
            bytes.appendQuoted(isTaken ? "field_" + field.name : field.name)
            bytes.append(UInt8(ascii: ":"))
            if case .string(let text) = field.value {
                bytes.appendQuoted(text)
            } else {
                bytes.append(plain: field.value)
            }
        }
        bytes.append(UInt8(ascii: "}"))
    }

    private func appendText(_ line: LogLine, isColoured: Bool, to bytes: inout [UInt8]) {
        if isColoured { bytes.append("\u{1B}[2m") }
        line.time.appendTimeOfDay(to: &bytes)
        if isColoured { bytes.append("\u{1B}[0m") }
        bytes.append(UInt8(ascii: " "))
        if isColoured { bytes.append(line.level.colour) }
        let name = line.level.description
        bytes.append(contentsOf: name.utf8)
        bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 8 - name.utf8.count))
        if isColoured { bytes.append("\u{1B}[0m") }
        bytes.append(contentsOf: line.message.description.utf8)
        if let module = line.module { appendText("module", .string(module), isColoured, to: &bytes) }
        for field in line.fields { appendText(field.name, field.value, isColoured, to: &bytes) }
    }

    private func appendText(
        _ name: String,
        _ value: LogValue,
        _ isColoured: Bool,
        to bytes: inout [UInt8]
    ) {
        bytes.append(isColoured ? "  \u{1B}[2m" : "  ")
        bytes.appendBare(name)
        bytes.append(isColoured ? "=\u{1B}[0m" : "=")
        if case .string(let text) = value {
            bytes.appendBare(text)
        } else {
            bytes.append(plain: value)
        }
    }
}

extension LogLevel {
    fileprivate var colour: StaticString {
        switch self {
        case .trace, .debug: "\u{1B}[2m"
        case .info: "\u{1B}[32m"
        case .notice: "\u{1B}[36m"
        case .warning: "\u{1B}[33m"
        case .error: "\u{1B}[31m"
        }
    }
}

extension [UInt8] {
    fileprivate mutating func append(_ text: StaticString) {
        unsafe append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Everything but strings.
    fileprivate mutating func append(plain value: LogValue) {
        let text =
            switch value {
            case .string(let value): value
            case .integer(let value): value.description
            case .number(let value): value.isFinite ? value.description : "null"
            case .bool(let value): value.description
            case .duration(let value):
                (Double(value.components.seconds) * 1000 + Double(
                    value.components.attoseconds / 1_000_000_000_000
                ) / 1000)
                .description
            }
        append(contentsOf: text.utf8)
    }

    /// A JSON string; Telemetry does not stand on JSON, so these few lines are its own.
    fileprivate mutating func appendQuoted(_ text: String) {
        append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): append("\\\"")
            case UInt8(ascii: "\\"): append("\\\\")
            case 0x0A: append("\\n")
            case 0x0D: append("\\r")
            case 0x09: append("\\t")
            case 0..<0x20, 0x7F:
                append("\\u00")
                for digit in [byte >> 4, byte & 15] {
                    append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") - 10 + digit)
                }
            default: append(byte)
            }
        }
        append(UInt8(ascii: "\""))
    }

    /// A word as it is; anything that could be misread, a control sequence for the terminal above all, in quotes.
    fileprivate mutating func appendBare(_ text: String) {
        let isPlain =
            !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && $0 != 0x22 && $0 != 0x3D }
        if isPlain { append(contentsOf: text.utf8) } else { appendQuoted(text) }
    }
}
