import Configuration
import Emulators
import EventLoop
import Glibc
import HTTPClient
import HTTPServer
import Providers
import Threads

/// Runs local doubles of the vendors' APIs.
enum EmulateCommand {
    private static let listen = Option(
        "--listen",
        value: "ADDR:PORT",
        summary: "where to listen (default 127.0.0.1:9090)"
    )
    private static let speed = Option(
        "--speed",
        value: "N",
        summary: "how many times faster than the vendors (default 1)"
    )
    private static let assetLatency = Option(
        "--asset-latency",
        value: "D",
        summary: "how long result files make one wait, as in 500ms (default 0s)"
    )

    private static let retention = Option(
        "--retention",
        value: "N",
        summary: "how many calls, and tasks of each vendor, are remembered (default 10000)"
    )

    static let command = Command(
        name: "emulate",
        summary: "run local doubles of the vendors' APIs, with real audio",
        details: """
            Every vendor's API has a path of its own, as in http://127.0.0.1:9090/sunoapi. A task that names an address
            is called back there. Faults are scripted at /_control, while listening on loopback.
            """,
        options: [listen, speed, assetLatency, retention],
        signals: Interruption.signals,
        run: run
    )

    private static func run(_ invocation: Invocation) async throws -> ExitStatus {
        Orphans.disown()
        let address = try address(invocation)
        let factor = try invocation.number(speed) ?? 1
        guard factor > 0 else { throw invocation.misread(speed, "a number above 0") }
        var options = EmulatorOptions(
            speed: factor,
            assetLatency: try latency(invocation),
            isOnLoopback: address.isLocal
        )
        if let count = try invocation.number(retention) {
            guard (1...10_000_000).contains(count) else {
                throw invocation.misread(retention, "a count from 1 to 10000000")
            }
            options.retention = Int(count)
        }
        return try await serve(options, at: address)
    }

    private static func serve(_ options: EmulatorOptions, at address: Configuration.ListenAddress)
        async throws
        -> ExitStatus
    {
        let interruption = try Interruption()
        let cores = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        let loops = try (0..<cores).map { try EventLoop(name: "loop-\($0)") }
        for loop in loops { try loop.start() }
        let pool = try WorkerPool(name: "render", threads: cores)
        let client = HTTPClient(loops: loops)
        let host = try EmulatorHost(options, pool: pool, carrier: ClientCarrier(client))
        defer { host.close() }
        let server = Server(addresses: [address.bindable], loops: loops) { await host.respond(to: $0) }
        let bound: [HTTPServer.ListenAddress]
        do throws(SystemError) {
            bound = try await server.start()
        } catch {
            throw CommandFailure(.unavailable, "cannot listen: \(error)")
        }
        for place in bound { announce("\(place.port == nil ? "" : "http://")\(place)") }
        _ = await interruption.first()
        await server.stop(within: .seconds(5))
        host.close()
        await client.shutdown()
        return .success
    }

    private static func announce(_ place: String) {
        let vendors = catalog.filter { $0.kind == .vendor }.map(\.id)
        let hints = vendors.map { "providers.\($0).base_url: \(place)/\($0)" }
        Console.note("listening on \(place); in a configuration: \(hints.joined(separator: ", "))")
    }

    private static func address(_ invocation: Invocation) throws(UsageError) -> Configuration.ListenAddress {
        do throws(Malformed) {
            return try ListenAddress(parsing: invocation.text(listen) ?? "127.0.0.1:9090")
        } catch {
            throw invocation.misread(listen, error)
        }
    }

    private static func latency(_ invocation: Invocation) throws(UsageError) -> Duration {
        guard let text = invocation.text(assetLatency) else { return .zero }
        do throws(Malformed) {
            return try Duration(parsing: text)
        } catch {
            throw invocation.misread(assetLatency, error)
        }
    }
}

extension Configuration.ListenAddress {
    /// The address in the server's own terms.
    fileprivate var bindable: HTTPServer.ListenAddress {
        switch self {
        case .tcp(let address, let port): .tcp(host: address, port: UInt16(clamping: port))
        case .unix(let path): .unix(path: path)
        }
    }
}

extension Invocation {
    /// The complaint about an option's value, in the words of the configuration.
    func misread(_ option: Option, _ malformed: Malformed) -> UsageError {
        let words = [malformed.complaint, malformed.remedy].compactMap(\.self).joined(separator: "; ")
        return UsageError("\(option.name): \"\(text(option) ?? "")\" \(words)", command: command)
    }
}
