import HTTP

/// Reads HTTP/1.1 requests from bytes as they come, strictly by RFC 9112.
///
/// A pure state machine: bytes in, events out, no clock and no socket. It works line by line, so the outcome does not
/// depend on how the bytes were cut. What could be read in two ways is refused, because a peer in front of us may have
/// read it in the other one. After a failure every further call fails the same.
package struct RequestParser: Sendable {
    /// What a call to `next` found.
    package enum Event: Sendable {
        /// All given bytes are taken; nothing more can be said.
        case needsMore
        /// A head is complete; body events follow, then `end`.
        case head(RequestHead)
        /// Body bytes: a range of the input given to this call.
        case body(Range<Int>)
        /// The request is complete; the next one may follow at once.
        case end
        case failure(ParseFailure)
    }

    private enum State {
        case requestLine(afterEmptyLine: Bool)
        case fields
        case fixed(remaining: Int)
        case chunkLine
        case chunk(remaining: Int)
        case chunkCarriageReturn
        case chunkLineFeed
        case trailers
        case complete
        case failed(ParseFailure)
    }

    private let limits: ParserLimits
    private var state = State.requestLine(afterEmptyLine: false)
    /// The beginning of a line whose end has not come.
    private var partial: [UInt8] = []
    private var head = HeadBuilder()
    private var section = SectionCount()
    private var chunks = ChunkCount()

    /// A parser at the start of a connection.
    package init(limits: ParserLimits = ParserLimits()) {
        self.limits = limits
    }

    /// Whether the connection is between two requests: nothing of the next one has come.
    package var isIdle: Bool {
        if case .requestLine = state { return partial.isEmpty }
        return false
    }

    /// Bytes of memory that an unfinished line and the head before it take.
    var held: Int {
        if case .fields = state { return partial.capacity + section.bytes }
        return partial.capacity
    }

    /// Bytes of the field section that has come last: what its request's head takes, near enough.
    var sectionBytes: Int { section.bytes }

    /// Takes bytes from `position` on, moves it past them, and tells the next thing that they hold.
    package mutating func next(_ input: Span<UInt8>, from position: inout Int) -> Event {
        while true {
            do throws(ParseFailure) {
                if let event = try step(input, &position) { return event }
            } catch {
                state = .failed(error)
                partial = []
                return .failure(error)
            }
        }
    }

    /// One transition; `nil` means that there may be another.
    private mutating func step(_ input: Span<UInt8>, _ position: inout Int) throws(ParseFailure) -> Event? {
        switch state {
        case .requestLine, .fields, .chunkLine, .trailers:
            return try line(input, &position)
        case .fixed(let remaining):
            let taken = min(remaining, input.count - position)
            return take(taken, &position, left: remaining - taken, then: .complete) { .fixed(remaining: $0) }
        case .chunk(let remaining):
            let taken = min(remaining, input.count - position)
            return take(taken, &position, left: remaining - taken, then: .chunkCarriageReturn) {
                .chunk(remaining: $0)
            }
        case .chunkCarriageReturn, .chunkLineFeed:
            return try chunkEnd(input, &position)
        case .complete:
            state = .requestLine(afterEmptyLine: false)
            return .end
        case .failed(let failure):
            return .failure(failure)
        }
    }

    private mutating func take(
        _ count: Int,
        _ position: inout Int,
        left: Int,
        then after: State,
        _ more: (Int) -> State
    ) -> Event? {
        state = left == 0 ? after : more(left)
        guard count > 0 else { return left == 0 ? nil : .needsMore }
        defer { position += count }
        return .body(position..<position + count)
    }

    private mutating func chunkEnd(_ input: Span<UInt8>, _ position: inout Int) throws(ParseFailure) -> Event?
    {
        guard position < input.count else { return .needsMore }
        defer { position += 1 }
        if case .chunkCarriageReturn = state {
            guard input[position] == 0x0D else { throw .malformed("chunk data is not followed by CRLF") }
            state = .chunkLineFeed
        } else {
            guard input[position] == 0x0A else { throw .malformed("chunk data is not followed by CRLF") }
            state = .chunkLine
        }
        return nil
    }

    // MARK: Lines

    private mutating func line(_ input: Span<UInt8>, _ position: inout Int) throws(ParseFailure) -> Event? {
        guard position < input.count else { return .needsMore }
        if case .requestLine = state, partial.isEmpty { try checkFirst(input[position]) }
        guard let end = lineFeed(input, from: position) else {
            try checkLength(partial.count + input.count - position)
            append(input, position..<input.count)
            position = input.count
            return .needsMore
        }
        let range = position..<end
        position = end + 1
        try checkLength(partial.count + range.count)
        guard !partial.isEmpty else { return try line(input.extracting(range)) }
        append(input, range)
        let whole = partial
        partial = []
        return try line(whole.span)
    }

    /// A line without its LF.
    private mutating func line(_ raw: Span<UInt8>) throws(ParseFailure) -> Event? {
        guard raw.count > 0, raw[raw.count - 1] == 0x0D else { throw .malformed("line ends in a bare LF") }
        let line = raw.extracting(0..<raw.count - 1)
        switch state {
        case .requestLine(let afterEmptyLine):
            return try requestLine(line, afterEmptyLine: afterEmptyLine)
        case .fields:
            guard line.count > 0 else { return try endOfHead() }
            try section.add(line.count + 2, limits)
            try head.fieldLine(line)
        case .chunkLine:
            try chunkLine(line)
        default:
            guard line.count > 0 else {
                state = .complete
                return nil
            }
            try section.add(line.count + 2, limits)
            _ = try FieldLine(line)
        }
        return nil
    }

    private mutating func requestLine(_ line: Span<UInt8>, afterEmptyLine: Bool) throws(ParseFailure)
        -> Event?
    {
        if line.count == 0 {
            // RFC 9112 section 2.2: one empty line before a request is ignored, for clients that end a body with one.
            guard !afterEmptyLine else { throw .malformed("more than one empty line before the request") }
            state = .requestLine(afterEmptyLine: true)
            return nil
        }
        head = HeadBuilder()
        try head.requestLine(line, limits)
        section = SectionCount()
        state = .fields
        return nil
    }

    private mutating func endOfHead() throws(ParseFailure) -> Event? {
        let head = try head.finish(limits)
        self.head = HeadBuilder()
        switch head.framing {
        case .none: state = .complete
        case .length(let length): state = length == 0 ? .complete : .fixed(remaining: length)
        case .chunked:
            chunks = ChunkCount()
            state = .chunkLine
        }
        return .head(head)
    }

    private mutating func chunkLine(_ line: Span<UInt8>) throws(ParseFailure) {
        let size = try chunks.add(line, limits)
        section = SectionCount()
        state = size == 0 ? .trailers : .chunk(remaining: size)
    }

    /// Refuses what cannot begin a request without waiting for a line end that may never come: a TLS hello, say.
    private func checkFirst(_ byte: UInt8) throws(ParseFailure) {
        guard ByteClass.token.contains(byte) || byte == 0x0D || byte == 0x0A else {
            throw .malformed("request does not begin with a method")
        }
    }

    /// Refuses a line that is too long, whether or not its end has come.
    private func checkLength(_ count: Int) throws(ParseFailure) {
        switch state {
        case .requestLine:
            // Room for the longest method there is and the version.
            guard count <= limits.target + 64 else {
                throw ParseFailure(.uriTooLong, "request line is too long")
            }
        case .chunkLine:
            guard count <= limits.chunkLine else { throw .malformed("chunk-size line is too long") }
        default:
            try section.check(count, limits)
        }
    }

    private func lineFeed(_ input: Span<UInt8>, from start: Int) -> Int? {
        for index in start..<input.count where input[index] == 0x0A { return index }
        return nil
    }

    private mutating func append(_ input: Span<UInt8>, _ range: Range<Int>) {
        for index in range { partial.append(input[index]) }
    }
}

/// What a header or trailer section has used of its limits.
private struct SectionCount {
    private(set) var bytes = 0
    private var lines = 0

    mutating func add(_ count: Int, _ limits: ParserLimits) throws(ParseFailure) {
        bytes += count
        lines += 1
        guard lines <= limits.fields else {
            throw ParseFailure(.requestHeaderFieldsTooLarge, "too many fields")
        }
    }

    func check(_ next: Int, _ limits: ParserLimits) throws(ParseFailure) {
        guard bytes + next + 1 <= limits.section else {
            throw ParseFailure(.requestHeaderFieldsTooLarge, "field section is too large")
        }
    }
}
