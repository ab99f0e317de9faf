import Glibc
import JSON
import Testing
import Threads

/// Clients that mean no good, a thousand of them, against the built program.
///
/// How much a well-behaved client feels of it is measured by `make attack`; here it is printed.
@Suite(.serialized) struct FrontTests {
    /// What the slow ones are slow at.
    enum Slowness: String, CaseIterable, CustomTestStringConvertible {
        case headers, largeHeaders, bodies, largeBodies, answers

        var testDescription: String { rawValue }

        /// What a connection says at first.
        var opening: String {
            let post = "POST /v1/sounds HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
            return switch self {
            case .headers: "GET / HTTP/1.1\r\nHost: a\r\nX-Slow: "
            case .largeHeaders:
                "GET / HTTP/1.1\r\nHost: a\r\nX-Large: " + String(repeating: "x", count: 30_000)
            case .bodies: post + "Content-Length: 1000000\r\n\r\n{"
            case .largeBodies:
                post + "Content-Length: 1000000\r\n\r\n" + String(repeating: " ", count: 60_000)
            case .answers:
                String(repeating: "GET /openapi.yaml HTTP/1.1\r\nHost: a\r\n\r\n", count: 20)
            }
        }

        /// What it adds now and then.
        var trickle: String { self == .answers ? "" : "x" }
    }

    private static let count = 1000
    private static let memory = 16 << 20

    @Test(arguments: Slowness.allCases)
    func aThousandSlowConnectionsTakeNeitherItsMemoryNorItsService(_ slowness: Slowness) async throws {
        try #require(try OpenFiles.raise() > Self.count + 200, "too few descriptors for this test")
        try await withProgram(
            config: "server: { limits: { memory: \(Self.memory >> 20)MiB } }\nlog: { level: notice }"
        ) { gateway, program in
            let quiet = try await latencies(gateway, count: 200)
            let idle = try residentBytes(of: program)
            let crowd = try Crowd(at: gateway, count: Self.count, saying: slowness.opening)
            defer { crowd.leave() }
            var peak = 0
            var busy: [Duration] = []
            for _ in 0..<4 {
                crowd.say(slowness.trickle)
                busy += try await latencies(gateway, count: 50)
                peak = max(peak, try residentBytes(of: program))
            }
            // Nothing is refused to one who asks as he should, and what he asks for is done.
            let task = try await gateway.sound(["prompt": "click", "provider": "builtin", "duration": 1])
            #expect(task["status"] == "succeeded")
            peak = max(peak, try residentBytes(of: program))
            print(
                "\(slowness): p99 \(p99(quiet)) quiet, \(p99(busy)) in the crowd;",
                "\(idle >> 20) MiB idle, \(peak >> 20) MiB at most"
            )
            // A sanitizer keeps what is freed, so that its memory says nothing.
            if !Program.path.contains("/asan/"), !Program.path.contains("/tsan/") {
                #expect(peak < idle + Self.memory + (64 << 20), "\(idle >> 20) MiB, then \(peak >> 20) MiB")
            }
        }
    }

    @Test func fewDescriptorsAreLeftToItsOwnWork() async throws {
        try await withProgram(
            config: "log: { level: notice }",
            under: ["sh", "-c", #"ulimit -n 160 && exec "$@""#, "sh"]
        ) { gateway, program in
            #expect(program.errors.contains("raise RLIMIT_NOFILE"), "\(program.errors)")
            let crowd = try Crowd(at: gateway, count: 300, saying: "GET / HTTP/1.1\r\nHost: a\r\nX: ")
            defer { crowd.leave() }
            // On a connection that was there before: files, a ledger and threads are to be had.
            let task = try await gateway.sound(["prompt": "click", "provider": "builtin", "duration": 1])
            #expect(task["status"] == "succeeded")
            #expect(program.errors.contains("turned away"), "\(program.errors)")
            crowd.leave()
            try await withClient { client in
                let other = Peer(address: gateway.address, client: client)
                _ = try await eventually("a new connection is served") {
                    try? await other.get("/healthz").status == 200 ? true : nil
                }
            }
        }
    }

    // MARK: Parts

    private func withProgram(
        config: String,
        under words: [String] = [],
        _ body: (Peer, Program) async throws -> Void
    ) async throws {
        try await Folder.with { folder in
            let file = try folder.write(config, to: "soundgate.yaml")
            let program = try Program(
                ["serve", "--listen", "127.0.0.1:0", "--config", file],
                in: folder,
                under: words
            )
            defer { program.send(SIGKILL) }
            try await withClient { client in
                try await body(try await program.peer(client, ready: "/readyz"), program)
            }
        }
    }

    private func latencies(_ gateway: Peer, count: Int) async throws -> [Duration] {
        let clock = ContinuousClock()
        var times: [Duration] = []
        for _ in 0..<count {
            let began = clock.now
            let answer = try await gateway.get("/v1/sounds?limit=1")
            #expect(answer.status == 200)
            times.append(clock.now - began)
        }
        return times
    }

    private func p99(_ times: [Duration]) -> Duration { times.sorted()[times.count * 99 / 100] }

    private func residentBytes(of program: Program) throws -> Int {
        let file = try #require(fopen("/proc/\(program.process)/status", "r"))
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        while fgets(&line, Int32(line.count), file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            guard text.hasPrefix("VmRSS:") else { continue }
            return try #require(text.split(separator: " ").compactMap { Int($0) }.first) << 10
        }
        throw NeverCame(what: "VmRSS")
    }
}

/// Connections that say little and read nothing.
private final class Crowd: Sendable {
    private let descriptors: Guarded<[Int32]>

    init(at gateway: Peer, count: Int, saying opening: String) throws {
        let port = try #require(gateway.address.split(separator: ":").last.flatMap { UInt16($0) })
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var descriptors: [Int32] = []
        for _ in 0..<count {
            let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
            let descriptor = try retryingSystemCall("socket") { socket(AF_INET, kind, 0) }
            descriptors.append(descriptor)
            var small: Int32 = 4096
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &small, 4)
            withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    _ = connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            // From here on nothing waits: what the gateway does not take, or closes, is its affair.
            _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        }
        self.descriptors = Guarded(descriptors)
        say(opening)
    }

    func say(_ text: String) {
        let bytes = Array(text.utf8)
        for descriptor in descriptors.withLock({ $0 }) {
            _ = send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        }
    }

    func leave() {
        let all = descriptors.withLock { descriptors in
            defer { descriptors = [] }
            return descriptors
        }
        for descriptor in all { close(descriptor) }
    }
}
