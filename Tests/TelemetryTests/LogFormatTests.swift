import Telemetry
import Testing

@Suite struct LogFormatTests {
    private func format(_ format: LogFormat, _ message: StaticString, _ fields: LogFields) -> String {
        let memory = LogMemory()
        let log = Log(level: .trace, sink: memory, clock: { Timestamp(milliseconds: 1_767_225_600_001) })
        log(.warning, message, fields)
        var bytes: [UInt8] = []
        for line in memory.lines { format.append(line, to: &bytes) }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func jsonLinesHoldEverything() {
        let line = format(
            .json,
            "upstream \"slow\"",
            [
                "status": 503, "retry": true, "cost": 0.5, "took": .duration(.microseconds(1500)),
                "nan": .number(.nan),
                "text": "a\"b\\c\nd\te\u{1B}[0m é", "time": "mine",
            ]
        )
        let expected =
            #"{"time":"2026-01-01T00:00:00.001Z","level":"warning","message":"upstream \"slow\"","#
            + #""status":503,"retry":true,"cost":0.5,"took":1.5,"nan":null,"#
            + #""text":"a\"b\\c\nd\te\u001b[0m é","field_time":"mine"}"# + "\n"
        #expect(line == expected)
    }

    @Test func textLinesReadWell() {
        let line = format(.text(isColoured: false), "provider is slow", ["id": "builtin", "wait": 3])
        #expect(line == "00:00:00.001 warning provider is slow  id=builtin  wait=3\n")
    }

    @Test(arguments: ["", "two words", "a\u{1B}[31m", "a\nb", "a=b", "a\"b", "\u{7f}"])
    func textLinesQuoteWhatCouldBeMisread(_ value: String) {
        let line = format(.text(isColoured: false), "m", ["v": .string(value)])
        #expect(line.hasSuffix("\"\n") && line.contains("v=\""))
        #expect(!line.dropLast().contains { $0 == "\n" || $0 == "\u{1B}" || $0 == "\u{7f}" })
    }

    @Test func colourIsOnlyWhereAskedFor() {
        #expect(format(.text(isColoured: true), "m", ["a": 1]).contains("\u{1B}[33m"))
        #expect(!format(.text(isColoured: false), "m", ["a": 1]).contains("\u{1B}"))
        #expect(!format(.json, "m", ["a": 1]).contains("\u{1B}"))
    }

    @Test func whatIsNoTerminalGetsJSON() {
        #expect(LogFormat.automatic(for: -1) == .json)
    }
}
