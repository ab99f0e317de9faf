import Assets
import AudioFile
import Foundation
import Sound

/// Lends a fresh folder and removes it afterwards.
func withFolder<Result>(_ body: (String) async throws -> Result) async throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("assets-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try await body(folder.path)
}

/// Writes a short, whole sound; another pitch gives other bytes.
func writeSound(_ path: String, _ format: AudioFormat, seconds: Double = 0.5, pitch: Int = 40) throws {
    let writer = try AudioWriter(path: path, format: format, sampleRate: 16_000, channels: 1)
    try writer.write((0..<Int(16_000 * seconds)).map { Float($0 % pitch) / Float(2 * pitch) })
    try writer.finish()
}

func bytes(ofFile path: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
}

func write(_ bytes: [UInt8], to path: String) throws { try Data(bytes).write(to: URL(fileURLWithPath: path)) }

func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

/// Every file below a folder, without the folders.
func files(below folder: String) -> [String] {
    let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
    return names.filter { name in
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: "\(folder)/\(name)", isDirectory: &isFolder)
            && !isFolder.boolValue
    }
}

func remove(_ path: String) throws { try FileManager.default.removeItem(atPath: path) }
