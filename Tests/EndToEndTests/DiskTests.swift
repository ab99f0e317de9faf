import Foundation
import HTTP
import HTTPClient
import JSON
import Testing
import Threads

/// What a gateway owes its callers when its disk is full, read-only or damaged.
@Suite(.serialized) struct DiskTests {
    /// What came of creates under load.
    private final class Tally: Sendable {
        private let ids = Guarded<[String]>([])
        private let refusals = Guarded(0)
        private let surprises = Guarded<[String]>([])

        var accepted: [String] { ids.withLock { $0 } }
        /// Refusals with 507, each with its code and a time to come back.
        var refused: Int { refusals.withLock { $0 } }
        /// Anything else.
        var others: [String] { surprises.withLock { $0 } }

        func count(_ answer: Peer.Answer) {
            if answer.status == 202, let id = answer.json["id"]?.string {
                ids.withLock { $0.append(id) }
            } else if answer.status == 507, answer.json["code"] == "storage_full",
                answer.fields["Retry-After"] != nil
            {
                refusals.withLock { $0 += 1 }
            } else {
                surprises.withLock { $0.append("\(answer.status) \(answer.json)") }
            }
        }
    }

    private static func create(_ number: Int, at gateway: Peer, _ tally: Tally) async throws {
        // Of the doubles only every fourth: their sounds are long and take a while to make.
        let provider = number.isMultiple(of: 4) ? "sunoapi" : "builtin"
        let request: JSONValue =
            provider == "builtin"
            ? ["prompt": "click", "duration": 0.5, "provider": "builtin", "seed": .integer(Int64(number))]
            : ["prompt": "rain", "provider": "sunoapi"]
        let answer = try await gateway.post("/v1/sounds", request)
        tally.count(answer)
    }

    /// Creates at a steady pace from several callers until told to stop.
    private func load<Result: Sendable>(
        _ gateway: Peer,
        _ tally: Tally,
        while body: () async throws -> Result
    ) async throws -> Result {
        let isOver = Guarded(false)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            for caller in 0..<4 {
                group.addTask {
                    for number in 0..<3_000 where !isOver.withLock({ $0 }) {
                        try await Self.create(number * 5 + caller, at: gateway, tally)
                        // Refused callers keep the pace.
                        try await Task.sleep(for: .milliseconds(40))
                    }
                }
            }
            let result: Swift.Result<Result, any Error>
            do { result = .success(try await body()) } catch { result = .failure(error) }
            isOver.withLock { $0 = true }
            try await group.waitForAll()
            return try result.get()
        }
    }

    @Test(
        "A full disk under load: clear 507s, nothing that was accepted is lost, back to normal when space returns",
        .enabled(if: SmallDisk.isPossible, SmallDisk.reason),
        .timeLimit(.minutes(3))
    )
    func fullUnderLoad() async throws {
        try await withDoubles(speed: 50) { doubles, _ in
            try await Folder.with { folder in
                var vendors = DoubledVendors()
                vendors.names = ["sunoapi"]
                let config = try folder.write(vendors.text(at: doubles), to: "soundgate.yaml")
                let program = try Program(
                    ["serve", "--listen", "127.0.0.1:0", "--config", config],
                    in: folder,
                    environment: DoubledVendors.environment,
                    under: SmallDisk.words(at: "data", size: "96m")
                )
                defer { program.send(SIGKILL) }
                try await withClient { client in
                    let gateway = try await program.peer(client, ready: "/readyz")
                    let tally = Tally()
                    let filler = SmallDisk.inside(program, folder.file("data/filler"))
                    try await load(gateway, tally) {
                        _ = try await program.wait(for: "the first tasks") {
                            tally.accepted.count >= 20 ? true : nil
                        }
                        try SmallDisk.fill(filler, leaving: 8 << 10)
                        _ = try await program.wait(for: "refusals") {
                            tally.refused >= 40 ? true : nil
                        }
                        _ = try await eventually("not ready") {
                            try await gateway.get("/readyz").status == 503 ? true : nil
                        }
                        for id in tally.accepted {
                            #expect(try await gateway.get("/v1/sounds/\(id)").status == 200)
                        }
                        #expect(try await gateway.get("/v1/sounds?limit=5").status == 200)
                        // Filled up to the last byte by what is under way, it stays full.
                        try SmallDisk.fill(filler + "-2", leaving: 0)
                        let before = tally.refused
                        _ = try await program.wait(for: "more refusals") {
                            tally.refused >= before + 20 ? true : nil
                        }
                        try #require(unlink(filler) == 0)
                        try #require(unlink(filler + "-2") == 0)
                        let count = tally.accepted.count
                        _ = try await program.wait(for: "new tasks") {
                            tally.accepted.count >= count + 8 ? true : nil
                        }
                    }
                    #expect(tally.others == [])
                    let accepted = tally.accepted
                    var bought = 0
                    for id in accepted {
                        let task = try await gateway.ended(id)
                        #expect(task["status"] == "succeeded", "\(task)")
                        if task["provider"] == "sunoapi" { bought += 1 }
                        let audio = try await gateway.get("/v1/sounds/\(id)/audio/0")
                        #expect(audio.status == 200)
                    }
                    let known = try await ids(gateway)
                    #expect(known == Set(accepted), "nothing half-written")
                    // What a vendor took was asked for once.
                    let creates = try await doubles.calls("vendor=sunoapi&operation=create")
                    #expect(creates.count == bought)
                    #expect(try await gateway.get("/readyz").status == 200)
                    let left = Folder.names(
                        in: SmallDisk.inside(program, folder.file("data/audio/incoming"))
                    )
                    #expect(left == [])
                }
                #expect(await program.stop() == 0, "\(program.errors)")
            }
        }
    }

    /// The ids of all tasks.
    private func ids(_ gateway: Peer) async throws -> Set<String> {
        var ids: Set<String> = []
        var path: String? = "/v1/sounds?limit=100"
        while let page = path {
            let list = try await gateway.get(page).json
            ids.formUnion((list["data"]?.array ?? []).compactMap { $0["id"]?.string })
            path = list["next_cursor"]?.string.map { "/v1/sounds?limit=100&cursor=\($0)" }
        }
        return ids
    }

    @Test(
        "A disk that takes no writes: 503 and not ready, reads go on, and all is well when it takes them again"
    )
    func noWrites() async throws {
        try await Folder.with { folder in
            let program = try Program.gateway(in: folder)
            defer { program.send(SIGKILL) }
            try await withClient { client in
                let gateway = try await program.peer(client, ready: "/readyz")
                let before = try await gateway.sound(["prompt": "click", "duration": 0.5])
                let id = try #require(before["id"]?.string)
                SmallDisk.limitFiles(of: program, to: 0)
                let refused = try await gateway.post("/v1/sounds", ["prompt": "click", "duration": 0.5])
                #expect(refused.status == 503)
                #expect(refused.json["code"] == "storage_unavailable")
                #expect(refused.fields["Retry-After"] != nil)
                _ = try await eventually("not ready") {
                    try await gateway.get("/readyz").status == 503 ? true : nil
                }
                #expect(try await gateway.get("/v1/sounds/\(id)").status == 200)
                #expect(try await gateway.get("/v1/sounds/\(id)/audio/0").status == 200)
                SmallDisk.limitFiles(of: program, to: nil)
                _ = try await eventually("ready again") {
                    try await gateway.get("/readyz").status == 200 ? true : nil
                }
                let after = try await gateway.sound(["prompt": "click", "duration": 0.5])
                #expect(after["status"] == "succeeded")
                #expect(try await ids(gateway).count == 2)
            }
            #expect(await program.stop() == 0, "\(program.errors)")
            #expect(program.errors.contains("log lines dropped"))
        }
    }

    @Test(
        "An audio disk that turns read-only: 503, what was accepted waits, and goes on when it can be written",
        .enabled(if: SmallDisk.isPossible, SmallDisk.reason)
    )
    func readOnlyAudio() async throws {
        try await Folder.with { folder in
            let program = try Program(
                ["serve", "--listen", "127.0.0.1:0"],
                in: folder,
                under: SmallDisk.words(at: "data/audio", size: "32m")
            )
            defer { program.send(SIGKILL) }
            try await withClient { client in
                let gateway = try await program.peer(client, ready: "/readyz")
                let path = folder.file("data/audio")
                let accepted = Guarded<[String]>([])
                // The disk cannot be mounted read-only while a file of it is being written.
                SmallDisk.remount(program, path, "ro")
                let refused: Peer.Answer = try await eventually("a refusal") {
                    let answer = try await gateway.post("/v1/sounds", ["prompt": "click", "duration": 0.5])
                    if let id = answer.json["id"]?.string, answer.status == 202 {
                        accepted.withLock { $0.append(id) }
                        return nil
                    }
                    return answer
                }
                #expect(refused.status == 503)
                #expect(refused.json["code"] == "storage_unavailable")
                #expect(try await gateway.get("/readyz").status == 503)
                for id in accepted.withLock({ $0 }) {
                    let status = try await gateway.get("/v1/sounds/\(id)").json["status"]?.string
                    #expect(status == "queued" || status == "running")
                }
                SmallDisk.remount(program, path, "rw")
                for id in accepted.withLock({ $0 }) {
                    #expect(try await gateway.ended(id)["status"] == "succeeded")
                }
                let after: Peer.Answer = try await eventually("an acceptance") {
                    let answer = try await gateway.post(
                        "/v1/sounds",
                        ["prompt": "click", "duration": 0.5],
                        wait: 60
                    )
                    return answer.status == 503 ? nil : answer
                }
                #expect(after.json["status"] == "succeeded")
            }
            #expect(await program.stop() == 0, "\(program.errors)")
        }
    }

    @Test(
        "On a disk that is full from the start it says so and ends, and starts when there is room",
        .enabled(if: SmallDisk.isPossible, SmallDisk.reason)
    )
    func fullAtStart() async throws {
        try await Folder.with { folder in
            let full = SmallDisk.words(
                at: "data",
                size: "4m",
                then: "cat /dev/zero > data/filler 2> /dev/null"
            )
            let run = try await Program.run(["serve", "--listen", "127.0.0.1:0"], in: folder, under: full)
            #expect(run.status == 69)
            #expect(run.errors.contains("No space left on device") || run.errors.contains("full"))
            #expect(run.errors.split(separator: "\n").count < 5, "\(run.errors)")
        }
    }

    @Test(
        "A damaged ledger is refused with what can be done about it, and the doctor tells the same",
        arguments: [0, 4096]
    )
    func damaged(_ start: Int) async throws {
        try await Folder.with { folder in
            try await withClient { client in
                let program = try Program.gateway(in: folder)
                defer { program.send(SIGKILL) }
                let gateway = try await program.peer(client, ready: "/readyz")
                _ = try await gateway.sound(["prompt": "click", "duration": 0.5])
                #expect(await program.stop() == 0)
            }
            let path = folder.file("data/soundgate.db")
            var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            for index in start..<bytes.count { bytes[index] = 0xA5 }
            try bytes.write(to: URL(fileURLWithPath: path))
            let run = try await Program.run(["serve", "--listen", "127.0.0.1:0"], in: folder)
            #expect(run.status == 65)
            #expect(run.errors.contains("data/soundgate.db") && run.errors.contains("damaged"))
            #expect(run.errors.contains("soundgate doctor") && run.errors.contains("backup"))
            let doctor = try await Program.run(["doctor"], in: folder)
            #expect(doctor.status == 1)
            #expect(doctor.output.hasPrefix("damaged: "))
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == bytes, "it is left as it was")
        }
    }
}
