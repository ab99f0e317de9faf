import Glibc
import HTTP
import HTTPServer
import Synchronization
import Testing
import Threads

private let getAndClose = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

@Suite struct StreamingTests {
    @Test func aStreamIsChunkedFor11AndEndsByClosingFor10() async throws {
        let handler: Handler = { _ in
            Response(
                .ok,
                body: .stream { writer in
                    try await writer.write("one")
                    try await writer.write("")
                    try await writer.write("seventeen bytes!!")
                }
            )
        }
        try await withServer(handler: handler) { _, port in
            let client = try RawClient(port: port)
            try await client.send(getAndClose)
            let answer = try await client.readToEnd()
            #expect(answer.contains("Transfer-Encoding: chunked\r\n"))
            #expect(answer.hasSuffix("\r\n\r\n3\r\none\r\n11\r\nseventeen bytes!!\r\n0\r\n\r\n"))
            let old = try RawClient(port: port)
            try await old.send("GET / HTTP/1.0\r\n\r\n")
            let plain = try await old.readToEnd()
            #expect(plain.hasSuffix("\r\n\r\noneseventeen bytes!!"))
            #expect(!plain.contains("Transfer-Encoding"))
        }
    }

    @Test func aStreamThatFailsLeavesTheBodyWithoutItsEnd() async throws {
        let handler: Handler = { _ in
            Response(
                .ok,
                body: .stream { writer in
                    try await writer.write("one")
                    throw CancellationError()
                }
            )
        }
        try await withServer(handler: handler) { _, port in
            let client = try RawClient(port: port)
            try await client.send(getAndClose)
            let answer = try await client.readToEnd()
            #expect(answer.hasSuffix("3\r\none\r\n"))
        }
    }

    @Test(arguments: [(["one", "two"], true), (["one"], false), (["one", "two", "three"], false)])
    func aMeasuredStreamHasItsLengthOrIsCut(_ pieces: [String], _ isWhole: Bool) async throws {
        let handler: Handler = { _ in
            Response(
                .ok,
                body: .measured(6) { writer in for piece in pieces { try await writer.write(piece) } }
            )
        }
        try await withServer(handler: handler) { _, port in
            for version in ["1.1", "1.0"] {
                let client = try RawClient(port: port)
                let second = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
                try await client.send(
                    "GET / HTTP/\(version)\r\nHost: a\r\nConnection: keep-alive\r\n\r\n\(second)"
                )
                let answers = try await client.readToEnd()
                #expect(answers.contains("Content-Length: 6\r\n"))
                #expect(!answers.contains("chunked") && !answers.contains("three"))
                // After a body that is not whole nothing may come that could be taken for the rest of it.
                #expect(
                    answers.split(separator: "HTTP/1.1 200", omittingEmptySubsequences: false).count
                        == (isWhole ? 3 : 2)
                )
                #expect(answers.hasSuffix(isWhole ? "onetwo" : pieces.prefix(2).joined()))
            }
        }
    }

    @Test func aMeasuredStreamIsNotBegunForAHead() async throws {
        let handler: Handler = { _ in
            Response(
                .ok,
                body: .measured(6) { _ in Issue.record("nobody wants it") }
            )
        }
        try await withServer(handler: handler) { _, port in
            let client = try RawClient(port: port)
            try await client.send("HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            let answer = try await client.readToEnd()
            #expect(answer.contains("Content-Length: 6\r\n") && answer.hasSuffix("\r\n\r\n"))
        }
    }

    @Test func aCutAnswerIsNoAnswer() async throws {
        try await withServer(handler: { _ in Response(.ok, body: .cut) }) { _, port in
            let client = try RawClient(port: port)
            try await client.send(getAndClose)
            let answer = try await client.readToEnd()
            #expect(answer.isEmpty)
        }
    }

    @Test func aWriterWaitsForASlowClient() async throws {
        let written = Written()
        let total = 32 << 20
        let handler: Handler = { _ in
            Response(
                .ok,
                body: .stream { writer in
                    let piece = [UInt8](repeating: 0x61, count: 64 << 10)
                    for _ in 0..<total / piece.count {
                        try await writer.write(piece)
                        written.add(piece.count)
                    }
                    written.mailbox.put(())
                }
            )
        }
        try await withServer(handler: handler) { _, port in
            let client = try RawClient(port: port)
            try await client.send("GET / HTTP/1.0\r\n\r\n")
            var seen = try await client.read(count: 1 << 20).count
            // The kernel's buffers on both sides hold some megabytes at most; the rest has to wait for us.
            #expect(written.count < total / 2)
            while true {
                let more = try await client.read(count: 1 << 20).count
                seen += more
                if more == 0 { break }
            }
            #expect(seen > total)
            _ = await written.mailbox.next()
            #expect(written.count == total)
        }
    }

    @Test func aReaderThatWaitsHoldsBackTheClient() async throws {
        let gate = Mailbox<Void>()
        var limits = ServerLimits()
        limits.parser.body = 32 << 20
        let size = 32 << 20
        let sent = Written()
        let handler = lateCount(gate)
        try await withServer(limits: limits, handler: handler) { _, port in
            let client = try RawClient(port: port)
            try await client.send(
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(size)\r\nConnection: close\r\n\r\n"
            )
            async let upload: Void = {
                let piece = [UInt8](repeating: 0x61, count: 1 << 20)
                for _ in 0..<size / piece.count {
                    try await client.send(piece)
                    sent.add(piece.count)
                    if sent.count == 1 << 20 { sent.mailbox.put(()) }
                }
            }()
            _ = await sent.mailbox.next()
            #expect(sent.count < size)
            gate.put(())
            let answer = try await client.readToEnd()
            try await upload
            #expect(answer.hasSuffix("\r\n\r\n\(size)"))
        }
    }

    @Test func bodiesArriveAsTheyAreSent() async throws {
        let pieces = Mailbox<String>()
        let handler: Handler = { request in
            do {
                for try await piece in request.body { pieces.put(String(decoding: piece, as: UTF8.self)) }
            } catch { return Response(.badRequest) }
            return Response(.noContent)
        }
        try await withServer(handler: handler) { _, port in
            let client = try RawClient(port: port)
            try await client.send(
                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
            )
            try await client.send("3\r\none\r\n")
            #expect(await pieces.next() == "one")
            try await client.send("3\r\ntwo\r\n")
            #expect(await pieces.next() == "two")
            try await client.send("0\r\n\r\n")
            #expect(try await client.readToEnd().hasPrefix("HTTP/1.1 204 No Content\r\n"))
        }
    }

    @Test(arguments: [
        ("", 200, 0..<700_000), ("Range: bytes=0-9\r\n", 206, 0..<10),
        ("Range: bytes=-5\r\n", 206, 699_995..<700_000),
        ("Range: bytes=0-1,4-5\r\n", 200, 0..<700_000), ("Range: bytes=700000-\r\n", 416, 0..<0),
        ("If-None-Match: \"x\"\r\n", 304, 0..<0), ("If-Match: \"y\"\r\n", 412, 0..<0),
        ("Range: bytes=0-9\r\nIf-Range: \"y\"\r\n", 200, 0..<700_000),
        ("Range: bytes=5-9\r\nIf-Range: \"x\"\r\n", 206, 5..<10),
    ])
    func filesAreServedInParts(_ fields: String, _ status: Int, _ range: Range<Int>) async throws {
        let content = (0..<700_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 / 257) }
        let path = "/tmp/soundgate-file-test-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        try writeFile(path, content)
        defer { unlink(path) }
        let file = try OpenFile(path: path)
        let handler: Handler = {
            Response.file(file, contentType: "audio/wav", entityTag: EntityTag("x"), for: $0)
        }
        try await withServer(handler: handler) { _, port in
            let client = try RawClient(port: port)
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\(fields)\r\n")
            let answer = try await client.read(count: .max)
            let end = try #require(answer.firstRange(of: Array("\r\n\r\n".utf8)))
            let head = String(decoding: answer[..<end.lowerBound], as: UTF8.self)
            #expect(head.hasPrefix("HTTP/1.1 \(status) "))
            #expect(head.contains("ETag: \"x\""))
            #expect(Array(answer[end.upperBound...]) == Array(content[range]))
            if status == 416 { #expect(head.contains("Content-Range: bytes */700000")) }
            if status == 206 {
                #expect(
                    head.contains("Content-Range: bytes \(range.lowerBound)-\(range.upperBound - 1)/700000")
                )
            }
        }
    }
}

private final class Written: Sendable {
    private let value = Atomic<Int>(0)
    let mailbox = Mailbox<Void>()
    var count: Int { value.load(ordering: .relaxed) }
    func add(_ more: Int) { value.add(more, ordering: .relaxed) }
}

private func writeFile(_ path: String, _ bytes: [UInt8]) throws {
    let descriptor = try retryingSystemCall("open") { open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600) }
    defer { close(descriptor) }
    try retryingSystemCall("write") { write(descriptor, bytes, bytes.count) }
}
