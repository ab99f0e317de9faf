import HTTP

/// Status and fields of an answer, put together from the lines that libcurl hands over.
///
/// Interim answers (1xx) are read and forgotten; lines after the head are trailers, counted and ignored.
struct ResponseHead {
    /// What a head may hold.
    struct Limits: Sendable {
        var bytes = 64 << 10
        var fields = 100
    }

    /// Why a line was not taken.
    enum Fault: Error, Equatable {
        case malformed, tooLarge
    }

    private(set) var status: Status?
    private(set) var fields = Fields()
    private(set) var isComplete = false
    /// Over all heads of the answer, so that interim answers cannot come without end.
    private var bytes = 0
    private let limits: Limits

    init(limits: Limits = Limits()) {
        self.limits = limits
    }

    /// Takes one line with its line end.
    mutating func append(_ line: UnsafeBufferPointer<UInt8>) throws(Fault) {
        bytes += line.count
        guard bytes <= limits.bytes else { throw .tooLarge }
        guard !isComplete else { return }
        var end = line.count
        while end > 0, unsafe line[end - 1] == 0x0A || line[end - 1] == 0x0D { end -= 1 }
        let text = unsafe UnsafeBufferPointer(rebasing: line[..<end])
        if status == nil {
            try unsafe start(text)
        } else if text.isEmpty {
            finish()
        } else {
            try unsafe field(text)
        }
    }

    /// `HTTP/x.y SP 3DIGIT …`, or `HTTP/2 SP 3DIGIT SP`.
    private mutating func start(_ text: UnsafeBufferPointer<UInt8>) throws(Fault) {
        guard unsafe text.starts(with: "HTTP/".utf8), let space = unsafe text.firstIndex(of: 0x20),
            space + 4 <= text.count
        else { throw .malformed }
        var code = 0
        for index in space + 1...space + 3 {
            let digit = unsafe text[index]
            guard 0x30...0x39 ~= digit else { throw .malformed }
            code = code * 10 + Int(digit - 0x30)
        }
        let isEnded = unsafe text.count == space + 4 || text[space + 4] == 0x20
        guard isEnded, 100...599 ~= code else { throw .malformed }
        status = Status(code)
        fields.reserveCapacity(12)
    }

    private mutating func finish() {
        if let status, 100..<200 ~= status.code {
            self.status = nil
            fields = Fields()
        } else {
            isComplete = true
        }
    }

    private mutating func field(_ text: UnsafeBufferPointer<UInt8>) throws(Fault) {
        guard fields.count < limits.fields else { throw .tooLarge }
        guard let colon = unsafe text.firstIndex(of: 0x3A), colon > 0, unsafe !Self.isBlank(text[0]) else {
            // A folded line (RFC 9112 section 5.2) or one without a name.
            throw .malformed
        }
        var start = colon + 1
        var end = text.count
        while start < end, unsafe Self.isBlank(text[start]) { start += 1 }
        while end > start, unsafe Self.isBlank(text[end - 1]) { end -= 1 }
        let name = unsafe String(decoding: text[..<colon], as: UTF8.self)
        let value = unsafe String(decoding: text[start..<end], as: UTF8.self)
        fields.append(name, value)
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
