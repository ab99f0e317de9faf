package import Crypto
import Sound

/// What an adapter knows of a vendor, before anything is configured.
package struct ProviderDescriptor: Sendable {
    /// How a request proves who is asking.
    package enum Authentication: Sendable, Equatable {
        case none
        /// `Authorization: Bearer KEY`.
        case bearer
        /// `Authorization: KEY`.
        case rawAuthorization
        /// A header of the vendor's own.
        case header(String)
    }

    /// What stands behind the name.
    package enum Kind: String, Sendable {
        /// A vendor's API.
        case vendor
        /// Sound made by rule in this process; not AI.
        case procedural
    }

    /// The adapter's name, and the provider's unless the config names it otherwise.
    package let id: String
    package let displayName: String
    package let kind: Kind
    /// What stands before the path in the vendor's documentation; `nil` where there is no network behind it.
    package let defaultBaseURL: String?
    package let authentication: Authentication
    package let pace: PollPace
    /// Jobs at once per credential unless configured.
    package let defaultConcurrency: Int
    package let operations: [Operation]
    /// How the vendor tells us of its jobs by itself.
    package var callbacks = CallbackStyle.none
    /// How to ask what is left on an account; `nil` where the vendor does not tell.
    package var balance: (any BalanceReading)?
    /// How long the vendor may take for a whole answer unless configured.
    package var answersWithin = Duration.seconds(60)
    /// The unit in which the vendor bills.
    package var billingUnit = "credits"

    /// A descriptor from its parts.
    package init(
        id: String,
        displayName: String,
        kind: Kind,
        defaultBaseURL: String?,
        authentication: Authentication,
        pace: PollPace,
        defaultConcurrency: Int,
        operations: [Operation],
        callbacks: CallbackStyle = .none,
        balance: (any BalanceReading)? = nil,
        answersWithin: Duration = .seconds(60)
    ) {
        self.id = id
        self.displayName = displayName
        self.kind = kind
        self.defaultBaseURL = defaultBaseURL
        self.authentication = authentication
        self.pace = pace
        self.defaultConcurrency = defaultConcurrency
        self.operations = operations
        self.callbacks = callbacks
        self.balance = balance
        self.answersWithin = answersWithin
    }

    /// True when it needs a key to be asked anything.
    package var needsCredential: Bool { authentication != .none }
}

/// When to ask a vendor about a job: a first wait, then growing waits up to a ceiling.
package struct PollPace: Sendable, Equatable {
    package var first: Duration
    package var ceiling: Duration
    package var factor: Double
    /// The least time between two questions with one key, whichever jobs they are about; `nil` without a limit.
    package var spacing: Duration?

    /// A pace; each wait is `factor` times the last.
    package init(first: Duration, ceiling: Duration, factor: Double = 1.5, spacing: Duration? = nil) {
        self.first = first
        self.ceiling = ceiling
        self.factor = factor
        self.spacing = spacing
    }

    /// The wait before poll number `count` (from 0), spread by `jitter` in 0..<1 over ±15 %.
    ///
    /// A vendor's `eta` stretches the first wait, never beyond the ceiling times four.
    package func wait(beforePoll count: Int, eta: Duration?, jitter: Double) -> Duration {
        var wait = first
        for _ in 0..<min(count, 32) where wait < ceiling { wait = wait * factor }
        wait = min(wait, ceiling)
        if count == 0, let eta, eta > wait { wait = min(eta, ceiling * 4) }
        return wait * (0.85 + 0.3 * jitter)
    }
}

/// A provider as this gateway has it: an adapter, an address and keys.
package struct Provider: Sendable {
    /// One key of an account at the vendor.
    package struct Credential: Sendable {
        package let name: String
        package let key: Secret<String>
        /// Jobs at once on this key.
        package let maxConcurrent: Int
        /// Jobs begun within a time on this key; `nil` without a limit.
        package let rateLimit: (count: Int, per: Duration)?

        /// A named key.
        package init(
            name: String,
            key: Secret<String>,
            maxConcurrent: Int,
            rateLimit: (count: Int, per: Duration)? = nil
        ) {
            self.rateLimit = rateLimit
            self.name = name
            self.key = key
            self.maxConcurrent = maxConcurrent
        }
    }

    /// The configured name.
    package let id: String
    package let adapter: ProviderDescriptor
    package let baseURL: String
    package let credentials: [Credential]
    /// Models that the config adds to the adapter's table.
    package let extraModels: [String]
    package let pace: PollPace
    /// Whether new calls go there; the jobs that it has are asked for in any case.
    package var isEnabled = true
    /// How long the vendor may take to let us connect.
    package var connectTimeout = Duration.seconds(10)
    /// How long the vendor may take for a whole answer.
    package var requestTimeout: Duration
    /// What is done when it cannot be told whether the vendor took a job.
    package var onUnknown = UnknownPolicy.wait
    /// What proves that a callback is the vendor's.
    package var webhookSecret: Secret<String>?

    /// A configured provider; `baseURL` without a slash at its end.
    package init(
        id: String,
        adapter: ProviderDescriptor,
        baseURL: String,
        credentials: [Credential],
        extraModels: [String] = [],
        pace: PollPace? = nil
    ) {
        self.id = id
        self.adapter = adapter
        self.baseURL = baseURL.hasSuffix("/") ? String(baseURL.dropLast()) : baseURL
        self.credentials = credentials
        self.extraModels = extraModels
        self.pace = pace ?? adapter.pace
        requestTimeout = adapter.answersWithin
    }

    /// The operation of that name.
    package func operation(_ name: String) -> Operation? { adapter.operations.first { $0.name == name } }

    /// The models of an operation, those of the config included.
    package func models(of operation: Operation) -> [String] {
        operation.capabilities.models + extraModels.filter { !operation.capabilities.models.contains($0) }
    }

    /// Where the vendor may tell of one job; `nil` when it tells nothing per job, or when nobody can reach us.
    package func callbackURL(under publicURL: String?, token: String) -> String? {
        guard let publicURL, case .perJob = adapter.callbacks else { return nil }
        return "\(publicURL)/v1/callbacks/\(id)/\(token)"
    }

    /// Where a vendor may tell of all jobs of an account.
    package func accountCallbackURL(under publicURL: String) -> String { "\(publicURL)/v1/callbacks/\(id)" }

    /// Tasks at once over all credentials.
    package var concurrency: Int {
        credentials.isEmpty ? adapter.defaultConcurrency : credentials.reduce(0) { $0 + $1.maxConcurrent }
    }
}
