package import EventLoop
package import HTTPClient
package import Providers
package import Sound
package import Telemetry
package import Timing

/// What is left on vendors' accounts, asked when somebody wants to know and remembered for a while.
///
/// Pinned to one loop. A vendor that does not answer keeps nobody waiting for long, and its last word stands.
package actor BalanceBook {
    /// What a vendor said.
    package struct Entry: Sendable, Equatable {
        package let balance: Cost.Amount
        package let moment: Moment
    }

    private struct Account: Hashable {
        let provider: String
        let credential: String
    }

    nonisolated let loop: EventLoop
    private let upstream: Upstream
    private let time: any Timekeeper
    private let goodFor: Duration
    private var entries: [Account: Entry] = [:]
    private var askedAt: [Account: UInt64] = [:]
    private var questions: [Account: Task<Void, Never>] = [:]

    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// An empty book; an entry is `goodFor` so long before the vendor is asked again.
    package init(
        loop: EventLoop,
        client: HTTPClient,
        time: any Timekeeper,
        tracer: Tracer? = nil,
        goodFor: Duration = .seconds(60)
    ) {
        self.loop = loop
        upstream = Upstream(client: client, tracer: tracer)
        self.time = time
        self.goodFor = goodFor
    }

    /// What is left with each of the provider's keys, as far as its vendor tells; asks first when nothing is known.
    ///
    /// `context` is the span of whoever wants to know.
    package func balances(of provider: Provider, in context: TraceContext? = nil) async -> [String: Entry] {
        guard let reader = provider.adapter.balance else { return [:] }
        let accounts = provider.credentials.map { Account(provider: provider.id, credential: $0.name) }
        let now = time.instant
        for account in accounts where questions[account] == nil {
            if let asked = askedAt[account], now &- asked < goodFor.wholeNanoseconds { continue }
            askedAt[account] = now
            questions[account] = Task { await ask(account, at: provider, with: reader, in: context) }
        }
        for account in accounts where entries[account] == nil { await questions[account]?.value }
        return accounts.reduce(into: [:]) { found, account in
            if let entry = entries[account] { found[account.credential] = entry }
        }
    }

    private func ask(
        _ account: Account,
        at provider: Provider,
        with reader: any BalanceReading,
        in context: TraceContext?
    ) async {
        var provider = provider
        provider.connectTimeout = min(provider.connectTimeout, .seconds(2))
        provider.requestTimeout = min(provider.requestTimeout, .seconds(3))
        let outcome = await upstream.send(
            reader.call,
            to: provider,
            credential: account.credential,
            for: CallPurpose(.balance, in: context)
        )
        if case .answered(let reply) = outcome, let balance = reader.balance(reply) {
            entries[account] = Entry(balance: balance, moment: time.moment)
        }
        questions[account] = nil
    }
}
