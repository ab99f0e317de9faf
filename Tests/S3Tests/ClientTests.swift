import Crypto
import EventLoop
import HTTP
import HTTPClient
import S3
import S3TestSupport
import Testing
import Threads

@Suite struct ClientTests {
    // MARK: What it is for

    @Test func whatIsPutCanBeReadWholeAndInParts() async throws {
        try await Bench.with { bench in
            let content = bytes(70_000)
            try await bench.client.put("a b/ü+1.wav", S3Content(content))
            let object = try #require(bench.store.objects["a b/ü+1.wav"])
            #expect(object.bytes == content)
            #expect(object.type == "audio/wav")
            let head = try #require(try await bench.client.head("a b/ü+1.wav"))
            #expect(head.size == 70_000)
            #expect(head.sha256 == SHA256.hash(content).hex)
            #expect(head.told != nil)
            #expect(try await bench.client.bytes(of: "a b/ü+1.wav", 10..<20) == Array(content[10..<20]))
            let all = Guarded<[UInt8]>([])
            try await bench.client.read("a b/ü+1.wav", 0..<70_000) { piece in all.withLock { $0 += piece } }
            #expect(all.withLock(\.self) == content)
        }
    }

    @Test func whatIsNotThereIsNotThere() async throws {
        try await Bench.with { bench in
            #expect(try await bench.client.head("none") == nil)
            let error = await failure { () throws(S3Error) in
                _ = try await bench.client.bytes(of: "none", 0..<1)
            }
            #expect(error?.kind == .missing)
            #expect(error?.code == "NoSuchKey")
            let told = try #require(try await bench.client.list("").told)
            try await bench.client.delete("none", told: told, within: .seconds(15))
            #expect(bench.waits.withLock(\.count) == 0)
        }
    }

    @Test func aListComesInParts() async throws {
        try await Bench.with { bench in
            for index in 0..<5 { bench.store.put("x/\(index)", [1, 2, 3]) }
            bench.store.put("y/0", [1])
            var (keys, next) = ([String](), String?.none)
            repeat {
                let page = try await bench.client.list("x/", after: next, most: 2)
                keys += page.objects.map(\.key)
                next = page.next
            } while next != nil
            #expect(keys == (0..<5).map { "x/\($0)" })
        }
    }

    // MARK: In parts

    private static func inParts(_ settings: inout S3Client.Settings) {
        settings.multipartAbove = 1000
        settings.partSize = 400
    }

    @Test(arguments: [(1000, 1), (1001, 5), (1600, 6), (2000, 7)])
    func longContentGoesInParts(_ count: Int, _ calls: Int) async throws {
        try await Bench.with({ Self.inParts(&$0) }) { bench in
            let content = bytes(count)
            try await bench.client.put("k", S3Content(content))
            #expect(bench.store.objects["k"]?.bytes == content)
            #expect(bench.store.objects["k"]?.sha256 == SHA256.hash(content).hex)
            #expect(bench.store.heard.count == calls)
            #expect(bench.store.openUploads == 0)
        }
    }

    @Test func aPartThatFailsIsSentAgainAlone() async throws {
        try await Bench.with({ Self.inParts(&$0) }) { bench in
            bench.store.play(.error(503, "SlowDown"), on: "PUT", "partNumber=2")
            bench.store.play(.deaf(isDone: false), on: "PUT", "partNumber=3")
            let content = bytes(1500)
            try await bench.client.put("k", S3Content(content))
            #expect(bench.store.objects["k"]?.bytes == content)
            let parts = bench.store.heard.filter { $0.method == "PUT" }.map(\.target)
            #expect(parts.map { $0.contains("partNumber=1&") }.filter(\.self).count == 1)
            #expect(parts.count == 6)
        }
    }

    @Test func anUploadThatCannotBeFinishedIsAborted() async throws {
        try await Bench.with({ Self.inParts(&$0) }) { bench in
            bench.store.play(.error(403, "AccessDenied"), on: "PUT", "partNumber=3")
            let error = await failure { () throws(S3Error) in
                try await bench.client.put("k", S3Content(bytes(2000)))
            }
            #expect(error?.kind == .denied)
            #expect(bench.store.openUploads == 0)
            #expect(bench.store.objects.isEmpty)
            #expect(bench.store.heard.last?.method == "DELETE")
        }
    }

    @Test func anUploadWhoseTaskIsCancelledIsAbortedAllTheSame() async throws {
        try await Bench.with({ Self.inParts(&$0) }) { bench in
            let content = S3Content(size: 2000, sha256: "x", type: "audio/wav") { range in
                // The task that reads is the one that sends.
                if range.lowerBound >= 800 { withUnsafeCurrentTask { $0?.cancel() } }
                return bytes(range.count)
            }
            let upload = Task {
                await failure { () throws(S3Error) in try await bench.client.put("k", content) }
            }
            #expect(await upload.value?.kind == .cancelled)
            #expect(bench.store.openUploads == 0)
            #expect(bench.store.heard.last?.method == "DELETE")
        }
    }

    @Test(arguments: [StoreDouble.Fault.lateError("InternalError"), .gibberish, .deaf(isDone: false)])
    func aLateErrorIsNoSuccess(_ fault: StoreDouble.Fault) async throws {
        try await Bench.with({ Self.inParts(&$0) }) { bench in
            bench.store.play(fault, on: "POST", "?uploadId")
            try await bench.client.put("k", S3Content(bytes(1500)))
            #expect(bench.store.objects["k"]?.bytes == bytes(1500))
            #expect(bench.waits.withLock(\.count) == 1)
        }
    }

    @Test func anEndWhoseAnswerWasLostIsFound() async throws {
        try await Bench.with({ Self.inParts(&$0) }) { bench in
            bench.store.play(.deaf(isDone: true), on: "POST", "?uploadId")
            try await bench.client.put("k", S3Content(bytes(1500)))
            #expect(bench.store.objects["k"]?.bytes == bytes(1500))
            #expect(bench.store.heard.map(\.method).suffix(3) == ["POST", "POST", "HEAD"])
        }
    }

    // MARK: What goes wrong

    @Test(
        arguments: [
            .error(503, "SlowDown"), .error(500, "InternalError"), .error(429, ""),
            .error(400, "RequestTimeout"),
            .deaf(isDone: false), .deaf(isDone: true), .wrongChecksum, .error(400, "BadDigest"),
        ] as [StoreDouble.Fault]
    )
    func whatMayPassIsTriedAgain(_ fault: StoreDouble.Fault) async throws {
        try await Bench.with { bench in
            bench.store.play(fault, on: "PUT")
            bench.store.play(fault, on: "PUT")
            try await bench.client.put("k", S3Content(bytes(100)))
            #expect(bench.store.objects["k"]?.bytes == bytes(100))
            #expect(bench.store.heard.count == 3)
            #expect(bench.waits.withLock(\.self) == [.milliseconds(200), .milliseconds(400)])
        }
    }

    @Test func patienceEnds() async throws {
        try await Bench.with({ $0.patience.calls = 3 }) { bench in
            for _ in 0..<9 { bench.store.play(.error(503, "SlowDown"), on: "PUT") }
            let error = await failure { () throws(S3Error) in
                try await bench.client.put("k", S3Content(bytes(100)))
            }
            #expect(error?.kind == .unavailable)
            #expect(error?.code == "SlowDown")
            #expect(bench.store.heard.count == 3)
        }
    }

    @Test(arguments: [
        (403, "AccessDenied", S3Error.Kind.denied), (404, "NoSuchBucket", .noBucket),
        (400, "EntityTooLarge", .refused),
    ])
    func whatWillNotPassIsNotTriedAgain(_ status: Int, _ code: String, _ kind: S3Error.Kind) async throws {
        try await Bench.with { bench in
            bench.store.play(.error(status, code), on: "PUT")
            let error = await failure { () throws(S3Error) in
                try await bench.client.put("k", S3Content(bytes(100)))
            }
            #expect(error?.kind == kind)
            #expect(bench.store.heard.count == 1)
        }
    }

    @Test func aFileThatHasChangedIsNotSent() async throws {
        try await Bench.with({ Self.inParts(&$0) }) { bench in
            for count in [100, 2000] {
                let error = await failure { () throws(S3Error) in
                    try await bench.client.put("k", S3Content(bytes(count), sha256: SHA256.hash("other").hex))
                }
                #expect(error?.kind == .local)
            }
            #expect(bench.store.objects.isEmpty)
            #expect(bench.store.openUploads == 0)
        }
    }

    @Test(arguments: [-100_000, -1000, 1000, 100_000])
    func aWrongClockIsSetByTheStores(_ offset: Int64) async throws {
        try await Bench.with(clock: offset) { bench in
            try await bench.client.put("k", S3Content(bytes(100)))
            #expect(bench.store.heard.count == 2)
            _ = try await bench.client.head("k")
            // What was learned holds for the next call.
            #expect(bench.store.heard.count == 3)
            #expect(bench.waits.withLock(\.count) == 0)
        }
    }

    @Test func aRefusalWithoutAWordIsHeldAgainstTheClocksAsWell() async throws {
        try await Bench.with(clock: -5000) { bench in
            bench.store.put("k", bytes(100))
            let object = try await bench.client.head("k")
            #expect(object?.size == 100)
            #expect(bench.store.heard.count == 2)
        }
    }

    @Test func wrongCredentialsAreDeniedAndOthersTakenUp() async throws {
        let wrong = S3Credentials(accessKeyID: Secret("AKIDTEST"), secretAccessKey: Secret("wrong"))
        try await Bench.with(credentials: wrong) { bench in
            let error = await failure { () throws(S3Error) in _ = try await bench.client.list("") }
            #expect(error?.kind == .denied)
            #expect(error.map { "\($0)".contains("AKIDTEST") } == false)
            bench.client.adopt(StoreDouble.credentials)
            _ = try await bench.client.list("")
        }
    }

    // MARK: Reading

    @Test func aTransferThatBreaksGoesOnWhereItBroke() async throws {
        try await Bench.with { bench in
            let content = bytes(4_000_000)
            bench.store.put("k", content)
            bench.store.play(.cut, on: "GET")
            bench.store.play(.error(503, "SlowDown"), on: "GET")
            bench.store.play(.cut, on: "GET")
            let all = Guarded<[UInt8]>([])
            try await bench.client.read("k", 1000..<3_999_000) { piece in all.withLock { $0 += piece } }
            let isSame = all.withLock { $0 == Array(content[1000..<3_999_000]) }
            #expect(isSame)
            let ranges = bench.store.heard.compactMap { $0.fields["range"] }
            #expect(ranges.count == 4)
            let starts = ranges.compactMap { Int($0.dropFirst(6).prefix { $0 != "-" }) }
            try #require(starts.count == 4)
            // How much of what came before a break was handed on is a matter of moments, but never nothing.
            #expect(starts[0] == 1000 && starts[1] > 1000 && starts[2] == starts[1] && starts[3] > starts[2])
            #expect(ranges.allSatisfy { $0.hasSuffix("-3998999") })
        }
    }

    @Test func aReaderThatFailsEndsTheTransfer() async throws {
        struct Full: Error {}
        try await Bench.with { bench in
            bench.store.put("k", bytes(200_000))
            let error = await failure { () throws(S3Error) in
                try await bench.client.read("k", 0..<200_000) { _ in throw Full() }
            }
            #expect(error?.kind == .local)
            #expect(bench.store.heard.count == 1)
        }
    }

    @Test func anotherPartThanWasAskedForIsRefused() async throws {
        try await Bench.with { bench in
            bench.store.put("k", bytes(100))
            let error = await failure { () throws(S3Error) in
                _ = try await bench.client.bytes(of: "k", 50..<150)
            }
            #expect(error?.kind == .malformed)
        }
    }

    @Test func aListThatIsNoneIsRefused() async throws {
        try await Bench.with { bench in
            bench.store.play(.gibberish, on: "GET")
            let error = await failure { () throws(S3Error) in _ = try await bench.client.list("") }
            #expect(error?.kind == .malformed)
        }
    }

    // MARK: Addresses, and removal in time

    @Test func aSignedAddressIsGoodForWhoeverHasIt() async throws {
        try await Bench.with { bench in
            bench.store.put("k", bytes(100))
            let url = bench.client.presigned(
                .get,
                "k",
                for: .seconds(60),
                answer: [("response-content-disposition", "inline; filename=\"a b.wav\"")]
            )
            let answer = try await bench.fetch(url)
            #expect(answer.status == .ok)
            #expect(answer.body == bytes(100))
            #expect(answer.fields["content-disposition"] == "inline; filename=\"a b.wav\"")
            #expect(try await bench.fetch(url + "0").status == .forbidden)
            #expect(try await bench.fetch(url, .head).status == .forbidden)
        }
    }

    @Test(arguments: [(0, true), (-3600, false)])
    func aRemovalThatIsHeldUpIsRefusedByTheStore(_ age: Int64, _ isDone: Bool) async throws {
        try await Bench.with { bench in
            bench.store.put("k", bytes(100))
            let told = try #require(try await bench.client.head("k")?.told)
            let decided = HTTPDate(secondsSinceEpoch: told.secondsSinceEpoch + age)
            let error = await failure { () throws(S3Error) in
                try await bench.client.delete("k", told: decided, within: .seconds(15))
            }
            #expect((error == nil) == isDone)
            #expect(bench.store.objects.isEmpty == isDone)
        }
    }

    @Test func aRemovalIsTriedAgainUnderItsFirstSignature() async throws {
        try await Bench.with { bench in
            bench.store.put("k", bytes(100))
            bench.store.play(.error(503, "SlowDown"), on: "DELETE")
            let told = try #require(try await bench.client.head("k")?.told)
            try await bench.client.delete("k", told: told, within: .seconds(15))
            let tries = bench.store.heard.filter { $0.method == "DELETE" }.map(\.target)
            #expect(tries.count == 2)
            #expect(Set(tries).count == 1)
            #expect(bench.store.objects.isEmpty)
        }
    }
}

extension Bench {
    /// What anybody gets at an address.
    fileprivate func fetch(_ url: String, _ method: HTTP.Method = .get) async throws -> UpstreamResponse {
        let loop = try EventLoop(name: "anybody")
        try loop.start()
        let client = HTTPClient(loops: [loop])
        let answer: UpstreamResponse
        do {
            answer = try await client.send(UpstreamRequest(method, url))
        } catch {
            await client.shutdown()
            loop.stop()
            loop.join()
            throw error
        }
        await client.shutdown()
        loop.stop()
        loop.join()
        return answer
    }
}
