import HTTP

/// Collects a request line and field lines, and judges the whole when the section ends.
struct HeadBuilder: Sendable {
    private var method = Method.get
    private var target = RequestTarget.asterisk
    private var targetAuthority: String?
    private var version = Version.http11
    private var fields = Fields()
    private var hosts: [String] = []
    private var lengths: [String] = []
    private var codings: [String] = []
    private var connection: [String] = []
    private var expectations: [String] = []

    // MARK: Request line

    mutating func requestLine(_ line: Span<UInt8>, _ limits: ParserLimits) throws(ParseFailure) {
        var methodEnd = 0
        while methodEnd < line.count, ByteClass.token.contains(line[methodEnd]) { methodEnd += 1 }
        guard methodEnd > 0, methodEnd < line.count, line[methodEnd] == 0x20 else {
            throw .malformed("malformed method")
        }
        let targetStart = methodEnd + 1
        var targetEnd = targetStart
        while targetEnd < line.count, line[targetEnd] > 0x20, line[targetEnd] < 0x7F { targetEnd += 1 }
        guard targetEnd > targetStart, targetEnd < line.count, line[targetEnd] == 0x20 else {
            throw .malformed("malformed request line")
        }
        version = try HeadBuilder.version(line, from: targetEnd + 1)
        method = try HeadBuilder.method(line, methodEnd)
        guard targetEnd - targetStart <= limits.target else {
            throw ParseFailure(.uriTooLong, "request target is too long")
        }
        try parseTarget(String(line, targetStart..<targetEnd))
    }

    /// `HTTP/d.d` to the end of the line; other well-formed versions, that of the HTTP/2 preface too, are 505.
    private static func version(_ line: Span<UInt8>, from start: Int) throws(ParseFailure) -> Version {
        let text = String(line, start..<line.count)
        if text == "HTTP/1.1" { return .http11 }
        if text == "HTTP/1.0" { return .http10 }
        let bytes = Array(text.utf8)
        guard bytes.count == 8, text.hasPrefix("HTTP/"), bytes[5].isASCIIDigit, bytes[6] == 0x2E,
            bytes[7].isASCIIDigit
        else { throw .malformed("malformed HTTP version") }
        throw ParseFailure(.httpVersionNotSupported, "only HTTP/1.1 and HTTP/1.0 are spoken here")
    }

    private static func method(_ line: Span<UInt8>, _ end: Int) throws(ParseFailure) -> Method {
        let method = Method(rawValue: String(line, 0..<end))
        switch method {
        case .get, .head, .post, .put, .delete, .options, .patch, .trace, .query: return method
        default: throw ParseFailure(.notImplemented, "method is not implemented")
        }
    }

    private mutating func parseTarget(_ text: String) throws(ParseFailure) {
        if let origin = RequestTarget(text) {
            target = origin
        } else if text == "*" {
            guard method == .options else { throw .malformed("the target * is for OPTIONS only") }
            target = .asterisk
        } else if let url = HTTPURL(text) {
            // RFC 9112 section 3.2.2: the authority of an absolute target replaces that of `Host`.
            targetAuthority = url.authority.description
            let origin = url.path + (url.query.map { "?" + $0 } ?? "")
            guard let parsed = RequestTarget(origin) else { throw .malformed("malformed request target") }
            // Section 3.2.4: an empty path in an absolute OPTIONS stands for the whole server.
            let isWhole = method == .options && text.utf8.reduce(0) { $0 + ($1 == 0x2F ? 1 : 0) } == 2
            target = isWhole && url.query == nil ? .asterisk : parsed
        } else {
            throw .malformed("malformed request target")
        }
    }

    // MARK: Field lines

    mutating func fieldLine(_ line: Span<UInt8>) throws(ParseFailure) {
        let field = try FieldLine(line)
        fields.append(field.name, field.value)
        switch field.name.utf8.count {
        case 4 where field.name.equalsIgnoringASCIICase("host"): hosts.append(field.value)
        case 6 where field.name.equalsIgnoringASCIICase("expect"): expectations.append(field.value)
        case 10 where field.name.equalsIgnoringASCIICase("connection"): connection.append(field.value)
        case 14 where field.name.equalsIgnoringASCIICase("content-length"): lengths.append(field.value)
        case 17 where field.name.equalsIgnoringASCIICase("transfer-encoding"): codings.append(field.value)
        default: break
        }
    }

    // MARK: The whole

    func finish(_ limits: ParserLimits) throws(ParseFailure) -> RequestHead {
        var head = RequestHead(method: method, target: target, version: version, fields: fields)
        head.authority = targetAuthority ?? hosts.first
        try checkHost()
        head.framing = try framing(limits)
        head.expectsContinue = try expectsContinue(head.framing)
        head.keepsAlive = keepsAlive
        return head
    }

    private func checkHost() throws(ParseFailure) {
        guard hosts.count <= 1 else { throw .malformed("more than one Host") }
        guard let host = hosts.first else {
            guard version == .http10 else { throw .malformed("Host is missing") }
            return
        }
        guard Authority(host) != nil else { throw .malformed("malformed Host") }
    }

    private func framing(_ limits: ParserLimits) throws(ParseFailure) -> RequestHead.Framing {
        guard codings.isEmpty else {
            guard lengths.isEmpty else { throw .malformed("both Content-Length and Transfer-Encoding") }
            guard version == .http11 else { throw .malformed("Transfer-Encoding in HTTP/1.0") }
            try checkCodings()
            return .chunked
        }
        guard let length = lengths.first else { return .none }
        // Even equal repetitions: whoever joined or doubled them may have read the body's end elsewhere.
        guard lengths.count == 1 else { throw .malformed("more than one Content-Length") }
        guard !length.isEmpty, length.utf8.allSatisfy(\.isASCIIDigit) else {
            throw .malformed("malformed Content-Length")
        }
        guard let count = Int(length), count <= limits.body else {
            throw ParseFailure(.contentTooLarge, "the body may have \(limits.body) bytes")
        }
        return .length(count)
    }

    /// Refuses everything but `chunked` alone.
    ///
    /// RFC 9112 section 6.3: without `chunked` at the end the length is unknown, 400; with another coding below it,
    /// section 6.1 has 501.
    private func checkCodings() throws(ParseFailure) {
        let names = codings.flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }
            .map { String($0).trimmingBlanks }
        let valid = names.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy(ByteClass.token.contains) }
        guard valid else { throw .malformed("malformed Transfer-Encoding") }
        let chunked = names.filter { String($0).equalsIgnoringASCIICase("chunked") }.count
        guard chunked == 1, let last = names.last, String(last).equalsIgnoringASCIICase("chunked") else {
            throw .malformed("Transfer-Encoding must end in chunked, once")
        }
        guard names.count == 1 else {
            throw ParseFailure(.notImplemented, "transfer coding is not implemented")
        }
    }

    private func expectsContinue(_ framing: RequestHead.Framing) throws(ParseFailure) -> Bool {
        // RFC 9110 section 10.1.1: an HTTP/1.0 client cannot mean it.
        guard version == .http11, let first = expectations.first else { return false }
        guard expectations.count == 1, first.equalsIgnoringASCIICase("100-continue") else {
            throw ParseFailure(.expectationFailed, "only 100-continue can be expected")
        }
        return framing != .none && framing != .length(0)
    }

    private var keepsAlive: Bool {
        let options = connection.flatMap { $0.split(separator: ",") }.map {
            String(String($0).trimmingBlanks)
        }
        if options.contains(where: { $0.equalsIgnoringASCIICase("close") }) { return false }
        return version == .http11 || options.contains { $0.equalsIgnoringASCIICase("keep-alive") }
    }
}
