import Assets
import EventLoop
import Glibc
import HTTP
import HTTPClient
import Sound
import Telemetry
import Testing
import Threads
import Timing
import Webhooks

/// What runs inside the namespace, started by ``HostileURLTests``; one after another, for there is one world.
@Suite(.enabled(if: Namespace.isInside, "runs in a namespace, started by HostileURLTests"), .serialized)
struct InsideTests {
    let world: World

    init() throws { world = try World.shared.get() }

    /// Waits until whoever was connected to has taken that down; only for calls that got through.
    private func settledVisits(atLeast count: Int) async throws -> [World.Visit] {
        for _ in 0..<1000 where !world.hasHeard(count) { try await Task.sleep(for: .milliseconds(2)) }
        return world.visits()
    }

    // MARK: The guard

    @Test("the guard holds: no webhook gets to a hostile URL", arguments: HostileURL.all)
    func webhooks(_ row: HostileURL) async throws {
        let message = try await withHands { try await $0.deliver(to: row.url) }
        #expect(world.visits() == [])
        #expect(message.state == (row.end == .spelling ? .dead : .pending))
        #expect(message.lastStatus == nil)
        // Where another address was tried as well, the last word is about that.
        if row.end == .address, row.reaches != nil, !row.isElusive {
            #expect(message.lastError?.contains("webhooks.allow") == true)
        }
    }

    @Test("the guard holds: no result is fetched from a hostile URL", arguments: HostileURL.all)
    func results(_ row: HostileURL) async throws {
        try await withHands { hands in
            await #expect(throws: AssetFetcher.Problem.self) { try await hands.fetch(row.url) }
        }
        #expect(world.visits() == [])
    }

    @Test("the guard holds: no redirect leads to a hostile URL", arguments: HostileURL.all)
    func redirects(_ row: HostileURL) async throws {
        try await withHands { hands in
            await #expect(throws: AssetFetcher.Problem.self) {
                try await hands.fetch("http://public.test/to/\(row.index)")
            }
        }
        let visits = try await settledVisits(atLeast: 1)
        // A location that says nothing of a host leads back to the same one.
        #expect(Set(visits.map(\.address)) == ["93.184.215.14"])
        #expect(visits.first?.head.hasPrefix("GET /to/\(row.index) ") == true)
    }

    @Test("a URL is refused for its spelling before anything is looked up", arguments: HostileURL.all)
    func spelling(_ row: HostileURL) { #expect((HTTPURL(row.url) == nil) == (row.end == .spelling)) }

    @Test("an address in a URL is refused when the task is created, a name when it is connected to")
    func literals() {
        for row in HostileURL.all where row.end == .address && row.reaches != nil {
            guard let url = HTTPURL(row.url) else { continue }
            let isLiteral = PeerAddress(host: url.host, port: url.port) != nil
            #expect(DestinationPolicy().refuses(url) == isLiteral, "\(row.url)")
        }
    }

    // MARK: The control

    @Test(
        "without the guard the same client gets there, so it is the guard that holds",
        arguments: HostileURL.all
    )
    func control(_ row: HostileURL) async throws {
        guard let reaches = row.reaches, world.hasIPv6 || !row.isIPv6 else { return }
        try await withHands { hands in
            // The answer is nobody's business: a TLS handshake fails, and the visit has been paid.
            var request = UpstreamRequest(.get, row.url, addresses: .any)
            request.timeouts.total = .seconds(10)
            _ = try? await hands.client.send(request)
        }
        let visits = try await settledVisits(atLeast: 1)
        let expected = reaches.split(separator: "|").map(String.init)
        #expect(
            !visits.isEmpty && visits.allSatisfy { expected.contains(Self.plain($0.address)) },
            "\(visits)"
        )
        // The environment names a proxy, which nobody is to ask.
        #expect(!visits.contains { $0.port == 3128 })
    }

    /// `::127.0.0.1` and `::7f00:1` are one address.
    private static func plain(_ text: String) -> String {
        guard let address = PeerAddress(text, port: 0), address.bytes.count == 16 else { return text }
        return address.mappedIPv4.map { $0.bytes.map(String.init).joined(separator: ".") } ?? text
    }

    @Test("without the guard a redirect gets there too")
    func redirectControl() async throws {
        for row in HostileURL.all.filter({ $0.reaches == "10.0.0.5" && $0.url.hasPrefix("http:") }) {
            try await withHands { hands in
                let request = UpstreamRequest(
                    .get,
                    "http://public.test/to/\(row.index)",
                    redirects: .follow(max: 2),
                    addresses: .any
                )
                _ = try await hands.client.send(request)
            }
            let visits = try await settledVisits(atLeast: 2)
            #expect(
                Set(visits.map { Self.plain($0.address) }) == ["93.184.215.14", "10.0.0.5"],
                "\(row.url)"
            )
        }
    }

    @Test("the guard lets through what is public")
    func isOpen() async throws {
        let message = try await withHands { try await $0.deliver(to: "http://public.test/hook") }
        #expect(message.state == .delivered)
        let visits = try await settledVisits(atLeast: 1)
        #expect(visits.map(\.address) == ["93.184.215.14"])
        #expect(visits.first?.head.hasPrefix("POST /hook ") == true)
    }

    @Test("what is allowed by name or range is let through, and nothing beside it")
    func allowed() async throws {
        var policy = DestinationPolicy()
        policy.hosts = [.init(name: "inside.test", port: 80)]
        policy.ranges = [try #require(AddressRange(address: [192, 168, 0, 0], bits: 16))]
        let cases: [(url: String, address: String?)] = [
            ("http://inside.test/", "10.0.0.5"), ("http://INSIDE.test/", "10.0.0.5"),
            ("http://192.168.7.7/", "192.168.7.7"), ("http://0xc0a80707:8080/", "192.168.7.7"),
            ("http://10.0.0.5/", nil), ("http://inside.test:8080/", nil), ("http://inside.test./", nil),
            ("http://alias.test/", nil), ("http://not.inside.test/", nil), ("http://172.16.0.1/", nil),
        ]
        for (url, address) in cases {
            let message = try await withHands(policy) { try await $0.deliver(to: url) }
            let visits = try await settledVisits(atLeast: address == nil ? 0 : 1)
            #expect(visits.map(\.address) == [address].compactMap(\.self), "\(url)")
            #expect((message.state == .delivered) == (address != nil), "\(url)")
        }
    }

    // MARK: Names that change

    @Test("a name that is public at first and private then is judged by each answer")
    func rebinding() async throws {
        let first = try await withHands { try await $0.deliver(to: "http://rebind.test/") }
        #expect(first.state == .delivered)
        #expect(try await settledVisits(atLeast: 1).map(\.address) == ["93.184.215.14"])
        // A new client has resolved nothing yet, as one whose memory of a name is over.
        let second = try await withHands { try await $0.deliver(to: "http://rebind.test/") }
        #expect(world.names.questions(for: "rebind.test") == 2)
        #expect(second.state == .pending)
        #expect(second.lastError?.contains("webhooks.allow") == true)
        #expect(world.visits() == [])
        // The control: the name really leads inside by now.
        try await withHands { hands in
            _ = try await hands.client.send(UpstreamRequest(.get, "http://rebind.test/", addresses: .any))
        }
        #expect(try await settledVisits(atLeast: 1).map(\.address) == ["127.0.0.1"])
    }

    @Test("what was looked up for a check is what is connected to: no second question lies between")
    func pinned() async throws {
        let before = world.names.questions(for: "rebind-late.test")
        try await withHands { hands in
            await #expect(throws: AssetFetcher.Problem.self) {
                try await hands.fetch("http://public.test/rebind")
            }
        }
        #expect(world.names.questions(for: "rebind-late.test") == before + 1)
        #expect(Set(try await settledVisits(atLeast: 2).map(\.address)) == ["93.184.215.14"])
    }

    @Test("a connection that another call has opened is not there for one that may not use it")
    func reuse() async throws {
        try await withHands { hands in
            _ = try? await hands.client.send(UpstreamRequest(.get, "http://inside.test/a", addresses: .any))
            _ = world.visits()
            await #expect(throws: TransportFailure.self) {
                try await hands.client.send(
                    UpstreamRequest(.get, "http://inside.test/b", addresses: .publicOnly)
                )
            }
        }
        #expect(!world.visits().contains { $0.head.contains("/b") })
    }
}

/// Everything that fetches what others name.
private struct Hands {
    let client: HTTPClient
    let fetcher: AssetFetcher
    let loop: EventLoop
    let policy: DestinationPolicy

    func fetch(_ url: String) async throws(AssetFetcher.Problem) -> AssetRecord {
        try await fetcher.fetch(url, own: "https://api.vendor.example", as: nil)
    }

    func deliver(to url: String) async throws -> OutboxMessage {
        let outbox = OneMessage(to: url)
        var parts = Courier.Parts(
            outbox: outbox,
            client: client,
            time: SystemTime(),
            log: Log(level: .error, sink: LogMemory())
        )
        parts.settings.destinations = policy
        parts.limits.total = .seconds(10)
        let courier = Courier(loop: loop, parts: parts)
        courier.nudge()
        let message = await outbox.settled()
        await courier.stop(within: .zero)
        return message
    }
}

/// Lends a client that has resolved and connected to nothing yet.
@discardableResult
private func withHands<Result: Sendable>(
    _ policy: DestinationPolicy = DestinationPolicy(),
    _ body: (Hands) async throws -> Result
) async throws -> Result {
    let loop = try EventLoop(name: "hands")
    try loop.start()
    let pool = try WorkerPool(name: "disk", threads: 1)
    let client = HTTPClient(loops: [loop])
    let folder = "/tmp/soundgate-hostile-\(getpid())"
    let store = try AssetStore(directory: folder)
    let fetcher = AssetFetcher(client: client, store: store, pool: pool, maximumBytes: 1 << 20)
    let hands = Hands(client: client, fetcher: fetcher, loop: loop, policy: policy)
    let outcome: Swift.Result<Result, any Error>
    do { outcome = .success(try await body(hands)) } catch { outcome = .failure(error) }
    await client.shutdown()
    pool.shutdown()
    loop.stop()
    loop.join()
    return try outcome.get()
}
