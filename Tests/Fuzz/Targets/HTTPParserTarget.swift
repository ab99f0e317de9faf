import HTTP
import HTTPServer

/// What a parser made of some bytes, however they were cut.
private struct Outcome: Equatable {
    var heads: [String] = []
    var bodies: [[UInt8]] = []
    var ended = 0
    var failure: ParseFailure?

    /// Feeds pieces whose lengths follow from `step`: all at once for 0, else one to `step` bytes in turn.
    init(_ bytes: [UInt8], step: Int, limits: ParserLimits) {
        var parser = RequestParser(limits: limits)
        var start = 0
        var turn = 0
        repeat {
            turn += 1
            let length = step == 0 ? bytes.count : 1 + turn % step
            let piece = bytes.span.extracting(start..<min(bytes.count, start + length))
            start += piece.count
            guard feed(piece, to: &parser, limits: limits) else { return }
        } while start < bytes.count
    }

    private mutating func feed(_ piece: Span<UInt8>, to parser: inout RequestParser, limits: ParserLimits)
        -> Bool
    {
        var position = 0
        while true {
            let before = position
            let event = parser.next(piece, from: &position)
            precondition(position >= before && position <= piece.count, "the position left the input")
            switch event {
            case .needsMore:
                precondition(position == piece.count, "bytes were left although more were asked for")
                return true
            case .head(let head):
                precondition(bodies.count == ended, "a head within a body")
                check(head, limits)
                heads.append(
                    "\(head.method) \(head.target) \(head.version) \(head.framing) \(head.fields.map { $0 })"
                )
                bodies.append([])
            case .body(let range):
                precondition(!range.isEmpty && bodies.count == ended + 1, "a body without its head")
                for index in range { bodies[ended].append(piece[index]) }
                precondition(bodies[ended].count <= limits.body, "a body over its limit")
            case .end:
                precondition(bodies.count == ended + 1, "an end without its head")
                ended += 1
            case .failure(let failure):
                precondition(400..<600 ~= failure.status.code, "a failure without a status of its own")
                self.failure = failure
                return false
            }
        }
    }

    private func check(_ head: RequestHead, _ limits: ParserLimits) {
        precondition(head.fields.count <= limits.fields, "too many fields")
        precondition(head.target.description.utf8.count <= limits.target + 1, "target over its limit")
        precondition(
            head.version == .http10 || head.fields.values(for: "Host").count == 1,
            "Host is not alone"
        )
        let lengths = head.fields.values(for: "Content-Length")
        precondition(lengths.count <= 1, "more than one length")
        precondition(lengths.isEmpty || !head.fields.contains("Transfer-Encoding"), "two framings")
        for field in head.fields {
            let sound = field.value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
            precondition(sound, "a control character in a value")
            precondition(field.name.utf8.allSatisfy(ByteClass.token.contains), "a name that is no token")
        }
        _ = head.target.segments
        _ = head.target.query.pairs
        _ = Preferences(head.fields)
        _ = head.fields["Content-Type"].flatMap { MediaType($0) }.map { $0.description }
        _ = ByteRange.select(head.fields, size: 1000, entityTag: EntityTag("a"))
        _ = Preconditions.evaluate(method: head.method, fields: head.fields, entityTag: EntityTag("a"))
    }
}

extension FuzzTarget {
    /// The same bytes, whole and in pieces, have to come to the same end.
    static let httpParser = FuzzTarget("HTTPParser") { bytes in
        var small = ParserLimits()
        small.target = 64
        small.section = 256
        small.fields = 8
        small.body = 64
        for limits in [ParserLimits(), small] {
            let whole = Outcome(bytes, step: 0, limits: limits)
            for step in [1, 3, 7] {
                precondition(
                    Outcome(bytes, step: step, limits: limits) == whole,
                    "the outcome depends on the cuts"
                )
            }
        }
    }
}
