import HTTP
import JSON
import Telemetry
import Testing

@Suite("The audio route")
struct AudioTests {
    @Test("A range is 206 with its bytes, and the tag is the content's hash")
    func ranges() async throws {
        try await withHouse { house in
            let task = try await house.sound()
            let path = "/v1/sounds/\(task.id)/audio/0"
            let whole = try await house.send(.get, path)
            #expect(whole.fields["Accept-Ranges"] == "bytes")
            let tag = try #require(whole.fields["ETag"])
            #expect(task.json["outputs"]?[0]?["sha256"]?.string.map { "\"\($0)\"" } == tag)
            for (range, slice) in [
                ("bytes=0-9", whole.body.prefix(10)), ("bytes=10-19", whole.body[10..<20]),
                ("bytes=-4", whole.body.suffix(4)),
            ] {
                let part = try await house.send(.get, path, fields: ["Range": range])
                #expect(part.status == 206)
                #expect(part.body == Array(slice), "\(range)")
            }
            let held = try await house.send(.get, path, fields: ["Range": "bytes=0-9", "If-Range": tag])
            #expect(held.status == 206)
            let changed = try await house.send(
                .get,
                path,
                fields: ["Range": "bytes=0-9", "If-Range": "\"else\""]
            )
            #expect(changed.status == 200)
        }
    }

    @Test("Conditions: 304 for what the caller has, 412 for what is not there")
    func conditions() async throws {
        try await withHouse { house in
            let task = try await house.sound()
            let path = "/v1/sounds/\(task.id)/audio/0"
            let tag = try #require(try await house.send(.get, path).fields["ETag"])
            let known = try await house.send(.get, path, fields: ["If-None-Match": tag])
            #expect(known.status == 304)
            #expect(known.body.isEmpty)
            let failed = try await house.send(.get, path, fields: ["If-Match": "\"else\""])
            #expect(failed.status == 412)
            #expect(failed.code == "precondition_failed")
        }
    }

    @Test("A range outside the file is a 416 problem that tells the size")
    func outside() async throws {
        try await withHouse { house in
            let task = try await house.sound()
            let path = "/v1/sounds/\(task.id)/audio/0"
            let size = try await house.send(.get, path).body.count
            let answer = try await house.send(.get, path, fields: ["Range": "bytes=\(size)-"])
            #expect(answer.status == 416)
            #expect(answer.fields["Content-Range"] == "bytes */\(size)")
            #expect(answer.code == "range_not_satisfiable")
        }
    }

    @Test("HEAD tells what GET would")
    func head() async throws {
        try await withHouse { house in
            let task = try await house.sound()
            for path in ["/v1/sounds/\(task.id)", "/v1/sounds/\(task.id)/audio/0", "/v1/sounds", "/readyz"] {
                let (get, head) = (try await house.send(.get, path), try await house.send(.head, path))
                #expect(head.status == get.status)
                #expect(head.fields["ETag"] == get.fields["ETag"])
                #expect(head.fields["Content-Type"] == get.fields["Content-Type"])
            }
        }
    }

    @Test(
        "No such output is 404, in whatever way it is misspelt",
        arguments: ["1", "-1", "x", "99999999999999999999", ""]
    )
    func missing(index: String) async throws {
        try await withHouse { house in
            let task = try await house.sound()
            let answer = try await house.send(.get, "/v1/sounds/\(task.id)/audio/\(index)")
            #expect(answer.status == 404)
            #expect(answer.code == "not_found")
        }
    }

    @Test("Audio whose file is gone is 410, and an error in the log")
    func gone() async throws {
        try await withHouse { house in
            let task = try await house.sound()
            let sha256 = try #require(task.json["outputs"]?[0]?["sha256"]?.string)
            removeFile("\(house.directory)/audio/\(sha256.prefix(2))/\(sha256).wav")
            let answer = try await house.send(.get, "/v1/sounds/\(task.id)/audio/0")
            #expect(answer.status == 410)
            #expect(answer.code == "audio_gone")
            #expect(house.log.messages.contains("an asset is missing"))
        }
    }
}
