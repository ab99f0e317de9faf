import CLinux
package import EventLoop
import Glibc
import Synchronization
package import TLS
package import Threads

/// An HTTP/1.1 server over event loops.
///
/// Each loop has its own listening socket per TCP address and keeps the connections it accepts until they close.
/// Handlers run on their connection's loop: they must not block it. The loops stay the caller's and must be running
/// before `start`.
package final class Server: Sendable {
    struct Settings: Sendable {
        let limits: ServerLimits
        let handler: Handler
        let renderProblem: ProblemRenderer
        let access: (@Sendable (AccessRecord) -> Void)?
        let handshakeFailed: (@Sendable (PeerAddress, String) -> Void)?
        let refused: (@Sendable (Refusals) -> Void)?
    }

    private let addresses: [ListenAddress]
    private let identity: TLSIdentity?
    private let shards: [Shard]
    private let occupancy: Occupancy
    private let turn = Atomic<Int>(0)

    /// A server that does nothing before `start`.
    ///
    /// With an `identity` every TCP address speaks TLS and nothing else; Unix sockets never do.
    /// `access` is called on the connection's loop once per answer, and once per request that could not be read;
    /// `handshakeFailed` once per handshake that came to nothing, with the reason for a log, and
    /// `refused` on some loop when connections are turned away or closed for want of room, at most once a second.
    package init(
        addresses: [ListenAddress],
        identity: TLSIdentity? = nil,
        limits: ServerLimits = ServerLimits(),
        loops: [EventLoop],
        renderProblem: @escaping ProblemRenderer = plainProblem,
        access: (@Sendable (AccessRecord) -> Void)? = nil,
        handshakeFailed: (@Sendable (PeerAddress, String) -> Void)? = nil,
        refused: (@Sendable (Refusals) -> Void)? = nil,
        handler: @escaping Handler
    ) {
        precondition(!loops.isEmpty, "a server needs a loop to run on")
        let settings = Settings(
            limits: limits,
            handler: handler,
            renderProblem: renderProblem,
            access: access,
            handshakeFailed: handshakeFailed,
            refused: refused
        )
        let occupancy = Occupancy(limits)
        let requestIDs = RequestIDs()
        self.addresses = addresses
        self.identity = identity
        self.occupancy = occupancy
        shards = loops.map { Shard($0, settings, occupancy, requestIDs: requestIDs) }
    }

    /// Connections open now, over all loops.
    package var openConnections: Int { occupancy.connections }

    /// Bytes that the buffers of all connections hold now, near enough.
    package var memoryHeld: Int { occupancy.memory }

    /// Handshakes that came to nothing since the start.
    package var handshakeFailures: Int { occupancy.handshakeFailures.load(ordering: .relaxed) }

    /// Connections turned away or closed for want of room since the start.
    package var refusals: Refusals { occupancy.refusals }

    /// Binds every address and starts to accept.
    ///
    /// - Returns: the addresses as bound, with the ports that the system chose; a host name gives one per address.
    /// - Throws: `SystemError` naming the address; then nothing listens.
    package func start() async throws(SystemError) -> [ListenAddress] {
        // `sendfile` has no flag against it: a client that is gone must be an error, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        var groups: [[ListeningSocket]] = []
        for address in addresses {
            switch address {
            case .tcp(let host, let port):
                groups += try ListeningSocket.tcp(host: host, port: port, count: shards.count)
            case .unix(let path):
                groups.append([try ListeningSocket.unix(path: path)])
            }
        }
        for shard in shards {
            await run(on: shard) { [weak self, count = shards.count] in
                shard.relieve(loops: count) {
                    guard let self else { return }
                    for shard in self.shards { shard.loop.execute { shard.makeRoom() } }
                }
            }
        }
        do throws(SystemError) {
            for group in groups {
                for (index, socket) in group.enumerated() {
                    try await listen(socket, on: shards[index], alone: group.count == 1)
                }
            }
        } catch {
            for shard in shards { await run(on: shard) { shard.stopListening() } }
            throw error
        }
        return groups.compactMap(\.first?.address)
    }

    /// Accepts no more: whoever connects from now on is refused, and may go elsewhere.
    ///
    /// What has been let in goes on as if nothing were; the call returns when nobody waits for an answer, or after `limit`.
    package func stopListening(within limit: Duration) async {
        for shard in shards { await run(on: shard) { shard.stopListening() } }
        let began = monotonicNow()
        for shard in shards {
            let spent = Duration.nanoseconds(Int64(clamping: monotonicNow() - began))
            await shard.quieted(within: max(.zero, limit - spent))
        }
    }

    /// Stops accepting, lets requests in hand finish, and after `limit` cuts what is left and cancels its handlers.
    package func stop(within limit: Duration) async {
        for shard in shards { await run(on: shard) { shard.stopListening() } }
        occupancy.isDraining.store(true, ordering: .relaxed)
        for shard in shards { await run(on: shard) { shard.drain() } }
        let began = monotonicNow()
        for shard in shards {
            let spent = Duration.nanoseconds(Int64(clamping: monotonicNow() - began))
            await shard.emptied(within: max(.zero, limit - spent))
        }
        for shard in shards { await run(on: shard) { shard.closeAll() } }
    }

    private func listen(_ socket: ListeningSocket, on shard: Shard, alone: Bool) async throws(SystemError) {
        let result = await withCheckedContinuation { continuation in
            shard.loop.execute { [self] in
                let result = Result { () throws(SystemError) in
                    try shard.listen(socket) { [self] descriptor, peer in
                        let identity = socket.address.port == nil ? nil : identity
                        alone
                            ? spread(descriptor, peer, identity) : shard.adopt(descriptor, peer, identity)
                    }
                }
                continuation.resume(returning: result)
            }
        }
        try result.get()
    }

    /// Gives the connections of a socket that only one loop listens on to all loops in turn.
    private func spread(_ descriptor: Int32, _ peer: PeerAddress, _ identity: TLSIdentity?) {
        let index = turn.add(1, ordering: .relaxed).newValue % shards.count
        let shard = shards[index]
        shard.loop.execute { shard.adopt(descriptor, peer, identity) }
    }

    private func run(on shard: Shard, _ body: @escaping @Sendable () -> Void) async {
        await withCheckedContinuation { continuation in
            shard.loop.execute {
                body()
                continuation.resume()
            }
        }
    }
}
