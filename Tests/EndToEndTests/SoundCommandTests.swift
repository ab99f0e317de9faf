import AudioFile
import Crypto
import JSON
import Testing

/// `soundgate sound`, from the prompt to the file.
@Suite struct SoundCommandTests {
    @Test func theAudioIsSavedWhereAskedFor() async throws {
        try await withGateway { gateway, folder in
            let words = ["sound", "bell", "--duration", "1", "-o", "bell.wav", "--server", gateway.address]
            let run = try await Program.run(words, in: folder)
            #expect(run.status == 0, "\(run.errors)")
            #expect(run.output == "bell.wav\n")
            #expect(try AudioInspection(path: folder.file("bell.wav")).duration == 1)

            let again = try await Program.run(words, in: folder)
            #expect(again.status == 73)
            #expect(again.errors.contains("bell.wav exists"))
            let forced = try await Program.run(words + ["--force", "--format=ogg"], in: folder)
            #expect(forced.status == 0, "\(forced.errors)")
            #expect(try AudioInspection(path: folder.file("bell.wav")).format == .ogg)
            #expect(!folder.names.contains { $0.hasSuffix(".part") })
        }
    }

    @Test func takesAreNumberedAndJSONNamesTheFiles() async throws {
        try await withGateway { gateway, folder in
            let run = try await Program.run(
                [
                    "sound", "beep", "--duration=0.5", "--variations", "2", "--output=beep.wav", "--json",
                    "--server", gateway.address,
                ],
                in: folder
            )
            #expect(run.status == 0, "\(run.errors)")
            #expect(run.errors.isEmpty)
            let task = try JSONValue(parsing: run.output)
            #expect(task["files"] == ["beep-0.wav", "beep-1.wav"])
            for (index, output) in (task["outputs"]?.array ?? []).enumerated() {
                let bytes = folder.bytes(of: "beep-\(index).wav")
                #expect(output["bytes"]?.integer == Int64(bytes.count))
                #expect(output["sha256"]?.string == SHA256.hash(bytes).hex)
            }
        }
    }

    @Test func aRefusalIsToldFieldByField() async throws {
        try await withGateway { gateway, folder in
            let words = ["sound", "x", "--bpm", "900", "--key", "H", "--server", gateway.address]
            let run = try await Program.run(words, in: folder)
            #expect(run.status == 64)
            #expect(run.errors.contains("  bpm: "), "\(run.errors)")
            #expect(run.errors.contains("  key: "))
            #expect(run.output.isEmpty)
        }
    }
}
