import Synchronization
import Telemetry
import Testing

@Suite struct LogTests {
    @Test(arguments: LogLevel.allCases, LogLevel.allCases)
    func writesFromItsLevelUpwards(_ threshold: LogLevel, _ level: LogLevel) {
        let memory = LogMemory()
        let log = Log(level: threshold, sink: memory)
        log(level, "line")
        #expect(memory.lines.count == (level >= threshold ? 1 : 0))
        #expect(log.isEnabled(level) == (level >= threshold))
        #expect(LogLevel(level.description) == level)
    }

    @Test func fieldsOfASilentLevelAreNotComputed() {
        let memory = LogMemory()
        let log = Log(level: .info, sink: memory)
        var computed = 0
        func expensive() -> LogFields {
            computed += 1
            return ["cost": 1]
        }
        log(.debug, "silent", expensive())
        #expect(computed == 0)
        log(.info, "loud", expensive())
        #expect(computed == 1)
    }

    @Test func theCurrentLogGathersFields() async {
        let memory = LogMemory()
        await Log(level: .trace, sink: memory).bind {
            await Log.withFields(["request": "r1", "client": "a"]) {
                Log.current(.info, "outer")
                await Log.withFields(["job": 7, "client": "b"]) {
                    await withTaskGroup { group in
                        group.addTask { Log.current(.info, "inner", ["state": "done"]) }
                    }
                }
            }
            Log.current(.info, "after")
        }
        #expect(memory.messages == ["outer", "inner", "after"])
        #expect(
            memory.lines.map(\.fields) == [
                ["request": "r1", "client": "a"],
                ["request": "r1", "client": "b", "job": 7, "state": "done"], [:],
            ]
        )
    }

    @Test func withoutALogNothingIsWritten() {
        Log.current(.error, "into the void")
    }

    @Test func bindingPassesErrorsThrough() {
        struct Failed: Error {}
        let log = Log(level: .info, sink: LogMemory())
        #expect(throws: Failed.self) { try log.bind { () throws(Failed) in throw Failed() } }
    }

    @Test func absentFieldsAreLeftOut() {
        let fields: LogFields = ["a": 1, "b": nil, "a": 2]
        #expect(fields.map(\.name) == ["a"])
        #expect(fields["a"] == 2)
    }
}
