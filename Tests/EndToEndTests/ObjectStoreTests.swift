import Crypto
import Glibc
import HTTP
import HTTPClient
import JSON
import S3TestSupport
import Testing

/// The built program with its audio in an object store.
@Suite struct ObjectStoreTests {
    /// A configuration with its audio in the double.
    static func config(_ store: StoreDouble, _ more: String = "") -> String {
        """
        assets:
          s3:
            endpoint: \(store.origin)
            region: \(StoreDouble.region)
            bucket: \(StoreDouble.bucket)
            prefix: audio/
            style: path
            access_key_id: AKIDTEST
            secret_access_key: test/secret+key
            multipart_above: 5MiB
            part_size: 5MiB
        \(more)
        """
    }

    private static let request: JSONValue = [
        "prompt": "rain", "duration": 2, "provider": "builtin", "seed": 7,
    ]

    private static func path(_ task: JSONValue) throws -> String {
        "/v1/sounds/\(try #require(task["id"]?.string))/audio/0"
    }

    private static func sha256(_ task: JSONValue) throws -> String {
        try #require(task["outputs"]?.array?.first?["sha256"]?.string)
    }

    private static func key(_ task: JSONValue) throws -> String {
        let sha256 = try sha256(task)
        return "audio/\(sha256.prefix(2))/\(sha256).wav"
    }

    /// What was asked about an object; the gateway lists the bucket meanwhile.
    private static func calls(_ store: StoreDouble, _ key: String) -> [StoreDouble.Heard] {
        store.heard.filter { $0.target.contains(key) }
    }

    @Test func aSoundIsKeptHandedOutAndRemovedThere() async throws {
        try await StoreDouble.with { store in
            try await withGateway(config: Self.config(store)) { gateway, folder in
                let task = try await gateway.sound(Self.request)
                try #require(task["status"] == "succeeded", "\(task)")
                let (path, key) = (try Self.path(task), try Self.key(task))
                let kept = try #require(store.objects[key]).bytes
                #expect(SHA256.hash(kept).hex == (try Self.sha256(task)))

                let whole = try await gateway.get(path)
                #expect(whole.status == 200)
                #expect(whole.bytes == kept)
                #expect(whole.fields["content-length"] == "\(kept.count)")
                #expect(whole.fields["content-type"] == "audio/wav")
                let tag = try #require(whole.fields["etag"])
                #expect(tag == "\"\(try Self.sha256(task))\"")

                let part = try await gateway.get(path, fields: ["Range": "bytes=100-299"])
                #expect(part.status == 206)
                #expect(part.bytes == Array(kept[100..<300]))
                #expect(part.fields["content-range"] == "bytes 100-299/\(kept.count)")
                let asked = Self.calls(store, key).last?.fields["range"]
                #expect(asked == "bytes=100-299", "no more is fetched than is wanted")

                let calls = Self.calls(store, key).count
                #expect(try await gateway.get(path, fields: ["If-None-Match": tag]).status == 304)
                #expect(try await gateway.get(path, fields: ["If-Match": "\"other\""]).status == 412)
                #expect(try await gateway.get(path, fields: ["Range": "bytes=9999999-"]).status == 416)
                #expect(Self.calls(store, key).count == calls, "the ledger knows enough for these")

                let head = try await gateway.send(.head, path, nil)
                #expect(head.status == 200)
                #expect(head.fields["content-length"] == "\(kept.count)")
                #expect(Self.calls(store, key).last?.method == "HEAD")

                let id = try #require(task["id"]?.string)
                #expect(try await gateway.send(.delete, "/v1/sounds/\(id)", nil).status == 204)
                _ = try await eventually("the object goes") { store.objects[key] == nil ? true : nil }
            }
        }
    }

    @Test func whoeverAsksIsSentToTheStoreWhereThatIsWanted() async throws {
        try await StoreDouble.with { store in
            let config = Self.config(store, "    deliver: redirect\n    presign_for: 90s")
            try await withGateway(config: config) { gateway, _ in
                let task = try await gateway.sound(Self.request)
                let path = try Self.path(task)
                let kept = try #require(store.objects[try Self.key(task)]).bytes
                let answer = try await gateway.get(path)
                #expect(answer.status == 307)
                #expect(answer.fields["cache-control"] == "no-store")
                let address = try #require(answer.fields["location"])
                #expect(address.hasPrefix("\(store.origin)/\(StoreDouble.bucket)/audio/"))
                #expect(address.contains("X-Amz-Expires=90&"))

                var request = UpstreamRequest(.get, "\(gateway.address)\(path)")
                request.fields["Range"] = "bytes=0-3"
                request.redirects = .follow(max: 1)
                let part = try await gateway.client.send(request)
                #expect(part.status.code == 206)
                #expect(part.body == Array(kept[..<4]))
                #expect(part.fields["content-type"] == "audio/wav")
                #expect(part.fields["content-disposition"]?.contains("filename=\"") == true)

                let head = try await gateway.send(.head, path, nil)
                let place = try #require(head.fields["location"])
                #expect(try await gateway.client.send(UpstreamRequest(.head, place)).status.code == 200)

                let proxied = try await gateway.get(path, fields: ["Prefer": "proxied"])
                #expect(proxied.status == 200)
                #expect(proxied.bytes == kept)
                let tag = "\"\(try Self.sha256(task))\""
                #expect(try await gateway.get(path, fields: ["If-None-Match": tag]).status == 304)
            }
        }
    }

    @Test func aLongSoundGoesInPartsAndComesBackThroughBreaks() async throws {
        try await StoreDouble.with { store in
            try await withGateway(config: Self.config(store)) { gateway, _ in
                store.play(.error(503, "SlowDown"), on: "PUT", "partNumber=2")
                let task = try await gateway.sound([
                    "prompt": "rain", "duration": 45, "provider": "builtin", "seed": 7,
                ])
                try #require(task["status"] == "succeeded", "\(task)")
                let kept = try #require(store.objects[try Self.key(task)]).bytes
                #expect(kept.count > 5 << 20)
                #expect(store.heard.contains { $0.target.contains("partNumber=2&") })
                // The first is the first quarter of a megabyte, the second the rest.
                store.play(.error(500, "InternalError"), on: "GET", "/audio/")
                store.play(.cut, on: "GET", "/audio/")
                store.play(.cut, on: "GET", "/audio/")
                let answer = try await gateway.get(try Self.path(task))
                #expect(answer.status == 200)
                #expect(answer.bytes == kept)
            }
        }
    }

    @Test func aStoreThatIsAwayHoldsSoundsUpAndLosesNone() async throws {
        try await StoreDouble.with { store in
            try await withGateway(config: Self.config(store)) { gateway, _ in
                for _ in 0..<8 { store.play(.error(503, "SlowDown"), on: "PUT") }
                let task = try await gateway.sound(Self.request)
                #expect(task["status"] == "succeeded", "\(task)")
                #expect(store.objects[try Self.key(task)] != nil)
                let page = Exposition(
                    String(decoding: try await gateway.get("/metrics").bytes, as: UTF8.self)
                )
                let calls = "soundgate_object_store_calls_total"
                #expect(page.sum(calls, ["operation": "put", "outcome": "unavailable"]) == 8)
                #expect(page.sum(calls, ["operation": "put", "outcome": "ok"]) == 1)
                for _ in 0..<8 { store.play(.error(503, "SlowDown"), on: "GET", "/audio/") }
                let away = try await gateway.get(try Self.path(task))
                #expect(away.status == 503)
                #expect(away.json["code"] == "storage_unavailable")
                #expect(away.fields["retry-after"] == "5")
                store.remove(try Self.key(task))
                let gone = try await eventually("the store is back") {
                    let answer = try await gateway.get(try Self.path(task))
                    return answer.status == 503 ? nil : answer
                }
                #expect(gone.status == 410)
            }
        }
    }

    @Test func othersCredentialsAreTakenUpWhileItRuns() async throws {
        try await StoreDouble.with { store in
            try await Folder.with { folder in
                let good = Self.config(store)
                let bad = good.replacing("test/secret+key", with: "wrong")
                let path = try folder.write(bad, to: "soundgate.yaml")
                let program = try Program.gateway(["--config", path], in: folder)
                defer { program.send(SIGKILL) }
                try await withClient { client in
                    let gateway = try await program.peer(client, ready: "/readyz")
                    let created = try await gateway.post("/v1/sounds", Self.request)
                    #expect(created.status == 202)
                    _ = try await program.wait(for: "a refusal") {
                        program.errors.contains("audio cannot be brought") ? true : nil
                    }
                    try folder.write(good, to: "soundgate.yaml")
                    let task = try await gateway.ended(try #require(created.json["id"]?.string))
                    #expect(task["status"] == "succeeded", "\(task)")
                }
                #expect(await program.stop() == 0, "\(program.errors)")
                for secret in ["test/secret+key", "wrong"] { #expect(!program.errors.contains(secret)) }
            }
        }
    }

    @Test func whatAKillLeftInTheSpoolIsBroughtByTheNextStart() async throws {
        try await StoreDouble.with { store in
            try await Folder.with { folder in
                let path = try folder.write(Self.config(store), to: "soundgate.yaml")
                let arguments = ["--config", path]
                let first = try Program.gateway(arguments, in: folder)
                defer { first.send(SIGKILL) }
                try await withClient { client in
                    let gateway = try await first.peer(client, ready: "/readyz")
                    let task = try await gateway.sound(Self.request)
                    let key = try Self.key(task)
                    first.send(SIGKILL)
                    _ = await first.end(within: .seconds(60))
                    // As if another gateway had removed it in the moment in which the ledger was told of it.
                    store.remove(key)
                    let second = try Program.gateway(arguments, in: folder)
                    defer { second.send(SIGKILL) }
                    let next = try await second.peer(client, ready: "/readyz")
                    _ = try await eventually("it is there again") { store.objects[key] }
                    #expect(try await next.get(try Self.path(task)).status == 200)
                    #expect(await second.stop() == 0, "\(second.errors)")
                }
            }
        }
    }

    // MARK: Commands

    @Test func theDoctorLooksIntoTheBucket() async throws {
        try await StoreDouble.with { store in
            try await Folder.with { folder in
                let path = try folder.write(Self.config(store), to: "soundgate.yaml")
                let program = try Program.gateway(["--config", path], in: folder)
                defer { program.send(SIGKILL) }
                var task = JSONValue.null
                try await withClient { client in
                    task = try await program.peer(client, ready: "/readyz").sound(Self.request)
                }
                #expect(await program.stop() == 0)
                let well = try await Program.run(["doctor", "--config", path, "--deep"], in: folder)
                #expect(well.status == 0, "\(well.output)\(well.errors)")
                #expect(well.errors.contains("s3://sounds/audio/: 1 files, each read"))

                let orphan = "audio/aa/\(String(repeating: "a", count: 64)).mp3"
                let young = "audio/bb/\(String(repeating: "b", count: 64)).mp3"
                store.put(orphan, [1, 2], age: 7200)
                store.put(young, [1, 2])
                let key = try Self.key(task)
                let kept = try #require(store.objects[key])
                store.put(key, Array(kept.bytes.reversed()), sha256: kept.sha256)
                let ill = try await Program.run(
                    ["doctor", "--config", path, "--deep", "--repair"],
                    in: folder
                )
                #expect(ill.status == 1)
                #expect(
                    ill.output.contains(
                        "changed: \(try #require(task["id"]?.string)) output 0: s3://sounds/\(key)"
                    )
                )
                #expect(ill.output.contains("removed: s3://sounds/\(orphan)"))
                #expect(store.objects[orphan] == nil)
                #expect(store.objects[young] != nil, "it may belong to a gateway at work")
                store.remove(key)
                let missing = try await Program.run(["doctor", "--config", path], in: folder)
                #expect(missing.output.contains("missing: "))
            }
        }
    }

    @Test func aFolderIsCopiedAndServedFromTheStoreAfterwards() async throws {
        try await StoreDouble.with { store in
            try await Folder.with { folder in
                let first = try Program.gateway([], in: folder)
                defer { first.send(SIGKILL) }
                var task = JSONValue.null
                try await withClient { client in
                    task = try await first.peer(client, ready: "/readyz").sound(Self.request)
                }
                #expect(await first.stop() == 0)

                let path = try folder.write(Self.config(store), to: "soundgate.yaml")
                let copy = ["storage", "copy-assets", "--config", path]
                store.play(.error(403, "AccessDenied"), on: "PUT")
                let failed = try await Program.run(copy, in: folder)
                #expect(failed.status == 1)
                #expect(failed.output.contains(": the object store: "))
                let copied = try await Program.run(copy + ["--deep", "--json"], in: folder)
                #expect(copied.status == 0, "\(copied.output)\(copied.errors)")
                let document = try JSONValue(parsing: Array(copied.output.utf8))
                #expect((document["files"], document["copied"], document["verified"]) == (1, 1, 1))
                let again = try await Program.run(copy + ["--json"], in: folder)
                #expect(try JSONValue(parsing: Array(again.output.utf8))["there"] == 1)

                let second = try Program.gateway(["--config", path], in: folder)
                defer { second.send(SIGKILL) }
                try await withClient { client in
                    let gateway = try await second.peer(client, ready: "/readyz")
                    let answer = try await gateway.get(try Self.path(task))
                    #expect(answer.status == 200)
                    #expect(SHA256.hash(answer.bytes).hex == (try Self.sha256(task)))
                }
                #expect(await second.stop() == 0)
            }
        }
    }

    @Test func aStoreThatDoesNotKnowUsIsNamed() async throws {
        try await StoreDouble.with { store in
            try await Folder.with { folder in
                let config = Self.config(store).replacing("test/secret+key", with: "wrong")
                let path = try folder.write(config, to: "soundgate.yaml")
                let outcome = try await Program.run(
                    ["storage", "copy-assets", "--config", path, "--from", folder.path],
                    in: folder
                )
                #expect(outcome.status == 69)
                #expect(outcome.errors.contains("SignatureDoesNotMatch"))
            }
        }
    }
}
