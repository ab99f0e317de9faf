import Glibc
import Testing
import Threads

/// The fuzzer starts from every case of the tables, a file each, so that both grow together.
///
/// `SOUNDGATE_WRITE_CORPUS=1` writes what is missing or has changed instead of complaining.
@Suite struct CorpusTests {
    private static let folder =
        #filePath.split(separator: "/").dropLast(2).reduce("") { $0 + "/" + $1 }
        + "/Fuzz/HTTPParser/Corpus/"

    private static let cases =
        HostileCase.all.map { ("hostile-" + $0.name, $0.bytes) }
        + SoundCase.all.map { ("sound-" + $0.name, $0.bytes) }

    @Test(arguments: cases)
    func theCorpusHoldsTheCase(_ name: String, _ bytes: [UInt8]) throws {
        let path = CorpusTests.folder + name
        if getenv("SOUNDGATE_WRITE_CORPUS") != nil {
            let descriptor = try retryingSystemCall("open") {
                open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
            }
            defer { close(descriptor) }
            try retryingSystemCall("write") { write(descriptor, bytes, bytes.count) }
        }
        let descriptor = try retryingSystemCall("open", subject: path) { open(path, O_RDONLY) }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        let count = try retryingSystemCall("read") { read(descriptor, &buffer, buffer.count) }
        #expect(Array(buffer[..<count]) == bytes)
    }
}
