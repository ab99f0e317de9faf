import Foundation
import JSON
import Testing

/// `soundgate doctor` over what a stopped gateway has left.
@Suite struct DoctorTests {
    /// Makes a sound and stops the gateway; the result is the path of its audio.
    private func leave(in folder: Folder) async throws -> String {
        var hash = ""
        try await withClient { client in
            let program = try Program.gateway(in: folder)
            defer { program.send(SIGKILL) }
            let gateway = try await program.peer(client, ready: "/readyz")
            let task = try await gateway.sound(["prompt": "click", "duration": 1])
            hash = try #require(task["outputs"]?[0]?["sha256"]?.string)
            let busy = try await Program.run(["doctor"], in: folder)
            #expect(busy.status == 69, "a gateway has the database open: \(busy.errors)")
            #expect(await program.stop() == 0)
        }
        return folder.file("data/audio/\(hash.prefix(2))/\(hash).wav")
    }

    @Test func aHouseInOrderIsWell() async throws {
        try await Folder.with { folder in
            _ = try await leave(in: folder)
            for arguments in [["doctor"], ["doctor", "--deep"]] {
                let run = try await Program.run(arguments, in: folder)
                #expect(run.status == 0, "\(run.errors)")
                #expect(run.output == "")
                #expect(run.errors.contains("1 tasks") && run.errors.contains("all is well"))
            }
        }
    }

    @Test func audioThatNobodyHasIsToldAndRemovedOnWish() async throws {
        try await Folder.with { folder in
            let audio = try await leave(in: folder)
            let name = String(repeating: "0", count: 64)
            let orphan = folder.file("data/audio/00/\(name).wav")
            try FileManager.default.copyItem(atPath: audio, toPath: orphan)
            let told = try await Program.run(["doctor"], in: folder)
            #expect(told.status == 1)
            #expect(told.output.contains("orphan: data/audio/00/\(name).wav"))
            #expect(FileManager.default.fileExists(atPath: orphan), "looking changes nothing")
            let mended = try await Program.run(["doctor", "--repair"], in: folder)
            #expect(mended.status == 0, "\(mended.errors)")
            #expect(!FileManager.default.fileExists(atPath: orphan))
            #expect(FileManager.default.fileExists(atPath: audio))
        }
    }

    @Test func audioThatIsGoneOrChangedIsToldAndLeftAlone() async throws {
        try await Folder.with { folder in
            let audio = try await leave(in: folder)
            var bytes = try Data(contentsOf: URL(fileURLWithPath: audio))
            bytes[bytes.count - 1] ^= 1
            try bytes.write(to: URL(fileURLWithPath: audio))
            #expect(try await Program.run(["doctor"], in: folder).status == 0, "its length is right")
            let changed = try await Program.run(["doctor", "--deep", "--repair"], in: folder)
            #expect(changed.status == 1)
            #expect(changed.output.hasPrefix("changed: snd_"))
            try FileManager.default.removeItem(atPath: audio)
            let missing = try await Program.run(["doctor", "--repair"], in: folder)
            #expect(missing.status == 1)
            #expect(missing.output.hasPrefix("missing: snd_"))
        }
    }

    @Test func whereThereIsNoLedgerNoneIsMade() async throws {
        try await Folder.with { folder in
            let run = try await Program.run(["doctor"], in: folder)
            #expect(run.status == 66)
            #expect(!FileManager.default.fileExists(atPath: folder.file("data")))
        }
    }
}
