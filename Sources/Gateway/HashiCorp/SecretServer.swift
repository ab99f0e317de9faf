package import Crypto
package import EventLoop
package import HTTPClient
import HTTP
import JSON
package import Telemetry
package import Timing

/// A server of HashiCorp Vault or OpenBao, as a reader of secrets of its KV engine, version 2.
///
/// Pinned to one loop. It logs in, renews its token before that ends, and remembers the last good value of everything
/// that it was asked for: through an outage that one is given.
package actor SecretServer {
    /// How it knows us.
    package enum Login: Sendable, Equatable {
        case token(Secret<String>)
        case role(mount: String, id: Secret<String>, secret: Secret<String>)
    }

    /// Where it is, and how it is used.
    package struct Settings: Sendable, Equatable {
        /// Without a slash at its end.
        package var address: String
        package var login: Login
        package var namespace: String?
        /// How often values are read again.
        package var refresh: Duration

        /// A server by its address.
        package init(
            address: String,
            login: Login,
            namespace: String? = nil,
            refresh: Duration = .seconds(300)
        ) {
            self.address = address
            self.login = login
            self.namespace = namespace
            self.refresh = refresh
        }
    }

    /// What it has done so far.
    package struct Counts: Sendable, Equatable {
        package var reads = 0
        package var logins = 0
        package var renewals = 0
        package var failures = 0
        /// How often a value was given that is no longer known to be the present one.
        package var stale = 0
    }

    nonisolated let loop: EventLoop
    private let settings: Settings
    private let wire: ServerWire
    private let client: any HTTPTransport
    private let time: any Timekeeper
    private var log: Log
    private var grant: ServerWire.Grant?
    /// When the grant was given, in monotonic nanoseconds.
    private var grantedAt: UInt64 = 0
    /// A renewal that failed is not tried again before then.
    private var renewsAgainAt: UInt64 = 0
    private var grantee: Task<Result<ServerWire.Grant, ServerFailure>, Never>?
    private var values: [SecretName: Secret<String>] = [:]
    private var sleepers: [Int: CheckedContinuation<Void, Never>] = [:]
    private var lastNap = 0
    private var isInOutage = false
    /// What it has done so far.
    package private(set) var counts = Counts()

    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// A server that is not asked anything yet.
    package init(
        _ settings: Settings,
        loop: EventLoop,
        client: any HTTPTransport,
        time: any Timekeeper,
        log: Log
    ) {
        self.settings = settings
        self.loop = loop
        self.client = client
        self.time = time
        self.log = log
        wire = ServerWire(address: settings.address, namespace: settings.namespace)
    }

    /// Writes its lines there from now on.
    package func write(to log: Log) { self.log = log }

    // MARK: Values

    /// Reads values; for one that an outage hides, the last good one.
    ///
    /// While there is none, it is tried again for as long as `patience`.
    package func values(
        of names: Set<SecretName>,
        patience: Duration = .zero
    ) async -> [SecretName: Result<Secret<String>, ServerFailure>] {
        let until = time.instant &+ patience.wholeNanoseconds
        var pause = Duration.milliseconds(250)
        while true {
            let found = await readAll(names)
            let isHidden = found.contains { name, result in
                guard case .failure(let failure) = result else { return false }
                return failure.isOutage && values[name] == nil
            }
            guard isHidden, time.instant < until, !Task.isCancelled else { return settled(found) }
            await sleep(pause)
            pause = min(pause * 2, .seconds(2))
        }
    }

    /// Reads what was asked for again and again, and renews the token, until the task is cancelled.
    ///
    /// `changed` is called when a value has become another one.
    package func keepFresh(_ changed: @Sendable () -> Void) async {
        var due = time.instant &+ settings.refresh.wholeNanoseconds
        while !Task.isCancelled {
            let now = time.instant
            let next = min(due, renewal ?? .max)
            await sleep(next > now ? .nanoseconds(Int64(clamping: next - now)) : .milliseconds(10))
            guard !Task.isCancelled else { return }
            if let renewal, renewal <= time.instant { await renew() }
            guard due <= time.instant else { continue }
            due = time.instant &+ settings.refresh.wholeNanoseconds
            let before = values
            let found = await readAll(Set(before.keys))
            let settled = settled(found)
            let isNews = settled.contains { name, result in
                if case .success(let value) = result { before[name] != value } else { false }
            }
            if isNews { changed() }
        }
    }

    /// The answers, each value remembered, and those that are hidden by an outage from memory.
    private func settled(
        _ found: [SecretName: Result<Secret<String>, ServerFailure>]
    ) -> [SecretName: Result<Secret<String>, ServerFailure>] {
        var outage: ServerFailure?
        var settled = found
        for (name, result) in found {
            switch result {
            case .success(let value): values[name] = value
            case .failure(let failure):
                guard failure.isOutage else {
                    log(
                        .error,
                        "a secret cannot be read",
                        ["secret": "\(name)", "reason": "\(failure.complaint)"]
                    )
                    continue
                }
                outage = failure
                guard let last = values[name] else { continue }
                counts.stale += 1
                settled[name] = .success(last)
            }
        }
        if let outage {
            log(
                .warning,
                "the secret server does not answer; the last good values stay",
                ["reason": "\(outage.complaint)", "failures": .init(counts.failures)]
            )
            isInOutage = true
        } else if isInOutage, !found.isEmpty {
            isInOutage = false
            log(.notice, "the secret server answers again", ["failures": .init(counts.failures)])
        }
        return settled
    }

    private func readAll(
        _ names: Set<SecretName>
    ) async -> [SecretName: Result<Secret<String>, ServerFailure>] {
        var found: [SecretName: Result<Secret<String>, ServerFailure>] = [:]
        // One after another: there are few, and a server that is down is asked once.
        var outage: ServerFailure?
        for (secret, names) in Dictionary(grouping: names, by: \.secret) {
            do throws(ServerFailure) {
                if let outage { throw outage }
                let fields = try await read(secret)
                for name in names { found[name] = Self.text(name, in: fields) }
            } catch {
                if error.isOutage { outage = error }
                for name in names { found[name] = .failure(error) }
            }
        }
        return found
    }

    private static func text(
        _ name: SecretName,
        in fields: JSONObject
    ) -> Result<Secret<String>, ServerFailure> {
        do throws(ServerFailure) {
            return .success(try ServerWire.text(name.field, in: fields))
        } catch {
            return .failure(error)
        }
    }

    private func read(_ secret: SecretName.Secret) async throws(ServerFailure) -> JSONObject {
        let grant = try await present()
        do throws(ServerFailure) {
            return try ServerWire.fields(in: try await send(wire.read(secret, token: grant.token)))
        } catch .denied {
            // The token may have been revoked; a new login tells whether it was that.
            guard case .role = settings.login else { throw .denied }
            forget(grant)
            let next = try await present()
            return try ServerWire.fields(in: try await send(wire.read(secret, token: next.token)))
        }
    }

    private func send(_ request: UpstreamRequest) async throws(ServerFailure) -> UpstreamResponse {
        counts.reads += 1
        do throws(TransportFailure) {
            let response = try await client.send(request)
            if response.status.code >= 400 { counts.failures += 1 }
            return response
        } catch {
            counts.failures += 1
            throw .unreachable(error.message)
        }
    }

    // MARK: The token

    /// When the token should be renewed, in monotonic nanoseconds; `nil` while there is none or it does not end.
    private var renewal: UInt64? {
        guard let grant, grant.duration > .zero, grant.isRenewable || canLogIn else { return nil }
        return max(grantedAt &+ (grant.duration * 2 / 3).wholeNanoseconds, renewsAgainAt)
    }

    private var canLogIn: Bool { if case .role = settings.login { true } else { false } }

    private func forget(_ old: ServerWire.Grant) { if grant?.token == old.token { grant = nil } }

    /// A token that is good for a while; made, or renewed, by one at a time.
    private func present() async throws(ServerFailure) -> ServerWire.Grant {
        if let grant, renewal.map({ time.instant < $0 }) ?? true { return grant }
        if let grantee { return try await grantee.value.get() }
        let old = grant
        // Owned here: whoever asks meanwhile waits for the same one.
        let task = Task<Result<ServerWire.Grant, ServerFailure>, Never> {
            do throws(ServerFailure) {
                return .success(try await obtain(instead: old))
            } catch {
                return .failure(error)
            }
        }
        grantee = task
        let result = await task.value
        grantee = nil
        switch result {
        case .success(let next):
            grant = next
            grantedAt = time.instant
            return next
        case .failure(let failure):
            // The old one is good to its end: what fails now may work in a moment.
            let pause = min(max(settings.refresh, .seconds(1)), .seconds(10))
            renewsAgainAt = time.instant &+ pause.wholeNanoseconds
            guard let old, time.instant < grantedAt &+ old.duration.wholeNanoseconds else {
                grant = nil
                throw failure
            }
            log(
                .warning,
                "the token of the secret server could not be renewed yet",
                ["reason": "\(failure.complaint)"]
            )
            return old
        }
    }

    private func renew() async {
        do throws(ServerFailure) {
            _ = try await present()
        } catch {
            log(.error, "the secret server gives no token", ["reason": "\(error.complaint)"])
        }
    }

    private func obtain(instead old: ServerWire.Grant?) async throws(ServerFailure) -> ServerWire.Grant {
        if let old, old.isRenewable {
            do throws(ServerFailure) {
                counts.renewals += 1
                let next = try ServerWire.grant(in: try await send(wire.renew(old.token)))
                // Near the longest that a token may be renewed for, it is given less each time.
                if next.duration * 2 >= old.duration || !canLogIn { return next }
            } catch {
                guard canLogIn, !error.isOutage else { throw error }
            }
        }
        switch settings.login {
        case .role(let mount, let id, let secret):
            counts.logins += 1
            return try ServerWire.grant(
                in: try await send(wire.login(mount: mount, role: id, id: secret))
            )
        case .token(let token):
            do throws(ServerFailure) {
                return try ServerWire.grant(of: token, in: try await send(wire.lookUp(token)))
            } catch .denied {
                // A token need not be allowed to look at itself; whether it is good, what it reads will tell.
                return ServerWire.Grant(token: token, duration: .zero, isRenewable: false)
            }
        }
    }

    // MARK: Time

    /// Suspends for a span, or until the task is cancelled.
    private func sleep(_ span: Duration) async {
        lastNap += 1
        let nap = lastNap
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                guard !Task.isCancelled else { return continuation.resume() }
                sleepers[nap] = continuation
                time.wake(on: loop, after: span) { self.assumeIsolated { $0.wake(nap) } }
            }
        } onCancel: {
            loop.execute { self.assumeIsolated { $0.wake(nap) } }
        }
    }

    private func wake(_ nap: Int) { sleepers.removeValue(forKey: nap)?.resume() }
}
