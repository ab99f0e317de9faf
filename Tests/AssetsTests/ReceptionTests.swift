import Assets
import AudioFile
import Crypto
import Foundation
import HTTP
import HTTPClient
import HTTPServer
import Sound
import Testing
import Threads

@Suite("Audio in an answer", .timeLimit(.minutes(5)))
struct ReceptionTests {
    private func call(_ base: String) -> UpstreamRequest {
        var request = UpstreamRequest(.post, "\(base)/v1/sound", body: Array(#"{"text":"rain"}"#.utf8))
        // Smaller than the sounds of these tests: what the caller allows its documents does not bound audio.
        request.maximumBytes = 100
        return request
    }

    @Test(
        "audio is kept as it came, or in the wanted format",
        arguments: [nil, .wav, .mp3] as [SoundFormat?]
    )
    func kept(_ format: SoundFormat?) async throws {
        let content = try await sound(.flac)
        try await withServer { request in
            let isAudioWanted = request.fields["Accept"]?.hasPrefix("audio/*") == true
            guard let body = try? await request.body.collect(upTo: 1000), request.method == .post,
                isAudioWanted
            else {
                return Response(.badRequest)
            }
            return Response(
                .ok,
                fields: ["Content-Type": "audio/flac", "request-id": String(decoding: body, as: UTF8.self)],
                body: .bytes(content)
            )
        } _: { fetcher, base, folder in
            let reception = await fetcher.receive(call(base), as: format) { _, _ in nil }
            guard case .kept(let asset, .ok, let fields) = reception else {
                Issue.record("\(reception)")
                return
            }
            #expect(asset.format == format ?? .flac)
            #expect(fields["Request-Id"] == #"{"text":"rain"}"#)
            #expect(files(below: folder).count == 1)
        }
    }

    @Test("bare samples are wrapped before they are checked", arguments: [nil, .flac] as [SoundFormat?])
    func bareSamples(_ format: SoundFormat?) async throws {
        try await withServer { _ in
            Response(.ok, contentType: "audio/pcm", [UInt8](repeating: 7, count: 32_000))
        } _: { fetcher, base, folder in
            let reception = await fetcher.receive(call(base), as: format) { status, fields in
                #expect(status == .ok)
                #expect(fields["Content-Type"] == "audio/pcm")
                return RawAudio(.pcm16, sampleRate: 16_000, channels: 1)
            }
            guard case .kept(let asset, _, _) = reception else {
                Issue.record("\(reception)")
                return
            }
            #expect(asset.format == format ?? .wav)
            #expect(asset.duration == 1)
            #expect(files(below: folder).count == 1)
        }
    }

    @Test("the vendor's error is read, whatever its length", arguments: [0, 100, 64 << 10, 90_000])
    func answered(_ length: Int) async throws {
        let body = [UInt8](repeating: 0x2E, count: length)
        try await withServer { _ in
            Response(.unauthorized, fields: ["request-id": "r1"], body: .bytes(body))
        } _: { fetcher, base, folder in
            let reception = await fetcher.receive(call(base), as: .mp3) { _, _ in nil }
            guard case .answered(let status, let fields, let read) = reception else {
                Issue.record("\(reception)")
                return
            }
            #expect(status == .unauthorized)
            #expect(fields["request-id"] == "r1")
            #expect(read == Array(body.prefix(64 << 10)))
            #expect(files(below: folder).isEmpty)
        }
    }

    @Test("a redirect is an answer and nothing is sent elsewhere")
    func redirect() async throws {
        let calls = Guarded(0)
        try await withServer { _ in
            calls.withLock { $0 += 1 }
            return Response(.temporaryRedirect, fields: ["Location": "/elsewhere"])
        } _: { fetcher, base, _ in
            let reception = await fetcher.receive(call(base), as: nil) { _, _ in nil }
            guard case .answered(.temporaryRedirect, _, _) = reception else {
                Issue.record("\(reception)")
                return
            }
            #expect(calls.withLock { $0 } == 1)
        }
    }

    @Test(
        "status 200 without audio is told apart from a failed call, with its fields",
        arguments: ["html", "json", "lying", "empty", "samples"]
    )
    func unusable(_ kind: String) async throws {
        try await withServer { _ in
            let (type, content) =
                switch kind {
                case "html": ("text/html; charset=utf-8", "<html>")
                case "json": ("application/json", #"{"detail":"no"}"#)
                case "lying": ("audio/mpeg", "<html>busy</html>")
                case "samples": ("application/octet-stream", "odd")
                default: ("audio/mpeg", "")
                }
            return Response(
                .ok,
                fields: ["Content-Type": type, "character-cost": "40"],
                body: .bytes(Array(content.utf8))
            )
        } _: { fetcher, base, folder in
            let reception = await fetcher.receive(call(base), as: nil) { _, _ in
                kind == "samples" ? RawAudio(.pcm16, sampleRate: 8000, channels: 1) : nil
            }
            guard case .unusable(_, let fields) = reception else {
                Issue.record("\(reception)")
                return
            }
            #expect(fields["character-cost"] == "40")
            #expect(files(below: folder).isEmpty)
        }
    }

    @Test("audio beyond the limit is unusable")
    func large() async throws {
        try await withServer { _ in
            Response(.ok, contentType: "audio/wav", [UInt8](repeating: 0, count: 200_000))
        } _: { fetcher, base, folder in
            let reception = await fetcher.receive(call(base), as: nil) { _, _ in nil }
            guard case .unusable = reception else {
                Issue.record("\(reception)")
                return
            }
            #expect(files(below: folder).isEmpty)
        }
    }

    @Test("audio that stops half-way is cut off", arguments: [Status.ok, .internalServerError])
    func cutOff(_ status: Status) async throws {
        let content = try await sound()
        try await withServer { _ in
            Response(
                status,
                fields: ["Content-Type": "audio/wav"],
                body: .stream { writer in
                    try await writer.write(Array(content.prefix(2000)))
                    throw BodyError.disconnected
                }
            )
        } _: { fetcher, base, folder in
            let reception = await fetcher.receive(call(base), as: nil) { _, _ in nil }
            switch reception {
            case .cutOff: #expect(status == .ok)
            case .answered(let answer, _, _): #expect(answer == status && status != .ok)
            default: Issue.record("\(reception)")
            }
            #expect(files(below: folder).isEmpty)
        }
    }

    @Test("a silence in the middle of the audio is a cut, and one before the head leaves everything open")
    func timeouts() async throws {
        let content = try await sound()
        let isEarly = Guarded(false)
        try await withServer { _ in
            if isEarly.withLock({ $0 }) {
                try? await Task.sleep(for: .seconds(60))
            }
            return Response(
                .ok,
                fields: ["Content-Type": "audio/wav"],
                body: .stream { writer in
                    try await writer.write(Array(content.prefix(2000)))
                    try await Task.sleep(for: .seconds(60))
                }
            )
        } _: { fetcher, base, folder in
            var request = call(base)
            request.timeouts.stall = .milliseconds(100)
            guard case .cutOff(_, let fields) = await fetcher.receive(request, as: nil, raw: { _, _ in nil })
            else {
                Issue.record("a stall is no cut")
                return
            }
            #expect(fields["Content-Type"] == "audio/wav")
            isEarly.withLock { $0 = true }
            request.timeouts.firstByte = .milliseconds(100)
            guard case .unknown = await fetcher.receive(request, as: nil, raw: { _, _ in nil }) else {
                Issue.record("silence is not unknown")
                return
            }
            #expect(files(below: folder).isEmpty)
        }
    }

    @Test("a peer that nobody reaches was surely not asked")
    func notSent() async throws {
        try await withServer { _ in
            Response(.ok)
        } _: { fetcher, _, folder in
            let request = UpstreamRequest(.post, "ftp://vendor.example/", body: [1])
            guard case .notSent = await fetcher.receive(request, as: nil, raw: { _, _ in nil }) else {
                Issue.record("sent")
                return
            }
            #expect(files(below: folder).isEmpty)
        }
    }

    @Test("a disk that cannot be written is not the vendor's fault")
    func storage() async throws {
        let content = try await sound()
        try await withServer { _ in
            Response(
                .ok,
                fields: ["Content-Type": "audio/wav", "request-id": "r1"],
                body: .bytes(content)
            )
        } _: { fetcher, base, folder in
            try remove("\(folder)/incoming")
            guard
                case .storage(_, let fields) = await fetcher.receive(
                    call(base),
                    as: nil,
                    raw: { _, _ in nil }
                )
            else {
                Issue.record("not told")
                return
            }
            #expect(fields["request-id"] == "r1")
        }
    }

    /// Makes a call whose audio the store cannot keep, and waits until all of it has come.
    private func receiveWithoutHome(
        _ content: [UInt8],
        _ fetcher: AssetFetcher,
        _ base: String,
        _ folder: String
    ) async throws -> (Task<Reception, Never>, home: String) {
        let home = "\(folder)/\(SHA256.hash(content).hex.prefix(2))"
        try remove(home)
        let receiving = Task { await fetcher.receive(call(base), as: nil, raw: { _, _ in nil }) }
        while try files(below: folder).first.map({ try bytes(ofFile: "\(folder)/\($0)").count })
            != content.count
        {
            try await Task.sleep(for: .milliseconds(2))
        }
        return (receiving, home)
    }

    @Test("paid audio that has come is kept when the disk is back")
    func diskIsBack() async throws {
        let content = try await sound()
        try await withServer { _ in
            Response(.ok, contentType: "audio/wav", content)
        } _: { fetcher, base, folder in
            let (receiving, home) = try await receiveWithoutHome(content, fetcher, base, folder)
            try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: false)
            guard case .kept = await receiving.value else {
                Issue.record("lost")
                return
            }
            #expect(files(below: folder).count == 1)
        }
    }

    @Test("paid audio that nobody waits for any more leaves no file behind, however the disk is")
    func diskStaysAway() async throws {
        let content = try await sound()
        try await withServer { _ in
            Response(.ok, contentType: "audio/wav", content)
        } _: { fetcher, base, folder in
            let (receiving, _) = try await receiveWithoutHome(content, fetcher, base, folder)
            receiving.cancel()
            if case .kept = await receiving.value { Issue.record("kept nowhere") }
            #expect(files(below: folder).isEmpty)
        }
    }

    @Test("a call that is cancelled in the middle of its audio leaves no file behind")
    func cancellation() async throws {
        let content = try await sound()
        let (begun, hasBegun) = AsyncStream.makeStream(of: Void.self)
        try await withServer { _ in
            Response(
                .ok,
                fields: ["Content-Type": "audio/wav"],
                body: .stream { writer in
                    try await writer.write(Array(content.prefix(2000)))
                    hasBegun.yield()
                    try await Task.sleep(for: .seconds(60))
                }
            )
        } _: { fetcher, base, folder in
            let running = Task { await fetcher.receive(call(base), as: nil) { _, _ in nil } }
            for await _ in begun {
                running.cancel()
                break
            }
            switch await running.value {
            case .cutOff, .unknown: break
            case let other: Issue.record("\(other)")
            }
            #expect(files(below: folder).isEmpty)
        }
    }
}
