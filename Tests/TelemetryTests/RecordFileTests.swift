import Glibc
import Telemetry
import Testing
import Threads

@Suite struct RecordFileTests {
    /// A folder of its own, removed with what is in it.
    private final class Place {
        let folder: String
        var file: String { folder + "/audit.jsonl" }

        init() throws {
            var template = Array("/tmp/soundgate-records-XXXXXX".utf8CString)
            try #require(mkdtemp(&template) != nil)
            folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }

        deinit {
            for name in ["audit.jsonl", "audit.jsonl.1"] { unlink("\(folder)/\(name)") }
            rmdir(folder)
        }

        func lines(_ name: String = "audit.jsonl") -> [String] {
            guard let stream = fopen("\(folder)/\(name)", "r") else { return [] }
            defer { fclose(stream) }
            var bytes = [UInt8](repeating: 0, count: 1 << 20)
            let count = fread(&bytes, 1, bytes.count, stream)
            return String(decoding: bytes.prefix(count), as: UTF8.self).split(separator: "\n").map(
                String.init
            )
        }
    }

    private static func record(_ number: Int) -> LogLine {
        LogLine(time: .now(), level: .notice, message: "request", fields: ["number": LogValue(number)])
    }

    @Test func recordsAreAddedToAFileThatOnlyItsOwnerReads() throws {
        let place = try Place()
        for number in 0..<2 {
            let file = try RecordFile(path: place.file) { _ in }
            file.write(Self.record(number))
            file.close()
        }
        let lines = place.lines()
        #expect(lines.count == 2)
        for (number, line) in lines.enumerated() {
            #expect(line.hasPrefix(#"{"time":""#))
            #expect(line.hasSuffix(#","event":"request","number":\#(number)}"#))
        }
        var status = stat()
        #expect(stat(place.file, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
    }

    @Test func aFileThatWasMovedIsLeftAndMadeAnew() throws {
        let place = try Place()
        let file = try RecordFile(path: place.file) { _ in }
        file.write(Self.record(1))
        file.flush()
        #expect(rename(place.file, place.file + ".1") == 0)
        file.write(Self.record(2))
        file.close()
        #expect(place.lines("audit.jsonl.1").count == 1)
        #expect(place.lines().count == 1)
    }

    @Test func reopeningMakesAMovedFileAnewWithoutARecord() throws {
        let place = try Place()
        let file = try RecordFile(path: place.file) { _ in }
        #expect(rename(place.file, place.file + ".1") == 0)
        file.reopen()
        file.close()
        #expect(access(place.file, F_OK) == 0)
    }

    @Test func whereTheFileCannotBeMadeItSaysSo() {
        let made = Result { try RecordFile(path: "/nowhere/at/all/audit.jsonl") { _ in } }
        #expect(throws: SystemError.self) { try made.get() }
    }

    @Test func whatADiskDoesNotTakeIsKeptAndCounted() throws {
        let place = try Place()
        // Writing to this device fails as on a full disk.
        #expect(symlink("/dev/full", place.file) == 0)
        let troubles = Guarded<[RecordFile.Trouble]>([])
        let failing = EventCount()
        let file = try RecordFile(path: place.file, capacity: 4) { trouble in
            troubles.withLock { $0.append(trouble) }
            failing.add()
        }
        file.write(Self.record(0))
        failing.wait(for: 1)
        // Nobody waits, and the oldest go: six of ten.
        for number in 1...10 { file.write(Self.record(number)) }
        #expect(file.dropped == 6)
        unlink(place.file)
        failing.wait(for: 2)
        file.close()
        let lines = place.lines()
        #expect(lines.count == 6)
        #expect(lines[0].hasSuffix(#""number":0}"#))
        #expect(lines[1].hasSuffix(#""event":"records_lost","count":6}"#))
        #expect(lines[5].hasSuffix(#""number":10}"#))
        let told = troubles.withLock { $0 }
        #expect(told == [.failing("No space left on device"), .recovered(lost: 0)])
    }

    @Test func closingOnAFullDiskGivesUpAndSaysHowMuch() throws {
        let troubles = Guarded<[RecordFile.Trouble]>([])
        let file = try RecordFile(path: "/dev/full") { trouble in
            troubles.withLock { $0.append(trouble) }
        }
        for number in 1...3 { file.write(Self.record(number)) }
        file.close()
        let lost = troubles.withLock { $0 }.reduce(0) { sum, trouble in
            if case .abandoned(let count) = trouble { sum + count } else { sum }
        }
        #expect(lost == 3)
    }
}

/// Counts what comes from another thread, and waits for it.
private final class EventCount: @unchecked Sendable {
    // `@unchecked`: a semaphore is made for several threads.
    private let semaphore: UnsafeMutablePointer<sem_t>
    private var seen = 0

    init() {
        semaphore = .allocate(capacity: 1)
        sem_init(semaphore, 0, 0)
    }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func add() { sem_post(semaphore) }

    /// Called by one thread alone.
    func wait(for count: Int) {
        while seen < count {
            if sem_wait(semaphore) == 0 { seen += 1 }
        }
    }
}
