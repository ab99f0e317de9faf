import HTTP

/// How an answer's body ends on the wire.
enum ResponseFraming: Equatable {
    /// No content, and none announced.
    case none
    case length(Int64)
    case chunked
    /// By closing, for HTTP/1.0.
    case close
}

extension [UInt8] {
    /// Appends the head of an answer, ready to be followed by its body.
    mutating func append(
        _ response: Response,
        framing: ResponseFraming,
        version: Version,
        closing: Bool,
        date: [UInt8]
    ) {
        append(statusLine: response.status)
        append(contentsOf: date)
        switch framing {
        case .length(let length):
            append(text: "Content-Length: ")
            append(decimal: length)
            appendLineEnd()
        case .chunked: append(text: "Transfer-Encoding: chunked\r\n")
        case .none, .close: break
        }
        if closing {
            append(text: "Connection: close\r\n")
        } else if version == .http10 {
            append(text: "Connection: keep-alive\r\n")
        }
        for field in response.fields where !ownedByConnection(field.name) {
            append(clean: field.name)
            append(text: ": ")
            append(clean: field.value)
            appendLineEnd()
        }
        appendLineEnd()
    }

    private mutating func append(statusLine status: Status) {
        append(text: "HTTP/1.1 ")
        append(decimal: Int64(status.code))
        append(0x20)
        append(text: status.reason)
        appendLineEnd()
    }

    mutating func append(text: String) {
        var text = text
        text.withUTF8 { unsafe append(contentsOf: $0) }
    }

    /// Appends text that a handler gave: a line break or NUL in it would let a client's words become fields.
    private mutating func append(clean text: String) {
        let start = count
        append(text: text)
        for index in start..<count where self[index] == 0x0D || self[index] == 0x0A || self[index] == 0 {
            self[index] = 0x20
        }
    }

    mutating func appendLineEnd() {
        append(0x0D)
        append(0x0A)
    }

    private mutating func append(decimal value: Int64) {
        guard value >= 10 else { return append(0x30 &+ UInt8(truncatingIfNeeded: value)) }
        append(text: String(value))
    }

    /// Appends one chunk: its size in hexadecimal, and the bytes between line ends.
    mutating func append(chunk bytes: [UInt8]) {
        append(text: String(bytes.count, radix: 16))
        appendLineEnd()
        append(contentsOf: bytes)
        appendLineEnd()
    }
}

private func ownedByConnection(_ name: String) -> Bool {
    switch name.utf8.count {
    case 4: name.equalsIgnoringASCIICase("date")
    case 10: name.equalsIgnoringASCIICase("connection")
    case 14: name.equalsIgnoringASCIICase("content-length")
    case 17: name.equalsIgnoringASCIICase("transfer-encoding")
    default: false
    }
}
