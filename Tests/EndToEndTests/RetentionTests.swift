import Foundation
import JSON
import Testing

/// What a running gateway removes by itself.
@Suite struct RetentionTests {
    @Test func endedTasksAndOldOrphansGoAndFreshFilesStay() async throws {
        try await Folder.with { folder in
            _ = try folder.write("assets: {retention: 2s}\n", to: "gateway.yaml")
            let name = String(repeating: "0", count: 64)
            let (old, fresh) = ("data/audio/00/\(name).wav", "data/audio/00/\(name).mp3")
            try FileManager.default.createDirectory(
                atPath: folder.file("data/audio/00"),
                withIntermediateDirectories: true
            )
            for path in [old, fresh] { _ = try folder.write("x", to: path) }
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSinceNow: -7200)],
                ofItemAtPath: folder.file(old)
            )
            let program = try Program.gateway(["--config", folder.file("gateway.yaml")], in: folder)
            defer { program.send(SIGKILL) }
            try await withClient { client in
                let gateway = try await program.peer(client, ready: "/readyz")
                let task = try await gateway.sound(["prompt": "click", "duration": 1])
                let id = try #require(task["id"]?.string)
                let hash = try #require(task["outputs"]?[0]?["sha256"]?.string)
                let audio = folder.file("data/audio/\(hash.prefix(2))/\(hash).wav")
                let isGone = try await eventually("the task is removed") {
                    try await gateway.get("/v1/sounds/\(id)").status == 404 ? true : nil
                }
                let isSilent = try await eventually("its audio is removed") {
                    FileManager.default.fileExists(atPath: audio) ? nil : true
                }
                #expect(isGone && isSilent)
                #expect(await program.stop() == 0)
            }
            #expect(!FileManager.default.fileExists(atPath: folder.file(old)))
            #expect(FileManager.default.fileExists(atPath: folder.file(fresh)))
        }
    }
}
