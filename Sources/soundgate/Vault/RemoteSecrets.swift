import Configuration
import Crypto
import EventLoop
import HTTPClient
import HashiCorp
import Telemetry
import Threads
import Timing

/// The values that a server of HashiCorp Vault or OpenBao keeps, for as long as a command runs.
///
/// The server that the configuration at work names is asked again and again; one that a changed file names is tried beside
/// it, and takes its place when that file is taken up.
final class RemoteSecrets: Sendable {
    /// A server with what it is asked over.
    private struct House: Sendable {
        let configuration: HashiCorpConfiguration
        let server: SecretServer
        let client: HTTPClient
        let loop: EventLoop

        func close() async {
            await client.shutdown()
            loop.stop()
            loop.join()
        }
    }

    private struct State {
        var present: House?
        var candidate: House?
        var keeping: Task<Void, Never>?
        /// Whether a value could not be had for a reason that may pass.
        var isInOutage = false
        var log = Log.current
        var changed: @Sendable () -> Void = {}
    }

    private let state = Guarded(State())

    /// Reads what a file needs; a server that hides what was never read is given its time when `isPatient`.
    func read(_ needs: HashiCorpNeeds, isPatient: Bool) async throws(SystemError) -> HashiCorpSecrets {
        let house = try await house(needs.server)
        let names = Set(needs.references.map(SecretName.init))
        let values = await house.server.values(of: names, patience: isPatient ? needs.server.wait : .zero)
        state.withLock { state in
            state.isInOutage = values.values.contains { value in
                if case .failure(let failure) = value { failure.isOutage } else { false }
            }
        }
        return HashiCorpSecrets { reference throws(VaultRefusal) in
            switch values[SecretName(reference)] {
            case .success(let value)?: return value
            case .failure(let failure)?:
                throw VaultRefusal(
                    "\(reference) cannot be read: \(failure.complaint)",
                    remedy: failure.remedy
                )
            case nil: throw VaultRefusal("\(reference) was not asked for", remedy: "try again")
            }
        }
    }

    /// Whether what could not be read the last time may be read later.
    var isInOutage: Bool { state.withLock { $0.isInOutage } }

    /// The configuration with this section is at work: its values are kept fresh from now on.
    func settle(on configuration: HashiCorpConfiguration?) async {
        let (left, keeping) = state.withLock { state -> ([House], Task<Void, Never>?) in
            let candidate = state.candidate
            if configuration == state.present?.configuration {
                state.candidate = nil
                return ([candidate].compactMap(\.self), nil)
            }
            let old = state.present
            state.present = candidate?.configuration == configuration ? candidate : nil
            state.candidate = nil
            defer { state.keeping = nil }
            let unused = state.present == nil ? candidate : nil
            return ([old, unused].compactMap(\.self), state.keeping)
        }
        keeping?.cancel()
        await keeping?.value
        for house in left { await house.close() }
        keepFresh()
    }

    /// Writes lines there, and tells of changed values, from now on.
    func serve(_ log: Log, changed: @escaping @Sendable () -> Void) async {
        let present = state.withLock { state in
            state.log = log
            state.changed = changed
            return state.present
        }
        await present?.server.write(to: log)
    }

    /// Ends everything.
    func close() async { await settle(on: nil) }

    private func keepFresh() {
        state.withLock { state in
            guard state.keeping == nil, let house = state.present else { return }
            // Owned here: cancelled and waited for before the server goes.
            state.keeping = Task { [weak self] in
                await house.server.keepFresh { self?.state.withLock { $0.changed }() }
            }
        }
    }

    private func house(_ configuration: HashiCorpConfiguration) async throws(SystemError) -> House {
        let (known, unused, log) = state.withLock { state -> (House?, House?, Log) in
            if state.present?.configuration == configuration { return (state.present, nil, state.log) }
            if state.candidate?.configuration == configuration { return (state.candidate, nil, state.log) }
            defer { state.candidate = nil }
            return (nil, state.candidate, state.log)
        }
        await unused?.close()
        if let known { return known }
        let loop = try EventLoop(name: "secrets")
        try loop.start()
        var settings = HTTPClient.Configuration()
        settings.userAgent = "soundgate/\(version)"
        settings.certificateAuthorities = configuration.ca
        let client = HTTPClient(loops: [loop], settings)
        let server = SecretServer(
            SecretServer.Settings(configuration),
            loop: loop,
            client: client,
            time: SystemTime(),
            log: log
        )
        let house = House(configuration: configuration, server: server, client: client, loop: loop)
        state.withLock { $0.candidate = house }
        return house
    }
}

extension SecretName {
    fileprivate init(_ reference: HashiCorpReference) {
        self.init(mount: reference.mount, path: reference.path, field: reference.field)
    }
}

extension SecretServer.Settings {
    fileprivate init(_ configuration: HashiCorpConfiguration) {
        let login: SecretServer.Login
        if let id = configuration.roleID, let secret = configuration.secretID {
            login = .role(mount: configuration.loginMount, id: id, secret: secret)
        } else {
            login = .token(configuration.token ?? Secret(""))
        }
        self.init(
            address: configuration.address,
            login: login,
            namespace: configuration.namespace,
            refresh: configuration.refresh
        )
    }
}
