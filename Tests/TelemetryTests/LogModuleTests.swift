import Synchronization
import Telemetry
import Testing

@Suite("Levels of modules, and lines that repeat")
struct LogModuleTests {
    /// A log whose seconds are set by hand.
    private struct Bench {
        let memory = LogMemory()
        let log: Log
        let time = Time()

        final class Time: Sendable {
            let milliseconds = Atomic<Int64>(1_800_000_000_000)
        }

        init(_ level: LogLevel = .info) {
            let time = time
            log = Log(level: level, sink: memory) {
                Timestamp(milliseconds: time.milliseconds.load(ordering: .relaxed))
            }
        }

        func pass(_ milliseconds: Int64) { time.milliseconds.add(milliseconds, ordering: .relaxed) }
    }

    @Test func aModuleMayHaveALevelOfItsOwnAndGetAnotherAtAnyTime() {
        let bench = Bench()
        let (tasks, api) = (bench.log.module("Tasks"), bench.log.module("API").adding(["a": 1]))
        #expect(!tasks.isEnabled(.debug))
        bench.log.setLevel(.warning, modules: ["Tasks": .debug, "Later": .trace])
        tasks(.debug, "one")
        api(.info, "silent")
        bench.log(.info, "silent")
        bench.log.module("Later")(.trace, "two")
        tasks.adding(["b": 2])(.debug, "three")
        bench.log.setLevel(.info)
        tasks(.debug, "silent")
        api(.info, "four")
        #expect(bench.memory.messages == ["one", "two", "three", "four"])
        #expect(bench.memory.lines.map(\.module) == ["Tasks", "Later", "Tasks", "API"])
    }

    @Test func aLineNamesItsModuleBeforeItsFields() {
        let bench = Bench()
        bench.log.module("Tasks")(.notice, "line", ["task": "snd_1", "module": "other"])
        let line = bench.memory.lines[0]
        var bytes: [UInt8] = []
        LogFormat.json.append(line, to: &bytes)
        #expect(
            String(decoding: bytes, as: UTF8.self).hasSuffix(
                #""level":"notice","message":"line","module":"Tasks","task":"snd_1","field_module":"other"}"#
                    + "\n"
            )
        )
        bytes = []
        LogFormat.text(isColoured: false).append(line, to: &bytes)
        #expect(
            String(decoding: bytes, as: UTF8.self).hasSuffix(
                "notice  line  module=Tasks  task=snd_1  module=other\n"
            )
        )
    }

    @Test func beyondSoManyInASecondALineIsCountedAndTheCountIsTold() {
        let bench = Bench()
        bench.log.setRepeats(3)
        let tasks = bench.log.module("Tasks")
        for number in 0..<1207 { tasks(.warning, "noisy", ["number": LogValue(number)]) }
        tasks(.info, "another")
        #expect(bench.memory.messages == ["noisy", "noisy", "noisy", "another"])
        bench.pass(1000)
        bench.log(.info, "whatever")
        #expect(bench.memory.messages.suffix(2) == ["lines like this one were left out", "whatever"])
        let told = bench.memory.lines[4]
        #expect(told.fields == ["like": "noisy", "count": 1204])
        #expect((told.level, told.module) == (.warning, "Tasks"))
        tasks(.warning, "noisy")
        #expect(bench.memory.messages.last == "noisy")
    }

    @Test func eachModuleIsCountedForItselfAndZeroLeavesNothingOut() {
        let bench = Bench()
        bench.log.setRepeats(1)
        for name in ["a", "b", "a", "b"] { bench.log.module(name)(.info, "same") }
        #expect(bench.memory.lines.map(\.module) == ["a", "b"])
        bench.log.setRepeats(0)
        for _ in 0..<10 { bench.log.module("a")(.info, "same") }
        #expect(bench.memory.lines.count == 12)
        bench.log.tellLeftOut(atEnd: true)
        #expect(bench.memory.messages.count { $0 == "lines like this one were left out" } == 2)
    }

    @Test func nothingIsOwedForLongWhereNoFurtherLineComes() {
        let bench = Bench()
        bench.log.setRepeats(1)
        for _ in 0..<3 { bench.log(.info, "noisy") }
        bench.log.tellLeftOut()
        #expect(bench.memory.messages == ["noisy"], "the second is not over")
        bench.pass(1000)
        bench.log.tellLeftOut()
        bench.log.tellLeftOut()
        bench.log.tellLeftOut(atEnd: true)
        #expect(bench.memory.messages == ["noisy", "lines like this one were left out"])
        #expect(bench.memory.lines[1].fields["count"] == 2)
    }

    @Test func aClockThatIsSetBackSilencesNobody() {
        let bench = Bench()
        bench.log.setRepeats(1)
        for _ in 0..<3 { bench.log(.info, "noisy") }
        bench.pass(-3_600_000)
        bench.log(.info, "noisy")
        #expect(bench.memory.messages == ["noisy", "lines like this one were left out", "noisy"])
    }
}
