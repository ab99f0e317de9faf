import Assets
import HTTP
import HTTPServer
import Sound
import Testing
import Threads

@Suite("Fetching results", .timeLimit(.minutes(5)))
struct AssetFetcherTests {
    @Test(
        "a result is copied as it is, or in the wanted format",
        arguments: [nil, .wav, .flac] as [SoundFormat?]
    )
    func fetch(_ format: SoundFormat?) async throws {
        let content = try await sound()
        try await withServer { _ in
            Response(.ok, contentType: "audio/wav", content)
        } _: { fetcher, base, folder in
            let asset = try await fetcher.fetch("\(base)/a.wav", own: base, as: format)
            #expect(asset.format == format ?? .wav)
            #expect(files(below: folder).count == 1)
        }
    }

    @Test("no credential goes to the address of a result")
    func credentials() async throws {
        let content = try await sound()
        let seen = Guarded<[String]>([])
        try await withServer { request in
            seen.withLock { $0 += request.fields.map { $0.name.lowercased() } }
            return Response(.ok, contentType: "audio/wav", content)
        } _: { fetcher, base, _ in
            _ = try await fetcher.fetch("\(base)/a.wav", own: base, as: nil)
            let names = seen.withLock { Set($0) }
            #expect(names.isDisjoint(with: ["authorization", "cookie", "xi-api-key"]))
            #expect(names.contains("host"))
        }
    }

    @Test(
        "an answer that is no audio is a bad result, and leaves nothing behind",
        arguments: ["status", "html", "json", "lying", "empty", "cut", "large", "loop"]
    )
    func badResults(_ kind: String) async throws {
        let content = try await sound()
        try await withServer { request in
            switch kind {
            case "status": return Response(.notFound, contentType: "audio/wav", content)
            case "html": return Response(.ok, contentType: "text/html", Array("<html>".utf8))
            case "json": return Response(.ok, contentType: "application/json", Array("{}".utf8))
            case "lying": return Response(.ok, contentType: "audio/mpeg", Array("<html>expired</html>".utf8))
            case "empty": return Response(.ok, contentType: "audio/wav", [])
            case "large":
                return Response(.ok, contentType: "audio/wav", [UInt8](repeating: 0, count: 200_000))
            case "loop": return Response(.found, fields: ["Location": request.target.path])
            default:
                return Response(
                    .ok,
                    fields: ["Content-Type": "audio/wav"],
                    body: .stream { writer in
                        try await writer.write(Array(content.prefix(2000)))
                        throw BodyError.disconnected
                    }
                )
            }
        } _: { fetcher, base, folder in
            await #expect {
                try await fetcher.fetch("\(base)/a.wav", own: base, as: nil)
            } throws: { error in
                if case AssetFetcher.Problem.result = error { true } else { false }
            }
            #expect(files(below: folder).isEmpty)
        }
    }

    @Test("private addresses are not asked, the provider's own excepted")
    func privateAddresses() async throws {
        let asked = Guarded(0)
        try await withServer { _ in
            asked.withLock { $0 += 1 }
            return Response(.ok, text: "secret")
        } _: { fetcher, base, _ in
            for own in ["https://api.vendor.example", "", "http://127.0.0.1:1"] {
                await #expect(throws: AssetFetcher.Problem.self) {
                    try await fetcher.fetch("\(base)/metadata", own: own, as: nil)
                }
            }
            #expect(asked.withLock { $0 } == 0)
        }
    }
}
