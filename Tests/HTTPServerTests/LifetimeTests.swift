import Glibc
import HTTP
import HTTPServer
import Testing
import Threads

private let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

/// Limits short enough to wait for.
private func hasty(_ change: (inout ServerLimits) -> Void) -> ServerLimits {
    var limits = ServerLimits()
    change(&limits)
    return limits
}

@Suite struct LifetimeTests {
    @Test func aSlowHeaderIsTimedOut() async throws {
        let limits = hasty { $0.headerTimeout = .milliseconds(60) }
        try await withServer(limits: limits, handler: { _ in Response(.ok) }) { _, port in
            let client = try RawClient(port: port)
            try await client.send("GET / HTTP/1.1\r\nHost")
            #expect(try await client.readToEnd().hasPrefix("HTTP/1.1 408 "))
            let silent = try RawClient(port: port)
            #expect(try await silent.readToEnd().isEmpty)
        }
    }

    @Test func anIdleConnectionIsClosed() async throws {
        let limits = hasty { $0.idleTimeout = .milliseconds(60) }
        try await withServer(limits: limits, handler: { _ in Response(.noContent) }) { _, port in
            let client = try RawClient(port: port)
            try await client.send(get)
            let answer = try await client.readToEnd()
            #expect(answer.components(of: "HTTP/1.1 ") == 1)
        }
    }

    @Test func aSlowBodyIsTimedOut() async throws {
        let limits = hasty { $0.bodyTimeout = .milliseconds(60) }
        let handler: Handler = { request in
            _ = try? await request.body.collect(upTo: 100)
            return Response(.ok)
        }
        try await withServer(limits: limits, handler: handler) { _, port in
            let client = try RawClient(port: port)
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nx")
            #expect(try await client.readToEnd().hasPrefix("HTTP/1.1 408 "))
        }
    }

    @Test func aClientThatTakesNothingIsCut() async throws {
        let outcome = Mailbox<Bool>()
        let limits = hasty { $0.writeTimeout = .milliseconds(60) }
        let handler = endlessAnswers(outcome)
        try await withServer(limits: limits, handler: handler) { _, port in
            let client = try RawClient(port: port)
            try await client.send(get)
            #expect(await outcome.next() == true)
            withExtendedLifetime(client) {}
        }
    }

    @Test(arguments: [true, false])
    func aClientThatLeavesCancelsItsHandler(_ byReset: Bool) async throws {
        let events = Mailbox<String>()
        let handler: Handler = { _ in
            events.put("began")
            // Ends by cancellation alone.
            do { try await Task.sleep(for: .seconds(3600)) } catch { events.put("cancelled") }
            return Response(.ok)
        }
        try await withServer(handler: handler) { _, port in
            let client = try RawClient(port: port)
            try await client.send(get)
            #expect(await events.next() == "began")
            if byReset { client.reset() } else { client.endSending() }
            #expect(await events.next() == "cancelled")
        }
    }

    @Test func aConnectionTooManyIsTurnedAway() async throws {
        let limits = hasty { $0.connections = 2 }
        try await withServer(limits: limits, handler: { _ in Response(.noContent) }) { server, port in
            let kept = try [RawClient(port: port), RawClient(port: port)]
            for client in kept {
                try await client.send(get)
                #expect(try await client.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 204 "))
            }
            #expect(server.openConnections == 2)
            let third = try RawClient(port: port)
            #expect(try await third.readToEnd().hasPrefix("HTTP/1.1 503 "))
            #expect(server.openConnections == 2)
        }
    }

    /// Says that it began on `/slow`, and answers there when it is let through.
    private func slow(_ began: Mailbox<Void>, until gate: Mailbox<Void>) -> Handler {
        { request in
            guard request.target.path == "/slow" else { return Response(.noContent) }
            began.put(())
            _ = await gate.next()
            return Response(.ok, text: "done")
        }
    }

    @Test func stoppingFinishesWhatIsInHandAndClosesWhatIsIdle() async throws {
        let began = Mailbox<Void>()
        let gate = Mailbox<Void>()
        let handler = slow(began, until: gate)
        try await withServer(handler: handler) { server, port in
            let idle = try RawClient(port: port)
            try await idle.send(get)
            _ = try await idle.read(until: "\r\n\r\n")
            let busy = try RawClient(port: port)
            try await busy.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = await began.next()
            async let stopped: Void = server.stop(within: .seconds(30))
            #expect(try await idle.readToEnd().isEmpty)
            #expect(throws: (any Error).self) { try RawClient(port: port) }
            gate.put(())
            let answer = try await busy.readToEnd()
            #expect(answer.contains("Connection: close\r\n"))
            #expect(answer.hasSuffix("done"))
            await stopped
            #expect(server.openConnections == 0)
        }
    }

    @Test func whoWasLetInBeforeTheListenerClosedIsServedAsEver() async throws {
        let began = Mailbox<Void>()
        let gate = Mailbox<Void>()
        let handler = slow(began, until: gate)
        try await withServer(handler: handler) { server, port in
            let quiet = try RawClient(port: port)
            try await quiet.send(get)
            _ = try await quiet.read(until: "\r\n\r\n")
            let newcomer = try RawClient(port: port)
            let busy = try RawClient(port: port)
            try await busy.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = await began.next()
            async let closed: Void = server.stopListening(within: .seconds(30))
            // Until nobody gets in, others do, and are newcomers for as long as they stay.
            while (try? RawClient(port: port)) != nil { await Task.yield() }
            try await newcomer.send(get)
            #expect(try await !newcomer.read(until: "\r\n\r\n").contains("Connection: close"))
            gate.put(())
            #expect(try await !busy.read(until: "done").contains("Connection: close"))
            await closed
            // Nor is anybody sent away who could ask again.
            try await quiet.send(get)
            #expect(try await quiet.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 204"))
            withExtendedLifetime((newcomer, busy)) {}
        }
    }

    @Test func aNewcomerWhoSaysNothingHoldsNobodyUpForLong() async throws {
        try await withServer(handler: { _ in Response(.noContent) }) { server, port in
            let newcomer = try RawClient(port: port)
            // So that it has been let in: connections of a loop are taken in their order, and every loop has one.
            for _ in 0..<64 {
                let client = try RawClient(port: port)
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                _ = try await client.readToEnd()
            }
            await server.stopListening(within: .milliseconds(20))
            await server.stop(within: .seconds(30))
            #expect(try await newcomer.readToEnd().isEmpty)
        }
    }

    @Test func stoppingCutsWhatOutlastsTheDeadline() async throws {
        let events = Mailbox<String>()
        let handler: Handler = { _ in
            events.put("began")
            do { try await Task.sleep(for: .seconds(3600)) } catch { events.put("cancelled") }
            return Response(.ok)
        }
        try await withServer(handler: handler) { server, port in
            let client = try RawClient(port: port)
            try await client.send(get)
            #expect(await events.next() == "began")
            await server.stop(within: .milliseconds(20))
            #expect(await events.next() == "cancelled")
            #expect(try await client.readToEnd().isEmpty)
        }
    }

    @Test func thePeersNetworkIsItsAddressWithoutItsPort() async throws {
        let server = Server(
            addresses: [.tcp(host: "127.0.0.1", port: 0), .tcp(host: "::1", port: 0)],
            loops: testLoops,
            handler: { Response(.ok, text: "\($0.peer.network) \($0.peer == $0.peer.network)") }
        )
        let bound = try await server.start()
        for (client, network) in [
            (try RawClient(port: bound[0].port ?? 0), "127.0.0.1:0"),
            (try RawClient(port: bound[0].port ?? 0), "127.0.0.1:0"),
            (try RawClient(port6: bound[1].port ?? 0), "[::1]:0"),
        ] {
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(try await client.readToEnd().hasSuffix("\r\n\r\n\(network) false"))
        }
        await server.stop(within: .seconds(1))
    }

    @Test func ipv6AndUnixSocketsAreServed() async throws {
        let path = "/tmp/soundgate-socket-test-\(getpid())"
        let server = Server(
            addresses: [.tcp(host: "::1", port: 0), .unix(path: path)],
            loops: testLoops,
            handler: { Response(.ok, text: $0.peer.host) }
        )
        let bound = try await server.start()
        let client6 = try RawClient(port6: bound[0].port ?? 0)
        let close = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        try await client6.send(close)
        #expect(try await client6.readToEnd().hasSuffix("\r\n\r\n::1"))
        var status = stat()
        #expect(stat(path, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o660)
        for _ in 0..<4 {
            let local = try RawClient(path: path)
            try await local.send(close)
            #expect(try await local.readToEnd().hasSuffix("\r\n\r\nunix"))
        }
        let second = Server(addresses: [.unix(path: path)], loops: testLoops, handler: { _ in Response(.ok) })
        await #expect(throws: SystemError.self) { _ = try await second.start() }
        await server.stop(within: .seconds(5))
        #expect(access(path, F_OK) == -1)
    }

    @Test func aStaleUnixSocketIsReplacedButNoOtherFile() async throws {
        let path = "/tmp/soundgate-stale-test-\(getpid())"
        let socket = try retryingSystemCall("socket") {
            Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        try retryingSystemCall("bind") {
            withUnsafePointer(to: address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
        }
        close(socket)
        let server = Server(addresses: [.unix(path: path)], loops: testLoops, handler: { _ in Response(.ok) })
        _ = try await server.start()
        await server.stop(within: .seconds(5))
        let descriptor = try retryingSystemCall("open") { open(path, O_WRONLY | O_CREAT, 0o600) }
        close(descriptor)
        defer { unlink(path) }
        let other = Server(addresses: [.unix(path: path)], loops: testLoops, handler: { _ in Response(.ok) })
        await #expect(throws: SystemError.self) { _ = try await other.start() }
    }

    @Test func aPortInUseIsRefusedThoughPortsAreShared() async throws {
        try await withServer(handler: { _ in Response(.ok) }) { _, port in
            let second = Server(
                addresses: [.tcp(host: "127.0.0.1", port: port)],
                loops: testLoops,
                handler: { _ in Response(.ok) }
            )
            await #expect(throws: SystemError.self) { _ = try await second.start() }
        }
    }
}
