import HTTP
import HTTPServer
import Testing

/// What a parser made of some bytes, however they were cut.
private struct Outcome: Equatable, CustomStringConvertible {
    var requests: [String] = []
    var failure: Int?
    var isIdle = false

    var description: String { "\(requests.map { $0.prefix(60) }) \(failure ?? 0)" }
}

private func parse(_ bytes: [UInt8], cuts: [Int], limits: ParserLimits = ParserLimits()) -> Outcome {
    var parser = RequestParser(limits: limits)
    var outcome = Outcome()
    var current = ""
    for (start, end) in zip([0] + cuts, cuts + [bytes.count]) {
        let piece = Array(bytes[start..<end])
        var position = 0
        feeding: while true {
            switch parser.next(piece.span, from: &position) {
            case .head(let head): current = "\(head.method) \(head.target) "
            case .body(let range): current += String(decoding: piece[range], as: UTF8.self)
            case .end: outcome.requests.append(current)
            case .failure(let failure):
                outcome.failure = failure.status.code
                return outcome
            case .needsMore: break feeding
            }
        }
    }
    outcome.isIdle = parser.isIdle
    return outcome
}

/// Every cut of a short case; of one that is only long, those near both ends and every 97th between.
private func cuts(of count: Int) -> [Int] {
    (0..<count).filter { count < 1000 || $0 < 100 || $0 > count - 100 || $0 % 97 == 0 }
}

@Suite struct ParserTests {
    @Test func theTableOfHostileRequestsIsLarge() {
        #expect(HostileCase.all.count >= 100)
        #expect(Set(HostileCase.all.map(\.name)).count == HostileCase.all.count)
    }

    @Test(arguments: HostileCase.all)
    func hostileRequestsAreRefused(_ hostile: HostileCase) {
        let whole = parse(hostile.bytes, cuts: [])
        #expect(whole.failure == hostile.status)
        #expect(whole.requests.isEmpty)
    }

    @Test(arguments: HostileCase.all)
    func aRefusalDoesNotDependOnTheCuts(_ hostile: HostileCase) {
        let whole = parse(hostile.bytes, cuts: [])
        let count = hostile.bytes.count
        #expect(parse(hostile.bytes, cuts: Array(0..<count)) == whole, "byte by byte")
        for cut in cuts(of: count) {
            let outcome = parse(hostile.bytes, cuts: [cut])
            if outcome != whole { Issue.record("cut at \(cut): \(outcome)") }
        }
    }

    @Test(arguments: SoundCase.all)
    func soundRequestsComeOutWholeHoweverCut(_ sound: SoundCase) {
        let expected = Outcome(requests: sound.requests, failure: nil, isIdle: true)
        let count = sound.bytes.count
        #expect(parse(sound.bytes, cuts: []) == expected)
        #expect(parse(sound.bytes, cuts: Array(0..<count)) == expected)
        for cut in cuts(of: count) {
            let outcome = parse(sound.bytes, cuts: [cut])
            if outcome != expected { Issue.record("cut at \(cut): \(outcome)") }
        }
    }

    @Test func aFailureStays() {
        var parser = RequestParser()
        let bytes = Array("GET / HTTP/1.1\nGET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        var position = 0
        for _ in 0..<3 {
            guard case .failure(let failure) = parser.next(bytes.span, from: &position) else {
                Issue.record("the parser went on")
                return
            }
            #expect(failure.status == .badRequest)
        }
    }

    @Test func aChunkedBodyIsRefusedWithTheChunkThatPassesTheLimit() {
        var limits = ParserLimits()
        limits.body = 10
        let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        #expect(
            parse(Array((head + "5\r\n12345\r\n5\r\n12345\r\n0\r\n\r\n").utf8), cuts: [], limits: limits)
                .failure == nil
        )
        #expect(parse(Array((head + "5\r\n12345\r\n6\r\n").utf8), cuts: [], limits: limits).failure == 413)
        let known = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n"
        #expect(parse(Array(known.utf8), cuts: [], limits: limits).failure == 413)
    }

    @Test(arguments: [
        ("HTTP/1.1", "", true), ("HTTP/1.1", "Connection: close\r\n", false),
        ("HTTP/1.1", "Connection: x, CLOSE\r\n", false), ("HTTP/1.0", "", false),
        ("HTTP/1.0", "Connection: Keep-Alive\r\n", true),
        ("HTTP/1.0", "Connection: keep-alive\r\nConnection: close\r\n", false),
    ])
    func theConnectionFieldDecidesOnKeepingAlive(_ version: String, _ field: String, _ keepsAlive: Bool) {
        let bytes = Array("GET / \(version)\r\nHost: a\r\n\(field)\r\n".utf8)
        var parser = RequestParser()
        var position = 0
        guard case .head(let head) = parser.next(bytes.span, from: &position) else {
            Issue.record("no head")
            return
        }
        #expect(head.keepsAlive == keepsAlive)
    }

    @Test func theAuthorityOfAnAbsoluteTargetReplacesHost() {
        let bytes = Array("GET http://B:81/ HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        var parser = RequestParser()
        var position = 0
        guard case .head(let head) = parser.next(bytes.span, from: &position) else {
            Issue.record("no head")
            return
        }
        #expect(head.authority == "b:81")
    }
}
