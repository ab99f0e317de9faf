import CPostgres
import EventLoop
import Telemetry
import Threads

/// One go at the hosts of a URL, address by address, until one of them lets us in.
///
/// Confined to its loop's thread. Each address has the same time.
@safe final class Opening: @unchecked Sendable {
    private let url: ConnectionURL
    private let loop: EventLoop
    private let patience: Duration
    private let log: Log
    private var finish: ((Result<Link, PostgresError>) -> Void)?

    private var hosts: ArraySlice<ConnectionURL.Host>
    private var addresses: ArraySlice<ConnectionURL.Host> = []
    private var link: Link?
    private var watch: Watch?
    private var timer: Timer?
    /// Why the last address did not do; the first is often a server that is merely not the one that writes.
    private var failure = PostgresError(.noConnection, "no connection to PostgreSQL: it has no host")

    /// Prepares; `finish` is called on the loop, once, unless it is called off.
    init(
        _ url: ConnectionURL,
        on loop: EventLoop,
        patience: Duration,
        log: Log,
        finish: @escaping (Result<Link, PostgresError>) -> Void
    ) {
        self.url = url
        self.loop = loop
        self.patience = patience
        self.log = log
        self.finish = finish
        hosts = url.hosts[...]
    }

    /// Begins with the first host.
    func start() { tryNextAddress() }

    /// Gives up without a word.
    func callOff() {
        finish = nil
        leaveAddress()
    }

    // MARK: Hosts

    private func tryNextAddress() {
        guard finish != nil else { return }
        guard let address = addresses.popFirst() else { return tryNextHost() }
        do throws(PostgresError) {
            let link = try Link(url, host: address, log: log)
            self.link = link
            timer = loop.schedule(after: patience) { [weak self] in
                guard let self else { return }
                timer = nil
                fail(PostgresError(.noConnection, "no connection to PostgreSQL: no answer in time"))
            }
            guard !link.isBad else { return fail(link.connectFailure) }
            // "If you have yet to call PQconnectPoll, … behave as if it last returned PGRES_POLLING_WRITING."
            wait(for: .write)
        } catch {
            fail(error)
        }
    }

    private func tryNextHost() {
        guard let host = hosts.popFirst() else { return end(.failure(failure)) }
        guard let name = host.nameToLookUp else {
            addresses = [host]
            return tryNextAddress()
        }
        // getaddrinfo blocks. It cannot be called off either, so its answer may come too late for anybody.
        timer = loop.schedule(after: patience) { [weak self] in
            guard let self else { return }
            timer = nil
            lookUps += 1
            fail(PostgresError(.noConnection, "no connection to PostgreSQL: the resolver does not answer"))
        }
        lookUps += 1
        let turn = lookUps
        Errands.submit { [weak self, loop] in
            let found = NameLookup.addresses(of: name)
            loop.execute { self?.lookedUp(host, found, turn) }
        }
    }

    /// Tells an answer of the resolver that is awaited from one that comes too late.
    private var lookUps = 0

    private func lookedUp(_ host: ConnectionURL.Host, _ found: [String], _ turn: Int) {
        guard turn == lookUps, finish != nil else { return }
        stopTimer()
        guard !found.isEmpty else {
            return fail(
                PostgresError(.noConnection, "no connection to PostgreSQL: its name cannot be resolved")
            )
        }
        addresses = found.map { ConnectionURL.Host(name: host.name, address: $0, port: host.port) }[...]
        tryNextAddress()
    }

    // MARK: One address

    private func wait(for readiness: Readiness) {
        guard let link else { return }
        do throws(SystemError) {
            watch = try loop.watch(link.socket, for: readiness) { [weak self] _ in self?.step() }
        } catch {
            fail(
                PostgresError(
                    .noConnection,
                    "no connection to PostgreSQL: the system does not watch its socket"
                )
            )
        }
    }

    private func step() {
        guard let link else { return }
        // libpq may close the socket and open another one in here.
        unwatch()
        switch unsafe PQconnectPoll(link.pointer) {
        case PGRES_POLLING_READING: wait(for: .read)
        case PGRES_POLLING_WRITING: wait(for: .write)
        case PGRES_POLLING_OK:
            self.link = nil
            stopTimer()
            end(.success(link))
        default: fail(link.connectFailure)
        }
    }

    private func fail(_ error: PostgresError) {
        failure = error
        leaveAddress()
        // In the next turn: a list of hosts that fail at once is no reason for a deep stack.
        loop.execute { [weak self] in self?.tryNextAddress() }
    }

    private func leaveAddress() {
        unwatch()
        stopTimer()
        link = nil
    }

    private func unwatch() {
        if let watch { loop.unwatch(watch) }
        watch = nil
    }

    private func stopTimer() {
        if let timer { loop.cancel(timer) }
        timer = nil
    }

    private func end(_ result: Result<Link, PostgresError>) {
        let finish = finish
        self.finish = nil
        finish?(result)
    }
}
