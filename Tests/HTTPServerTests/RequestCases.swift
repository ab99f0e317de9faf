import HTTP
import HTTPServer
import Testing

/// A hostile or malformed request and the status that refuses it.
struct HostileCase: CustomTestStringConvertible, Sendable {
    let name: String
    let bytes: [UInt8]
    let status: Int

    init(_ name: String, _ status: Int, _ text: String) {
        self.init(name, status, Array(text.utf8))
    }

    init(_ name: String, _ status: Int, _ bytes: [UInt8]) {
        self.name = name
        self.status = status
        self.bytes = bytes
    }

    var testDescription: String { name }

    /// A header section with one more line.
    private static func field(_ name: String, _ status: Int, _ line: String, method: String = "POST")
        -> HostileCase
    {
        HostileCase(name, status, "\(method) / HTTP/1.1\r\nHost: a\r\n\(line)\r\n\r\n")
    }

    /// A request line with a sound section under it.
    private static func line(_ name: String, _ status: Int, _ line: String) -> HostileCase {
        HostileCase(name, status, "\(line)\r\nHost: a\r\n\r\n")
    }

    /// A chunked body.
    private static func chunks(_ name: String, _ status: Int, _ body: String) -> HostileCase {
        HostileCase(name, status, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\(body)")
    }

    static let all = lines + hosts + framings + fields + chunkings + limits

    private static let lines: [HostileCase] = [
        line("line-two-spaces-before-target", 400, "GET  / HTTP/1.1"),
        line("line-two-spaces-before-version", 400, "GET /  HTTP/1.1"),
        line("line-trailing-space", 400, "GET / HTTP/1.1 "),
        line("line-leading-space", 400, " GET / HTTP/1.1"),
        line("line-tab-for-space", 400, "GET\t/ HTTP/1.1"),
        line("line-tab-before-version", 400, "GET /\tHTTP/1.1"),
        line("line-no-version", 400, "GET /"),
        line("line-no-target", 400, "GET HTTP/1.1"),
        line("line-method-only", 400, "GET"),
        line("line-lower-case-version", 400, "GET / http/1.1"),
        line("line-version-without-minor", 400, "GET / HTTP/1"),
        line("line-version-two-digits", 400, "GET / HTTP/1.10"),
        line("line-version-comma", 400, "GET / HTTP/1,1"),
        line("line-version-other-name", 400, "GET / HTTQ/1.1"),
        line("line-version-2.0", 505, "GET / HTTP/2.0"),
        line("line-version-0.9", 505, "GET / HTTP/0.9"),
        line("line-version-1.2", 505, "GET / HTTP/1.2"),
        line("line-version-3.0", 505, "GET / HTTP/3.0"),
        HostileCase("http2-preface", 505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        HostileCase("tls-hello", 400, [0x16, 0x03, 0x01, 0x02, 0x00, 0x01]),
        HostileCase("first-byte-nul", 400, [0x00]),
        HostileCase("line-bare-lf", 400, "GET / HTTP/1.1\nHost: a\r\n\r\n"),
        HostileCase("line-bare-lf-leading", 400, "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        HostileCase("line-bare-cr-inside", 400, "GET /\r HTTP/1.1\r\nHost: a\r\n\r\n"),
        HostileCase("line-cr-cr-lf", 400, "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n"),
        HostileCase("line-bare-cr-as-end", 400, "GET / HTTP/1.1\rHost: a\r\n\r\n"),
        HostileCase("two-empty-lines-first", 400, "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        line("line-nul-in-target", 400, "GET /\0 HTTP/1.1"),
        line("line-del-in-target", 400, "GET /\u{7F} HTTP/1.1"),
        line("line-utf8-in-target", 400, "GET /\u{E9} HTTP/1.1"),
        line("line-quote-in-target", 400, "GET /\" HTTP/1.1"),
        line("line-backslash-in-target", 400, "GET /a\\b HTTP/1.1"),
        line("line-fragment-in-target", 400, "GET /#x HTTP/1.1"),
        line("line-bad-percent", 400, "GET /%zz HTTP/1.1"),
        line("line-short-percent", 400, "GET /%4 HTTP/1.1"),
        line("line-percent-nul", 400, "GET /%00 HTTP/1.1"),
        line("line-overlong-utf8", 400, "GET /%c0%ae HTTP/1.1"),
        line("line-dot-dot", 400, "GET /../etc/passwd HTTP/1.1"),
        line("line-encoded-dot-dot", 400, "GET /a/%2e%2e/b HTTP/1.1"),
        line("line-target-without-slash", 400, "GET index.html HTTP/1.1"),
        line("line-target-authority", 400, "GET a:80 HTTP/1.1"),
        line("line-target-other-scheme", 400, "GET ftp://a/ HTTP/1.1"),
        line("line-target-userinfo", 400, "GET http://u@a/ HTTP/1.1"),
        line("line-target-empty-authority", 400, "GET http:///x HTTP/1.1"),
        line("line-asterisk-get", 400, "GET * HTTP/1.1"),
        line("line-bad-percent-in-query", 400, "GET /?a=%x HTTP/1.1"),
        line("method-connect", 501, "CONNECT a:443 HTTP/1.1"),
        line("method-unknown", 501, "BREW / HTTP/1.1"),
        line("method-lower-case", 501, "get / HTTP/1.1"),
        line("method-not-a-token", 400, "G(T / HTTP/1.1"),
        line("method-with-colon", 400, "GET: / HTTP/1.1"),
    ]

    private static let hosts: [HostileCase] = [
        HostileCase("host-missing", 400, "GET / HTTP/1.1\r\nAccept: */*\r\n\r\n"),
        HostileCase("host-missing-no-fields", 400, "GET / HTTP/1.1\r\n\r\n"),
        HostileCase("host-missing-absolute-target", 400, "GET http://a/ HTTP/1.1\r\n\r\n"),
        field("host-twice", 400, "Host: b"),
        field("host-twice-equal", 400, "host: a"),
        HostileCase("host-empty", 400, "GET / HTTP/1.1\r\nHost:\r\n\r\n"),
        HostileCase("host-list", 400, "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"),
        HostileCase("host-space", 400, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"),
        HostileCase("host-userinfo", 400, "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"),
        HostileCase("host-path", 400, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
        HostileCase("host-bad-port", 400, "GET / HTTP/1.1\r\nHost: a:8x\r\n\r\n"),
        HostileCase("host-port-too-large", 400, "GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n"),
        HostileCase("host-open-bracket", 400, "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"),
        HostileCase("host-bad-ipv6", 400, "GET / HTTP/1.1\r\nHost: [1:2:3]\r\n\r\n"),
        HostileCase("host-bad-in-1.0", 400, "GET / HTTP/1.0\r\nHost: a b\r\n\r\n"),
        HostileCase("host-twice-in-1.0", 400, "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n"),
    ]

    private static let framings: [HostileCase] = [
        field("cl-and-te", 400, "Content-Length: 5\r\nTransfer-Encoding: chunked"),
        field("te-and-cl", 400, "Transfer-Encoding: chunked\r\nContent-Length: 5"),
        field("cl-zero-and-te", 400, "Content-Length: 0\r\nTransfer-Encoding: chunked"),
        field("cl-twice-equal", 400, "Content-Length: 5\r\nContent-Length: 5"),
        field("cl-twice-different", 400, "Content-Length: 5\r\nContent-Length: 6"),
        field("cl-list-equal", 400, "Content-Length: 5, 5"),
        field("cl-list-different", 400, "Content-Length: 5,6"),
        field("cl-empty", 400, "Content-Length:"),
        field("cl-plus", 400, "Content-Length: +5"),
        field("cl-minus", 400, "Content-Length: -5"),
        field("cl-hex", 400, "Content-Length: 0x5"),
        field("cl-decimal-point", 400, "Content-Length: 5.0"),
        field("cl-letters", 400, "Content-Length: five"),
        field("cl-space-inside", 400, "Content-Length: 1 2"),
        field("cl-underscore", 400, "Content-Length: 1_2"),
        field("cl-quoted", 400, "Content-Length: \"5\""),
        field("cl-unicode-digit", 400, "Content-Length: \u{0665}"),
        field("cl-on-get-bad", 400, "Content-Length: x", method: "GET"),
        field("cl-overflow", 413, "Content-Length: 99999999999999999999"),
        field("cl-over-limit", 413, "Content-Length: 1048577"),
        field("cl-space-before-colon", 400, "Content-Length : 5"),
        field("te-space-before-colon", 400, "Transfer-Encoding : chunked"),
        field("te-tab-before-colon", 400, "Transfer-Encoding\t: chunked"),
        field("te-unknown-below-chunked", 501, "Transfer-Encoding: gzip, chunked"),
        field("te-unknown-line-below-chunked", 501, "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked"),
        field("te-unknown-alone", 400, "Transfer-Encoding: gzip"),
        field("te-identity", 400, "Transfer-Encoding: identity"),
        field("te-chunked-not-last", 400, "Transfer-Encoding: chunked, gzip"),
        field("te-chunked-identity", 400, "Transfer-Encoding: chunked, identity"),
        field("te-chunked-twice", 400, "Transfer-Encoding: chunked, chunked"),
        field("te-chunked-two-lines", 400, "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
        field("te-empty", 400, "Transfer-Encoding:"),
        field("te-trailing-comma", 400, "Transfer-Encoding: chunked,"),
        field("te-leading-comma", 400, "Transfer-Encoding: ,chunked"),
        field("te-xchunked", 400, "Transfer-Encoding: xchunked"),
        field("te-quoted", 400, "Transfer-Encoding: \"chunked\""),
        field("te-parameter", 400, "Transfer-Encoding: chunked;q=1"),
        field("te-vertical-tab", 400, "Transfer-Encoding: \u{0B}chunked"),
        field("te-form-feed-after", 400, "Transfer-Encoding: chunked\u{0C}"),
        field("te-cr-inside", 400, "Transfer-Encoding: chun\rked"),
        HostileCase(
            "te-in-1.0",
            400,
            "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        ),
        field("te-obs-fold", 400, "Transfer-Encoding:\r\n chunked"),
    ]

    private static let fields: [HostileCase] = [
        field("fold-space", 400, "X: a\r\n b", method: "GET"),
        field("fold-tab", 400, "X: a\r\n\tb", method: "GET"),
        HostileCase("fold-first-line", 400, "GET / HTTP/1.1\r\n Host: a\r\n\r\n"),
        field("field-bare-lf", 400, "X: a\nY: b", method: "GET"),
        field("field-bare-lf-empty", 400, "X: a\n", method: "GET"),
        field("field-bare-cr", 400, "X: a\rY: b", method: "GET"),
        field("field-cr-cr-lf", 400, "X: a\r", method: "GET"),
        field("field-no-colon", 400, "X", method: "GET"),
        field("field-empty-name", 400, ": a", method: "GET"),
        field("field-name-space", 400, "X Y: a", method: "GET"),
        field("field-name-slash", 400, "X/Y: a", method: "GET"),
        field("field-name-nul", 400, "X\0: a", method: "GET"),
        field("field-name-utf8", 400, "X\u{E9}: a", method: "GET"),
        field("field-name-bracket", 400, "X[]: a", method: "GET"),
        field("field-value-nul", 400, "X: a\0b", method: "GET"),
        field("field-value-escape", 400, "X: a\u{1B}b", method: "GET"),
        field("field-value-del", 400, "X: a\u{7F}b", method: "GET"),
        field("field-value-backspace", 400, "X: \u{08}", method: "GET"),
        HostileCase("section-end-bare-lf", 400, "GET / HTTP/1.1\r\nHost: a\r\n\n"),
        HostileCase("section-end-cr-cr", 400, "GET / HTTP/1.1\r\nHost: a\r\n\r\r\n"),
        field("expect-unknown", 417, "Expect: 200-ok\r\nContent-Length: 1"),
        field("expect-list", 417, "Expect: 100-continue, 100-continue\r\nContent-Length: 1"),
        field("expect-twice", 417, "Expect: 100-continue\r\nExpect: 100-continue\r\nContent-Length: 1"),
    ]

    private static let chunkings: [HostileCase] = [
        chunks("chunk-empty-size", 400, "\r\n"),
        chunks("chunk-minus", 400, "-1\r\n"),
        chunks("chunk-plus", 400, "+1\r\na\r\n"),
        chunks("chunk-hex-prefix", 400, "0x1\r\na\r\n"),
        chunks("chunk-leading-space", 400, " 1\r\na\r\n"),
        chunks("chunk-trailing-space", 400, "1 \r\na\r\n"),
        chunks("chunk-trailing-tab", 400, "1\t\r\na\r\n"),
        chunks("chunk-underscore", 400, "1_0\r\n"),
        chunks("chunk-not-hex", 400, "g\r\n"),
        chunks("chunk-too-many-digits", 400, "0000000000000001\r\na\r\n"),
        chunks("chunk-overflow", 400, "FFFFFFFFFFFFFFFFF\r\n"),
        chunks("chunk-huge", 413, "FFFFFFFFFFFFFFF\r\n"),
        chunks("chunk-over-limit", 413, "100001\r\n"),
        chunks("chunk-size-bare-lf", 400, "1\na\r\n0\r\n\r\n"),
        chunks("chunk-size-bare-cr", 400, "1\ra\r\n0\r\n\r\n"),
        chunks("chunk-data-longer", 400, "1\r\nab\r\n0\r\n\r\n"),
        chunks("chunk-data-bare-lf", 400, "1\r\na\n0\r\n\r\n"),
        chunks("chunk-data-bare-cr", 400, "1\r\na\rb0\r\n\r\n"),
        chunks("chunk-data-no-end", 400, "1\r\na0\r\n\r\n"),
        chunks("chunk-extension-empty", 400, "1;\r\na\r\n"),
        chunks("chunk-extension-space", 400, "1; x=y\r\na\r\n"),
        chunks("chunk-extension-no-value", 400, "1;x=\r\na\r\n"),
        chunks("chunk-extension-open-quote", 400, "1;x=\"y\r\na\r\n"),
        chunks("chunk-extension-lf", 400, "1;x\ny\r\na\r\n"),
        chunks("chunk-extension-nul", 400, "1;x=\"\0\"\r\na\r\n"),
        chunks("chunk-extension-long", 400, "1;" + String(repeating: "x", count: 300) + "\r\na\r\n"),
        chunks(
            "chunk-extensions-many",
            400,
            String(repeating: "1;" + String(repeating: "x", count: 200) + "\r\na\r\n", count: 30)
        ),
        chunks("chunk-extension-never-ends", 400, "1;" + String(repeating: "x", count: 300)),
        chunks("trailer-fold", 400, "0\r\nX: a\r\n b\r\n\r\n"),
        chunks("trailer-no-colon", 400, "0\r\nX\r\n\r\n"),
        chunks("trailer-bare-lf", 400, "0\r\n\n"),
        chunks("trailer-space-before-colon", 400, "0\r\nX : a\r\n\r\n"),
        chunks("trailers-too-many", 431, "0\r\n" + String(repeating: "X: a\r\n", count: 101) + "\r\n"),
        chunks("trailers-too-large", 431, "0\r\nX: " + String(repeating: "a", count: 33_000) + "\r\n\r\n"),
    ]

    private static let limits: [HostileCase] = [
        line("target-too-long", 414, "GET /" + String(repeating: "a", count: 8192) + " HTTP/1.1"),
        HostileCase("target-never-ends", 414, "GET /" + String(repeating: "a", count: 9000)),
        HostileCase("method-never-ends", 414, String(repeating: "A", count: 9000)),
        field("fields-too-many", 431, String(repeating: "X: a\r\n", count: 100) + "Y: b", method: "GET"),
        field("field-too-large", 431, "X: " + String(repeating: "a", count: 33_000), method: "GET"),
        HostileCase(
            "field-never-ends",
            431,
            "GET / HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "a", count: 33_000)
        ),
        field(
            "section-too-large",
            431,
            (0..<40).map { "X\($0): " + String(repeating: "a", count: 1000) }.joined(separator: "\r\n"),
            method: "GET"
        ),
    ]
}

/// Requests that are fine, and what comes out of them.
struct SoundCase: CustomTestStringConvertible, Sendable {
    let name: String
    let bytes: [UInt8]
    /// One line per request: method, target, body.
    let requests: [String]

    init(_ name: String, _ text: String, _ requests: String...) {
        self.name = name
        bytes = Array(text.utf8)
        self.requests = requests
    }

    var testDescription: String { name }

    static let all: [SoundCase] = [
        SoundCase("get", "GET /a?b=c HTTP/1.1\r\nHost: a\r\n\r\n", "GET /a?b=c "),
        SoundCase("leading-empty-line", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / "),
        SoundCase(
            "pipeline",
            "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
                + "HEAD /3 HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /1 ",
            "POST /2 abc",
            "HEAD /3 "
        ),
        SoundCase("1.0", "GET / HTTP/1.0\r\n\r\n", "GET / "),
        SoundCase(
            "empty-line-after-body",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
            "POST / x",
            "GET /2 "
        ),
        SoundCase(
            "chunked",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n",
            "POST / abc0123456789"
        ),
        SoundCase(
            "chunked-extensions-and-trailers",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n1;a;b=c;d=\"e \\\" f\"\r\nx\r\n00\r\n"
                + "Digest: y\r\nX:\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
            "POST / x",
            "GET /2 "
        ),
        SoundCase("post-without-body", "POST / HTTP/1.1\r\nHost: a\r\n\r\n", "POST / "),
        SoundCase("length-zero", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "POST / "),
        SoundCase(
            "length-leading-zeros",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 003\r\n\r\nabc",
            "POST / abc"
        ),
        SoundCase("absolute", "GET http://B:81/x?y HTTP/1.1\r\nHost: a\r\n\r\n", "GET /x?y "),
        SoundCase("absolute-without-path", "GET http://b HTTP/1.1\r\nHost: a\r\n\r\n", "GET / "),
        SoundCase("options-asterisk", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS * "),
        SoundCase("options-absolute", "OPTIONS http://b HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS * "),
        SoundCase(
            "fields-with-blanks",
            "GET / HTTP/1.1\r\nhost:\t a \t\r\nX:\r\nY: \u{E9} \"q\"\r\n\r\n",
            "GET / "
        ),
        SoundCase("host-ipv6", "GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n", "GET / "),
        SoundCase(
            "expect-continue",
            "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\nhi",
            "PUT / hi"
        ),
        SoundCase(
            "fields-at-the-limit",
            "GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "X: a\r\n", count: 99) + "\r\n",
            "GET / "
        ),
        SoundCase(
            "target-at-the-limit",
            "GET /" + String(repeating: "a", count: 8191) + " HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /" + String(repeating: "a", count: 8191) + " "
        ),
        SoundCase(
            "every-method",
            "TRACE / HTTP/1.1\r\nHost: a\r\n\r\nPATCH / HTTP/1.1\r\nHost: a\r\n\r\n"
                + "QUERY / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"
                + "DELETE / HTTP/1.1\r\nHost: a\r\n\r\n",
            "TRACE / ",
            "PATCH / ",
            "QUERY / hi",
            "DELETE / "
        ),
    ]
}
