import AudioFile
import Glibc
import Testing

/// Lends the path of a new empty file and removes it afterwards.
func withTemporaryFile(_ body: (String) throws -> Void) throws {
    var template = Array("/tmp/soundgate-audio-XXXXXX".utf8CString)
    let descriptor = mkstemp(&template)
    try #require(descriptor >= 0)
    close(descriptor)
    let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer { unlink(path) }
    try body(path)
}

/// A 1 kHz tone at half of full scale, interleaved.
func tone(frames: Int, channels: Int) -> [Float] {
    (0..<frames * channels).map { 0.5 * sinf(2 * .pi * 1000 * Float($0 / channels) / 44_100) }
}

func write(_ samples: [Float], to path: String, format: AudioFormat, channels: Int) throws {
    let writer = try AudioWriter(path: path, format: format, sampleRate: 44_100, channels: channels)
    try writer.write(samples)
    try writer.finish()
}

func contents(of path: String) throws -> [UInt8] {
    let file = try #require(fopen(path, "rb"))
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 65_536)
    while case let count = fread(&block, 1, block.count, file), count > 0 { bytes += block[..<count] }
    return bytes
}

func replaceContents(of path: String, with bytes: [UInt8]) throws {
    let file = try #require(fopen(path, "wb"))
    defer { fclose(file) }
    #expect(fwrite(bytes, 1, bytes.count, file) == bytes.count)
}
