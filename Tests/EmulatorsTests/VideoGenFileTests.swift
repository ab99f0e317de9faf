import HTTP
import HTTPServer
import JSON
import Testing

@Suite struct VideoGenFileTests {
    @Test("a file has its links only when it is hydrated")
    func hydration() async throws {
        let bench = try await VideoGenBench()
        let id = try await bench.job(["numResults": 2])
        let files = try await bench.files(id)
        #expect(files.count == 2)
        let plain = try await bench.json(.get, "files/\(files[1])")
        #expect(plain["fileId"]?.string == files[1])
        #expect(plain["sourceToolExecutionId"]?.string == id)
        #expect(plain["durationSeconds"]?.double == 1)
        for name in ["downloadSource", "previewSource"] {
            #expect(plain[name]?["status"]?.string == "ready")
            #expect(plain[name]?["url"] == nil)
            #expect(plain[name]?["expiresAt"] == nil)
        }
        let hydrated = try await bench.json(.post, "files/\(files[1])/hydrate")
        let source = try #require(hydrated["downloadSource"])
        let link = try await bench.link(files[1])
        #expect(source["url"]?.string?.hasSuffix(link) == true)
        let response = try await bench.get(link)
        #expect(response.status == .ok)
        #expect(response.fields["Content-Type"] == "audio/mpeg")
        let bytes = try await response.collectBody()
        #expect(source["fileBytes"]?.integer == Int64(bytes.count))
        let recording = try Recording(bytes)
        #expect(recording.duration == 1)
        #expect(recording.peak > 0.05)
    }

    @Test("results are different takes, of about ten seconds unless told")
    func takes() async throws {
        let bench = try await VideoGenBench()
        let files = try await bench.files(bench.job(["durationSeconds": .null, "numResults": 2]))
        let first = try await bench.get(bench.link(files[0])).collectBody()
        #expect(try await bench.get(bench.link(files[1])).collectBody() != first)
        #expect(try Recording(first).duration == 10)
    }

    @Test("a link expires, and a fresh one holds")
    func expiry() async throws {
        let bench = try await VideoGenBench(["link_seconds": 60])
        let file = try #require(try await bench.files(bench.job()).first)
        let link = try await bench.link(file)
        bench.emulation.clock.advance(by: .seconds(58))
        #expect(try await bench.get(link).status == .ok)
        bench.emulation.clock.advance(by: .seconds(3))
        #expect(try await bench.get(link).status == .forbidden)
        let fresh = try await bench.link(file)
        #expect(fresh != link)
        #expect(try await bench.get(fresh).status == .ok)
    }

    @Test("a link that was changed does not hold")
    func forged() async throws {
        let bench = try await VideoGenBench()
        let files = try await bench.files(bench.job(["numResults": 2]))
        let link = try await bench.link(files[0])
        for forged in [
            link.replacing(files[0], with: files[1]), link.replacing("expires=", with: "expires=9"),
            String(link.dropLast()), link.replacing("signature=", with: "sig="),
            String(link.prefix { $0 != "?" }),
        ] { #expect(try await bench.get(forged).status == .forbidden, "\(forged)") }
        #expect(try await bench.get(link, key: "k-1").status == .badRequest)
        #expect(try await bench.get(link).status == .ok)
    }

    @Test("a file is not there before its execution has succeeded, nor for another key")
    func early() async throws {
        let bench = try await VideoGenBench()
        let id = try await bench.job()
        let file = id.replacing("vg_exec_", with: "vg_file_") + "00"
        #expect(try await bench.call(.get, "files/\(file)").status == .notFound)
        #expect(try await bench.call(.post, "files/\(file)/hydrate").status == .notFound)
        #expect(try await bench.files(id) == [file])
        #expect(try await bench.call(.post, "files/\(file)/hydrate", key: "k-2").status == .notFound)
        #expect(try await bench.call(.post, "files/\(file.dropLast())1/hydrate").status == .notFound)
        #expect(try await bench.code(bench.call(.post, "files/x/hydrate")) == "invalid_id")
        #expect(try await bench.call(.post, "files/\(file)/hydrate").status == .ok)
    }

    @Test("the scope tells whether a file is temporary", arguments: [(false, "GLOBAL"), (true, "TEMPORARY")])
    func scope(_ isTemporary: Bool, _ scope: String) async throws {
        let bench = try await VideoGenBench()
        let id = try await bench.job(["isOutputTemporary": .bool(isTemporary)])
        let file = try #require(try await bench.files(id).first)
        #expect(try await bench.json(.get, "files/\(file)")["scope"]?.string == scope)
    }

    @Test("results can have their hydrated file at once")
    func hydratedResults() async throws {
        let bench = try await VideoGenBench(["hydrated_results": true])
        let id = try await bench.job()
        bench.emulation.clock.advance(by: .seconds(8))
        let url = try await bench.poll(id)["results"]?[0]?["file"]?["downloadSource"]?["url"]?.string
        let link = try #require(url).replacing("http://127.0.0.1:9090", with: "")
        #expect(try await bench.get(link).status == .ok)
    }

    @Test("music is about half a minute")
    func music() async throws {
        let bench = try await VideoGenBench()
        let response = try await bench.create(["prompt": "calm piano"], tool: "generate-music")
        let id = try #require(try await bench.emulation.json(response)["toolExecutionId"]?.string)
        let file = try #require(try await bench.files(id).first)
        #expect(try await bench.poll(id)["toolType"]?.string == "GENERATE_MUSIC")
        #expect(try await bench.json(.get, "files/\(file)")["durationSeconds"]?.double == 30)
    }

    static let faults = [
        ("missing_then_found", 404), ("expired", 403), ("html", 200), ("empty", 200), ("truncated", 200),
    ]

    @Test("a file's storage has its own faults", arguments: faults)
    func storage(_ fault: String, _ status: Int) async throws {
        let bench = try await VideoGenBench()
        let link = try await bench.link(try #require(try await bench.files(bench.job()).first))
        let whole = try await bench.get(link).collectBody()
        try await bench.script("asset", fault)
        let response = try await bench.get(link)
        #expect(response.status.code == status)
        #expect(try await response.collectBody() != whole)
        #expect(try await bench.get(link).collectBody() == whole)
    }

    @Test("a call about a file can fail by itself")
    func fileFaults() async throws {
        let bench = try await VideoGenBench()
        let file = try #require(try await bench.files(bench.job()).first)
        try await bench.script("file", "refuse", ["code": 429])
        try await bench.script("file", "not_found")
        #expect(try await bench.call(.post, "files/\(file)/hydrate").status == .tooManyRequests)
        #expect(try await bench.call(.post, "files/\(file)/hydrate").status == .notFound)
        let call = try await bench.emulation.lastCall()
        #expect(call["operation"]?.string == "file")
        #expect(call["task"]?.string?.hasPrefix("vg_exec_") == true)
    }
}
