import EventLoop
package import Providers
import Sound

/// What an operator may change while the engine is at work: an immutable snapshot, swapped whole.
///
/// By reference: what a task has begun with is kept with the task, and costs a word there.
package final class EngineSettings: Sendable {
    /// A provider as one configuration has it: its address and its keys.
    final class Edition: Sendable {
        let provider: Provider

        init(_ provider: Provider) { self.provider = provider }

        func key(_ name: String?) -> Provider.Credential? { provider.credentials.first { $0.name == name } }
    }

    let editions: [String: Edition]
    /// What the machines of new tasks go by.
    let policy: TaskMachine.Policy
    let fetchFor: Duration
    let publicURL: String?
    let announce: Announcing?

    /// A snapshot of what is configured; see ``Engine/Parts`` for what each part is.
    package init(
        providers: [Provider],
        policy: TaskMachine.Policy,
        fetchFor: Duration,
        publicURL: String?,
        announce: Announcing?
    ) {
        var policy = policy
        for provider in providers {
            // Where audio comes in the answer there is no job that could be heard of later: nothing to wait for.
            let isPointless = !provider.adapter.operations.contains(where: \.isHeardOfLater)
            let wish = provider.onUnknown
            policy.onUnknown[provider.id] = wish == .wait && isPointless ? .fail : wish
        }
        editions = providers.reduce(into: [:]) { $0[$1.id] = Edition($1) }
        self.policy = policy
        self.fetchFor = fetchFor
        self.publicURL = publicURL
        self.announce = announce
    }

    convenience init(_ parts: Engine.Parts) {
        self.init(
            providers: parts.providers,
            policy: parts.policy,
            fetchFor: parts.fetchFor,
            publicURL: parts.publicURL,
            announce: parts.announce
        )
    }
}

extension Provider {
    /// Its keys as the line for them is told.
    func slotKeys(areShared: Bool) -> [SlotQueue.Key] {
        credentials.map { key in
            SlotQueue.Key(
                key.name,
                capacity: key.maxConcurrent,
                rate: key.rateLimit.map { ($0.count, $0.per.wholeNanoseconds) },
                isShared: areShared
            )
        }
    }

    /// Whether what a vendor said of a key of this one holds for the key of that name at another one.
    func hasSameKey(_ name: String?, as other: Provider) -> Bool {
        guard baseURL == other.baseURL, adapter.id == other.adapter.id else { return false }
        let key = credentials.first { $0.name == name }?.key
        return key == other.credentials.first { $0.name == name }?.key
    }
}
