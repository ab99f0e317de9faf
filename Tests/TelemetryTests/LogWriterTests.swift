import Glibc
import Telemetry
import Testing

@Suite struct LogWriterTests {
    /// Both ends of a pipe, closed at the end.
    private struct Pipe: ~Copyable {
        let reading: Int32
        let writing: Int32

        init() throws {
            var ends: [Int32] = [0, 0]
            try #require(pipe(&ends) == 0)
            reading = ends[0]
            writing = ends[1]
        }

        deinit {
            close(reading)
            close(writing)
        }

        /// Reads until that many lines have come.
        func lines(_ count: Int) -> [Substring] {
            var bytes: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 4096)
            while bytes.count(where: { $0 == UInt8(ascii: "\n") }) < count {
                let got = read(reading, &chunk, chunk.count)
                guard got > 0 else { break }
                bytes += chunk.prefix(got)
            }
            return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        }
    }

    @Test func linesArriveWholeAndInOrder() throws {
        let pipe = try Pipe()
        let writer = try LogWriter(descriptor: pipe.writing, format: .json)
        let log = Log(level: .info, sink: writer)
        for number in 0..<100 { log(.info, "line", ["number": LogValue(number)]) }
        writer.flush()
        let lines = pipe.lines(100)
        #expect(lines.count == 100)
        for (number, line) in lines.enumerated() { #expect(line.hasSuffix("\"number\":\(number)}")) }
        writer.close()
        log(.info, "too late")
        #expect(writer.dropped == 0)
    }

    @Test func onAFullDiskLinesAreLostAndCountedWhenThereIsRoomAgain() throws {
        var template = Array("/tmp/soundgate-log-XXXXXX".utf8CString)
        let file = mkstemp(&template)
        try #require(file >= 0)
        defer { close(file) }
        unlink(template)
        // Writing to this device fails as on a full disk.
        let full = open("/dev/full", O_WRONLY)
        defer { close(full) }
        let descriptor = dup(full)
        defer { close(descriptor) }
        let writer = try LogWriter(descriptor: descriptor, format: .json)
        let log = Log(level: .info, sink: writer)
        for _ in 0..<7 { log(.info, "lost") }
        writer.flush()
        #expect(dup2(file, descriptor) == descriptor)
        log(.info, "kept")
        log(.info, "kept")
        writer.close()
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = pread(file, &bytes, bytes.count, 0)
        let lines = String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines.first?.contains(#""message":"log lines dropped","count":7"#) == true)
        #expect(lines.dropFirst().allSatisfy { $0.contains("kept") })
    }

    @Test func aSlowReaderCostsTheOldestLinesAndNobodyWaits() throws {
        let pipe = try Pipe()
        // The pipe is full from the start, so the writer's thread is stuck with its first batch.
        let filler = [UInt8](repeating: UInt8(ascii: "x"), count: 65_535) + [UInt8(ascii: "\n")]
        #expect(write(pipe.writing, filler, filler.count) == filler.count, "a pipe holds 64 KiB on Linux")
        let writer = try LogWriter(descriptor: pipe.writing, format: .json, capacity: 10)
        let log = Log(level: .info, sink: writer)
        for number in 0..<1000 { log(.info, "line", ["number": LogValue(number)]) }
        let dropped = writer.dropped
        #expect(dropped >= 970)
        // The filler, what was not dropped, and one line that counts the dropped ones.
        let lines = pipe.lines(1 + 1000 - dropped + 1)
        writer.close()
        #expect(lines.last?.hasSuffix("\"number\":999}") == true)
        #expect(lines.contains { $0.contains("\"log lines dropped\",\"count\":") })
    }

    @Test func aBrokenDescriptorIsNoReasonToStop() throws {
        let writer = try LogWriter(descriptor: -1, format: .json)
        Log(level: .info, sink: writer)(.info, "lost")
        writer.flush()
        writer.close()
    }
}
