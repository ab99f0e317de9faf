package import EventLoop
import HTTP
import Synchronization

/// Calls HTTP servers from the loops that the callers run on.
///
/// Each loop has its own connections and its own libcurl; a call made on a loop never leaves it, a call from elsewhere
/// goes to the loops in turn. libcurl's name resolution runs on threads of its own and blocks nothing. Only `http` and
/// `https` are spoken, certificates are always checked, nothing is read from `.netrc` or the environment, answers are
/// asked for as they are (no content coding), and there are no cookies.
///
/// The client never sends a request twice unless the peer cannot have acted on it: see `TransportFailure.delivery`.
package final class HTTPClient: Sendable {
    /// What holds for all calls.
    package struct Configuration: Sendable {
        /// The value of `User-Agent` where a request has none of its own.
        package var userAgent = "soundgate"
        /// The URL of a proxy; the environment is never asked.
        ///
        /// With one, `AddressPolicy` sees the proxy's address, not the host's.
        package var proxy: String?
        /// A PEM file to trust instead of the system's.
        package var certificateAuthorities: String?
        package var connectionsPerHost = 256
        package var connectionsPerLoop = 1024
        package var idleConnectionsPerLoop = 256
        /// The longest head that an answer may have.
        package var headBytes = 64 << 10
        /// The most fields that an answer may have.
        package var headFields = 100

        /// The defaults.
        package init() {}
    }

    private let multis: [Multi]
    private let limits: ResponseHead.Limits
    private let turn = Atomic<Int>(0)

    /// A client on some loops, which must outlive it.
    package init(loops: [EventLoop], _ configuration: Configuration = Configuration()) {
        precondition(!loops.isEmpty, "a client needs a loop")
        multis = loops.map { Multi(on: $0, configuration) }
        limits = ResponseHead.Limits(bytes: configuration.headBytes, fields: configuration.headFields)
    }

    deinit {
        for multi in multis { multi.loop.execute { multi.close() } }
    }

    /// Makes a call and returns its whole answer, whatever the status.
    ///
    /// Cancelling the task ends the call at once with reason `cancelled`.
    package func send(_ request: UpstreamRequest) async throws(TransportFailure) -> UpstreamResponse {
        let deadline = Self.deadline(of: request)
        var itinerary = Itinerary(request)
        while true {
            let transfer = try transfer(itinerary.request, .collect, deadline)
            let response = try await run(transfer) { event in
                switch event {
                case .end(let result): result
                case .head, .bytes: nil
                }
            }.get()
            guard try itinerary.follow(response.status, response.fields) else { return response }
        }
    }

    /// Makes a call and hands the answer's content to `sink` as it comes, at the sink's pace.
    ///
    /// The answer that is returned has no body. The sink sees the last answer only, not the redirects before it.
    package func download(
        _ request: UpstreamRequest,
        to sink: some ByteSink
    ) async throws(TransportFailure) -> UpstreamResponse {
        let deadline = Self.deadline(of: request)
        var itinerary = Itinerary(request)
        while true {
            let transfer = try transfer(itinerary.request, .stream, deadline)
            var isElsewhere = false
            let result = await run(transfer) { event in
                do {
                    switch event {
                    case .head(let status, let fields):
                        isElsewhere = try itinerary.follow(status, fields)
                        if isElsewhere {
                            return .failure(TransportFailure(.unknown, .cancelled, "redirected"))
                        }
                        if case .refuse(let why) = try await sink.head(status, fields) {
                            return .failure(TransportFailure(.unknown, .sink, why, status: status))
                        }
                    case .bytes(let bytes): try await sink.write(bytes)
                    case .end(let result): return result
                    }
                    return nil
                } catch let failure as TransportFailure {
                    return .failure(failure)
                } catch {
                    let reason = Task.isCancelled ? TransportFailure.Reason.cancelled : .sink
                    return .failure(TransportFailure(.unknown, reason, "the sink failed: \(error)"))
                }
            }
            if !isElsewhere { return try result.get() }
        }
    }

    /// Ends every call with reason `cancelled`, closes every connection, and returns when that is done.
    ///
    /// Later calls fail with reason `unavailable`.
    package func shutdown() async {
        for multi in multis {
            await withCheckedContinuation { done in
                multi.loop.run {
                    multi.close()
                    done.resume()
                }
            }
        }
    }

    // MARK: One exchange

    /// Runs a transfer and hands its events to `handle` until that has a result; what is left undone is aborted.
    private func run(
        _ transfer: Transfer,
        _ handle: (Transfer.Event) async -> Result<UpstreamResponse, TransportFailure>?
    ) async -> Result<UpstreamResponse, TransportFailure> {
        let multi = multi()
        return await withTaskCancellationHandler {
            var isStarted = false
            while true {
                let isFirst = !isStarted
                isStarted = true
                let event = await withCheckedContinuation { continuation in
                    multi.loop.run {
                        if isFirst { multi.start(transfer) }
                        transfer.wait(continuation)
                        multi.resumeIfDrained(transfer)
                    }
                }
                if let result = await handle(event) {
                    if case .end = event {
                    } else {
                        multi.loop.run { multi.abort(transfer, .cancelled, "no longer wanted") }
                    }
                    return result
                }
            }
        } onCancel: {
            multi.loop.execute { multi.abort(transfer, .cancelled, "the call was cancelled") }
        }
    }

    private func transfer(
        _ request: UpstreamRequest,
        _ mode: Transfer.Mode,
        _ deadline: UInt64
    ) throws(TransportFailure) -> Transfer {
        guard let url = HTTPURL(request.url) else {
            throw TransportFailure(.notSent, .badURL, "not an absolute http or https URL")
        }
        let isToken =
            !request.method.rawValue.isEmpty
            && request.method.rawValue.utf8.allSatisfy(ByteClass.token.contains)
        guard isToken, request.method != .connect else {
            throw TransportFailure(.notSent, .badRequest, "the method cannot be sent")
        }
        guard request.method != .head || request.body?.isEmpty ?? true else {
            throw TransportFailure(.notSent, .badRequest, "HEAD with a body")
        }
        return Transfer(request, url: url, mode: mode, deadline: deadline, limits: limits)
    }

    /// The multi of the loop that the caller is on, else each in turn.
    private func multi() -> Multi {
        for multi in multis where multi.loop.isCurrent { return multi }
        return multis[
            Int(bitPattern: UInt(bitPattern: turn.add(1, ordering: .relaxed).oldValue) % UInt(multis.count))
        ]
    }

    private static func deadline(of request: UpstreamRequest) -> UInt64 {
        monotonicNow() &+ request.timeouts.total.wholeNanoseconds
    }
}

extension EventLoop {
    /// Runs `body` now when already on the loop, else as soon as the loop gets to it.
    fileprivate func run(_ body: @escaping @Sendable () -> Void) {
        if isCurrent { body() } else { execute(body) }
    }
}
