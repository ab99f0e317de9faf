import Glibc
import HTTP
import HTTPServer
import Testing
import Threads

private let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
private let closing = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

private func limits(_ change: (inout ServerLimits) -> Void) -> ServerLimits {
    var limits = ServerLimits()
    change(&limits)
    return limits
}

/// Waits until something holds that nobody tells; `false` when it does not in time.
private func eventually(_ condition: () -> Bool) async throws -> Bool {
    for _ in 0..<5_000 {
        if condition() { return true }
        try await Task.sleep(for: .milliseconds(2))
    }
    return condition()
}

/// What a server does under clients that want too much of it.
@Suite struct FloodTests {
    // MARK: Count

    @Test func anAddressHasSoManyConnectionsAndNoMore() async throws {
        let told = Mailbox<Refusals>()
        let limits = limits {
            $0.connectionsPerAddress = 2
            $0.sparesLoopback = false
        }
        let server = Server(
            addresses: [.tcp(host: "127.0.0.1", port: 0), .tcp(host: "::1", port: 0)],
            limits: limits,
            loops: testLoops,
            refused: { told.put($0) },
            handler: { _ in Response(.noContent) }
        )
        let bound = try await server.start()
        let port = bound[0].port ?? 0
        var kept = try [RawClient(port: port), RawClient(port: port)]
        for client in kept {
            try await client.send(get)
            #expect(try await client.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 204 "))
        }
        let third = try await RawClient(port: port).readToEnd()
        #expect(third.hasPrefix("HTTP/1.1 429 "))
        #expect(third.contains("Retry-After: 1\r\n"))
        #expect(await told.next()?.address == 1)
        #expect(server.refusals.address == 1)
        // Another address has its own.
        let other = try RawClient(port6: bound[1].port ?? 0)
        try await other.send(closing)
        #expect(try await other.readToEnd().hasPrefix("HTTP/1.1 204 "))
        // A place is free again when its connection has ended.
        kept.removeFirst()
        #expect(try await eventually { server.openConnections == 1 })
        let next = try RawClient(port: port)
        try await next.send(closing)
        #expect(try await next.readToEnd().hasPrefix("HTTP/1.1 204 "))
        await server.stop(within: .zero)
    }

    @Test func thisMachineIsNotCountedAndAUnixSocketNeverIs() async throws {
        let path = "/tmp/soundgate-flood-test-\(getpid())"
        for spares in [true, false] {
            let limits = limits {
                $0.connectionsPerAddress = 1
                $0.sparesLoopback = spares
            }
            let address: ListenAddress = spares ? .tcp(host: "127.0.0.1", port: 0) : .unix(path: path)
            let server = Server(
                addresses: [address],
                limits: limits,
                loops: testLoops,
                handler: { _ in Response(.noContent) }
            )
            let port = try await server.start()[0].port ?? 0
            let clients = try (0..<3).map { _ in
                try spares ? RawClient(port: port) : RawClient(path: path)
            }
            for client in clients {
                try await client.send(get)
                #expect(try await client.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 204 "))
            }
            await server.stop(within: .zero)
        }
    }

    @Test func withoutADescriptorClientsAreToldAndServedLater() async {
        // In a process of its own: nobody else there misses the descriptors.
        await #expect(processExitsWith: .success) {
            try await withServer(handler: { _ in Response(.noContent) }) { server, port in
                // What they send waits in the kernel until they are accepted.
                let sockets = (0..<3).map { _ in socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0) }
                var spare = sockets
                while let last = spare.last, last >= 0, spare.count < 1 << 20 { spare.append(dup(0)) }
                var address = sockaddr_in()
                address.sin_family = sa_family_t(AF_INET)
                address.sin_port = port.bigEndian
                address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
                for socket in sockets {
                    withUnsafePointer(to: &address) {
                        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                            _ = connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                        }
                    }
                }
                for socket in sockets {
                    var answer = [UInt8](repeating: 0, count: 4096)
                    let count = recv(socket, &answer, answer.count, 0)
                    guard String(decoding: answer[..<max(0, count)], as: UTF8.self).hasPrefix("HTTP/1.1 503 ")
                    else { exit(1) }
                }
                guard server.openConnections == 0 else { exit(2) }
                for descriptor in spare where descriptor >= 0 { close(descriptor) }
                let client = try RawClient(port: port)
                try await client.send(closing)
                guard try await client.readToEnd().hasPrefix("HTTP/1.1 204 ") else { exit(3) }
            }
        }
    }

    // MARK: Memory

    @Test(arguments: ["heads", "bodies", "answers"])
    func whatTheBuffersHoldHasACeiling(_ kind: String) async throws {
        let ceiling = 4 << 20
        let limits = limits {
            $0.memory = ceiling
            $0.parser.body = 1 << 20
        }
        let handler: Handler = { request in
            switch request.target.path {
            case "/body":
                _ = try? await request.body.collect(upTo: 1 << 20)
                return Response(.noContent)
            case "/long":
                return Response(.ok, contentType: "text/plain", [UInt8](repeating: 0x61, count: 1 << 20))
            default: return Response(.noContent)
            }
        }
        let told = Mailbox<Refusals>()
        try await withServer(limits: limits, refused: { told.put($0) }, handler: handler) { server, port in
            // Well-behaved, there from the beginning, and holding little.
            let modest = try RawClient(port: port)
            try await modest.send(get)
            _ = try await modest.read(until: "\r\n\r\n")
            var greedy: [RawClient] = []
            var peak = 0
            for index in 0..<400 {
                guard let client = try? RawClient(port: port) else { break }
                greedy.append(client)
                switch kind {
                case "heads":
                    let field = "X-\(index): " + String(repeating: "x", count: 30_000) + "\r\n"
                    try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\(field)")
                case "bodies":
                    let part = String(repeating: "x", count: 60_000)
                    try await client.send(
                        "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n\(part)"
                    )
                default:
                    try await client.send("GET /long HTTP/1.1\r\nHost: a\r\n\r\n")
                }
                peak = max(peak, server.memoryHeld)
            }
            // That it was reached is shown by this alone.
            #expect(await told.next()?.memory ?? 0 > 0)
            #expect(try await eventually { server.memoryHeld <= ceiling })
            // What one connection of each loop may add lies between too much and less.
            #expect(peak < ceiling + (4 << 20), "\(peak)")
            try await modest.send(closing)
            #expect(try await modest.readToEnd().hasPrefix("HTTP/1.1 204 "))
            withExtendedLifetime(greedy) {}
        }
    }

    @Test func aPipelineWithoutEndLeavesNothingBehind() async throws {
        let limits = limits { $0.memory = 64 << 20 }
        let peak = Guarded(0)
        let server = Guarded<Server?>(nil)
        let handler: Handler = { _ in
            let held = server.withLock { $0?.memoryHeld ?? 0 }
            peak.withLock { $0 = max($0, held) }
            return Response(.noContent)
        }
        try await withServer(limits: limits, handler: handler) { running, port in
            server.withLock { $0 = running }
            let client = try RawClient(port: port)
            // Megabytes, sent faster than they are answered, so that the input is never quite used up.
            let batch = String(repeating: get, count: 10_000)
            async let sent: Void = {
                for _ in 0..<6 { try await client.send(batch) }
                try await client.send(closing)
            }()
            let answers = try await client.readToEnd()
            try await sent
            #expect(answers.components(of: "HTTP/1.1 204 ") == 60_001)
            server.withLock { $0 = nil }
        }
        #expect(peak.withLock { $0 } < 512 << 10)
    }

    // MARK: Turns

    @Test func aLongPipelineDoesNotKeepOthersWaiting() async throws {
        let order = Guarded<[String]>([])
        let begun = Mailbox<Void>()
        let handler: Handler = { request in
            let count = order.withLock { order in
                order.append(request.target.path)
                return order.count
            }
            if count == 1 { begun.put(()) }
            return Response(.noContent)
        }
        // One loop, so that both are on it.
        let server = Server(
            addresses: [.tcp(host: "127.0.0.1", port: 0)],
            loops: [testLoops[0]],
            handler: handler
        )
        let port = try await server.start()[0].port ?? 0
        let long = try RawClient(port: port)
        let other = try RawClient(port: port)
        let pipeline = String(repeating: "GET /p HTTP/1.1\r\nHost: a\r\n\r\n", count: 20_000)
        async let sent: Void = long.send(pipeline)
        _ = await begun.next()
        try await other.send("GET /o HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        async let drained = long.read(count: 20_000 * 40)
        #expect(try await other.readToEnd().hasPrefix("HTTP/1.1 204 "))
        let before = order.withLock { $0.firstIndex(of: "/o") ?? .max }
        #expect(before < 15_000, "\(before) requests of the pipeline came first")
        _ = try await (sent, drained)
        await server.stop(within: .zero)
    }

    // MARK: Time

    @Test func aReaderThatTakesATrickleIsCut() async throws {
        let outcome = Mailbox<Bool>()
        let limits = limits {
            $0.writeTimeout = .milliseconds(300)
            $0.writeProgress = 1 << 20
        }
        let handler = endlessAnswers(outcome)
        try await withServer(limits: limits, handler: handler) { _, port in
            let client = try RawClient(port: port)
            try await client.send(get)
            // Some bytes again and again: not nothing, and not enough.
            let reading = Task {
                while !Task.isCancelled {
                    guard try await !client.read(count: 1).isEmpty else { return }
                    try await Task.sleep(for: .milliseconds(50))
                }
            }
            #expect(await outcome.next() == true)
            reading.cancel()
            _ = try? await reading.value
        }
    }

    @Test func aReaderThatIsSlowButSteadyIsNot() async throws {
        let limits = limits {
            $0.writeTimeout = .seconds(5)
            $0.writeProgress = 1
        }
        let size = 32 << 20
        let handler: Handler = { _ in
            Response(.ok, contentType: "text/plain", [UInt8](repeating: 0x61, count: size))
        }
        try await withServer(limits: limits, handler: handler) { _, port in
            let client = try RawClient(port: port)
            try await client.send(closing)
            var seen = 0
            // Longer than the time limit in all, with something taken in each part of it.
            for _ in 0..<24 {
                seen += try await client.read(count: 512 << 10).count
                try await Task.sleep(for: .milliseconds(250))
            }
            while true {
                let more = try await client.read(count: 1 << 20).count
                seen += more
                if more == 0 { break }
            }
            #expect(seen > size)
        }
    }
}
