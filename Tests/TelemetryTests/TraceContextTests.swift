import Telemetry
import Testing

@Suite("W3C trace context")
struct TraceContextTests {
    private static let trace = "0af7651916cd43dd8448eb211c80319c"
    private static let span = "b7ad6b7169203331"

    @Test(
        "A valid traceparent is read, and written as version 00",
        arguments: [
            ("00-\(trace)-\(span)-01", true), ("00-\(trace)-\(span)-00", false),
            // Flags that nobody has defined say nothing, and are not passed on.
            ("00-\(trace)-\(span)-03", true), ("00-\(trace)-\(span)-ff", true),
            ("00-\(trace)-\(span)-02", false),
            // A later version may have more at its end.
            ("01-\(trace)-\(span)-01", true), ("cc-\(trace)-\(span)-01-what-the-future-will-be-like", true),
            ("cc-\(trace)-\(span)-00-", false),
        ]
    )
    func valid(text: String, isSampled: Bool) throws {
        let context = try #require(TraceContext(traceparent: text))
        #expect(context.trace.description == Self.trace)
        #expect(context.span.description == Self.span)
        #expect(context.isSampled == isSampled)
        #expect(context.traceparent == "00-\(Self.trace)-\(Self.span)-\(isSampled ? "01" : "00")")
        #expect(TraceContext(traceparent: context.traceparent) == context)
    }

    @Test(
        "Anything else is none",
        arguments: [
            "", "00", "nothing", "00-\(trace)-\(span)", "00-\(trace)-\(span)-", "00-\(trace)-\(span)-0",
            "00-\(trace)-\(span)-001", "00-\(trace)-\(span)-01-", "00-\(trace)-\(span)-01-more",
            "00-\(trace)-\(span)-01.", "cc-\(trace)-\(span)-01.what", "cc-\(trace)-\(span)-0x",
            "ff-\(trace)-\(span)-01", "FF-\(trace)-\(span)-01", "0-\(trace)-\(span)-01",
            "-\(trace)-\(span)-01",
            "00-0AF7651916CD43DD8448EB211C80319C-\(span)-01", "00-\(trace)-B7AD6B7169203331-01",
            "00-\(trace)-\(span)-0A", "00-\(trace.dropLast())-\(span)-01", "00-\(trace)0-\(span)-01",
            "00-\(trace)-\(span.dropLast())-01", "00_\(trace)_\(span)_01", " 00-\(trace)-\(span)-01",
            "00-\(trace)-\(span)-01 ", "00-\(String(repeating: "0", count: 32))-\(span)-01",
            "00-\(trace)-0000000000000000-01", "00-\(trace)-\(span)-01, 00-\(trace)-\(span)-01",
            "00-\(trace.dropLast())ä-\(span)-01",
        ]
    )
    func invalid(text: String) {
        #expect(TraceContext(traceparent: text) == nil)
    }

    @Test func aChildIsInTheSameTraceUnderItsOwnName() {
        let parent = TraceContext.new(isSampled: true)
        let child = parent.child()
        #expect(child.trace == parent.trace)
        #expect(child.span != parent.span)
        #expect(child.isSampled)
        #expect(TraceContext(traceparent: child.traceparent) == child)
        #expect(Set((0..<10_000).map { _ in TraceContext.new().trace }).count == 10_000)
        #expect(SpanID("\(child.span)") == child.span)
        #expect(SpanID("0000000000000000") == nil)
    }

    @Test(
        "A valid tracestate is passed on, its lines as one list",
        arguments: [
            (["rojo=00f067aa0ba902b7"], "rojo=00f067aa0ba902b7"),
            (["rojo=1,congo=t61rcWkgMzE"], "rojo=1,congo=t61rcWkgMzE"),
            (["rojo=1", "congo=2"], "rojo=1,congo=2"), ([" rojo=1 ,\tcongo=2 ", ""], "rojo=1,congo=2"),
            (["a=1,,b=2,"], "a=1,b=2"), (["fw529a3039@dt=FfuXoCAwAAAA"], "fw529a3039@dt=FfuXoCAwAAAA"),
            (["0tenant@sys=x"], "0tenant@sys=x"), (["a_-*/9=v a:l;u"], "a_-*/9=v a:l;u"),
            (
                [(1...32).map { "k\($0)=v" }.joined(separator: ",")],
                (1...32).map { "k\($0)=v" }.joined(separator: ",")
            ),
        ]
    )
    func state(lines: [String], list: String) {
        #expect(TraceState.list(lines) == list)
    }

    @Test(
        "An invalid one is dropped as a whole",
        arguments: [
            [], [""], [",,"], ["rojo"], ["rojo="], ["=1"], ["Rojo=1"], ["1rojo=1"], ["rojo=1=2"], ["ro jo=1"],
            ["rojo=1,rojo=2"], ["rojo=1", "rojo=1"], ["a@b@c=1"], ["@b=1"], ["a@=1"], ["a@1b=1"],
            ["rojo=ü"], ["rojo=\u{7}"], ["a=1,b"], [String(repeating: "k", count: 257) + "=1"],
            ["a@" + String(repeating: "k", count: 15) + "=1"], ["a=" + String(repeating: "v", count: 257)],
            [(1...33).map { "k\($0)=v" }.joined(separator: ",")],
        ]
    )
    func noState(lines: [String]) {
        #expect(TraceState.list(lines) == nil)
    }

    @Test func ofATooLongTracestateTheLongMembersGoFirstThenTheLastOnes() {
        let long = "long=" + String(repeating: "v", count: 140)
        let short = (1...20).map { "k\($0)=" + String(repeating: "v", count: 20) }
        let kept = TraceState.list([([long] + short).joined(separator: ",")]) ?? ""
        #expect(kept.utf8.count <= 512)
        #expect(kept.hasPrefix("k1="))
        #expect(
            kept.split(separator: ",").map(String.init)
                == Array(short.prefix(kept.split(separator: ",").count))
        )
        #expect(kept.utf8.count + 1 + short[19].utf8.count > 512)
    }
}
