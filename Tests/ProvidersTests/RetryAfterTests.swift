import HTTP
import Providers
import Testing

@Suite("When a vendor wants to be asked again")
struct RetryAfterTests {
    private static let now = "Sun, 06 Nov 1994 08:49:37 GMT"

    @Test(
        "a number of seconds, a date beside the answer's own, or milliseconds; a day at most, nonsense is nothing",
        arguments: [
            (["retry-after": "7"], Duration.seconds(7)),
            (["retry-after": "0"], .zero),
            (["retry-after": "-1"], nil),
            (["retry-after": "soon"], nil),
            (["retry-after": "99999999"], .seconds(86_400)),
            (["retry-after": "Sun, 06 Nov 1994 08:50:07 GMT", "date": now], .seconds(30)),
            (["retry-after": "Sun, 06 Nov 1994 08:40:00 GMT", "date": now], .zero),
            (["retry-after": "Sun, 06 Nov 1994 08:50:07 GMT"], nil),
            (["retry-after-ms": "250", "retry-after": "1"], .milliseconds(250)),
            (["retry-after-ms": "x", "retry-after": "1"], .seconds(1)),
            ([:], nil),
        ] as [([String: String], Duration?)]
    )
    func reads(_ fields: [String: String], _ expected: Duration?) {
        var head = Fields()
        for (name, value) in fields { head[name] = value }
        #expect(UpstreamReply(status: 429, fields: head, body: []).retryAfter == expected)
    }
}
