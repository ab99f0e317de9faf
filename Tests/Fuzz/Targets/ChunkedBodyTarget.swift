import HTTP
import HTTPServer

extension FuzzTarget {
    private static let head = Array(
        "POST /v1/sounds HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".utf8
    )

    /// What the bytes of a chunked body hold, and whether it ended.
    private static func decode(_ chunks: [UInt8], step: Int) -> (body: [UInt8], isWhole: Bool, failed: Bool) {
        var limits = ParserLimits()
        limits.body = 4096
        var parser = RequestParser(limits: limits)
        let bytes = head + chunks
        var body: [UInt8] = []
        var start = 0
        while start < bytes.count {
            let end = step == 0 ? bytes.count : min(bytes.count, start + step)
            let piece = bytes.span.extracting(start..<end)
            var position = 0
            reading: while true {
                switch parser.next(piece, from: &position) {
                case .needsMore: break reading
                case .head: break
                case .body(let range): for index in range { body.append(piece[index]) }
                case .end: return (body, true, false)
                case .failure: return (body, false, true)
                }
            }
            precondition(body.count <= limits.body, "a body over its limit")
            start = end
        }
        return (body, false, false)
    }

    /// The body does not depend on the cuts, and comes out again when it is written as one chunk.
    static let chunkedBody = FuzzTarget("ChunkedBody") { bytes in
        let whole = decode(bytes, step: 0)
        for step in [1, 2, 5] {
            let cut = decode(bytes, step: step)
            precondition(
                cut.isWhole == whole.isWhole && cut.failed == whole.failed,
                "the end depends on cuts"
            )
            // Before a failure, more or less of the body may have been handed out.
            precondition(whole.failed || cut.body == whole.body, "the body depends on the cuts")
        }
        guard whole.isWhole else { return }
        var again: [UInt8] = []
        if !whole.body.isEmpty {
            again = Array("\(String(whole.body.count, radix: 16))\r\n".utf8) + whole.body + Array("\r\n".utf8)
        }
        let rewritten = decode(again + Array("0\r\n\r\n".utf8), step: 0)
        precondition(rewritten.isWhole && rewritten.body == whole.body, "written again it is another body")
    }
}
