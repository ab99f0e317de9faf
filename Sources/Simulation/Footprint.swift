import Glibc
import Sound
import Tasks

/// What a process has of memory, in bytes, as Linux counts it.
enum Footprint {
    /// Resident now.
    static var resident: Int { field("VmRSS:") }
    /// The most that was ever resident.
    static var most: Int { field("VmHWM:") }

    private static func field(_ name: String) -> Int {
        guard let file = fopen("/proc/self/status", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        while fgets(&line, Int32(line.count), file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            guard text.hasPrefix(name) else { continue }
            return (text.split { !$0.isNumber }.first.flatMap { Int($0) } ?? 0) << 10
        }
        return 0
    }

    /// What the machine of a task that waits for its vendor takes, kept whole as the engine keeps it, in bytes.
    static func ofMachine(_ codec: Codec) -> Int {
        let count = 20_000
        let before = resident
        let machines = (0..<UInt32(count)).map { task in
            var row = Row(task: task)
            row.parts = [.attempt, .job, .token]
            row.state = .accepted
            row.startedAt = 1
            row.attemptStartedAt = 1
            return Replica.Busy(TaskMachine(codec.record(of: row)))
        }
        let after = resident
        return machines.count == count ? max(0, after - before) / count : 0
    }
}
