package import Crypto
package import Telemetry

/// A caller with keys of its own.
package struct Client: Sendable, Equatable {
    /// Unique; shown as the owner of its tasks.
    package var name: String
    /// SHA-256 of a key that does not expire, in 64 lower-case hexadecimal digits; `nil` where `keys` say it all.
    package var keySHA256: String?
    /// More keys, or all of them.
    package var keys: [ClientKey] = []
    /// Whether it sees the tasks of all clients.
    package var isAdmin: Bool
    /// The providers that it may use; `nil` for all.
    package var providers: [String]?
    /// What it may ask for; `nil` for everything.
    package var types: [ClientSoundType]?
    /// How many requests it may make; `nil` without a limit.
    package var rateLimit: Rate?
    /// The most tasks that have not ended; `server.limits.tasks_per_client` when not set.
    package var maxConcurrent: Int?
    /// What it may have in a day and in a month.
    package var quota = ClientQuota()
    /// Whether its limits refuse anything, or are only watched; keys and their expiry always hold.
    package var enforce = true
    /// What signs its webhooks: several while one takes the place of another, none for webhooks without a signature.
    package var webhookSecret: [Secret<String>] = []

    /// A client by its name and its key's digest.
    package init(name: String, keySHA256: String?, isAdmin: Bool = false) {
        self.name = name
        self.keySHA256 = keySHA256
        self.isAdmin = isAdmin
    }

    /// Every key that opens to it.
    package var allKeys: [ClientKey] { (keySHA256.map { [ClientKey(sha256: $0)] } ?? []) + keys }
}

/// One of a client's keys, as its digest.
package struct ClientKey: Sendable, Equatable {
    /// SHA-256 of the key's UTF-8 bytes, in 64 lower-case hexadecimal digits.
    package var sha256: String
    /// From when on it opens nothing; `nil` for never.
    package var expires: Timestamp?

    /// A key by its digest.
    package init(sha256: String, expires: Timestamp? = nil) {
        self.sha256 = sha256
        self.expires = expires
    }
}

/// What a client may ask for, in the words of requests.
package enum ClientSoundType: String, Sendable, CaseIterable {
    case effect, music
}

/// What a client may have in a day and in a month, of the calendar in UTC.
package struct ClientQuota: Sendable, Equatable {
    /// From midnight to midnight.
    package var day: [Allowance] = []
    /// From the first to the last day.
    package var month: [Allowance] = []

    /// The most of one thing.
    package struct Allowance: Sendable, Equatable {
        /// The provider that bills it; `nil` for tasks, and for a unit at all providers together.
        package var provider: String?
        /// `tasks`, or a unit that vendors bill.
        package var unit: String
        /// Whole units.
        package var most: Int

        /// So much of a unit, at one provider or in all.
        package init(_ most: Int, _ unit: String, at provider: String? = nil) {
            self.most = most
            self.unit = unit
            self.provider = provider
        }

        /// The key in the file: `tasks`, `credits`, `suno/credits`.
        package var key: String { provider.map { "\($0)/\(unit)" } ?? unit }
    }

    /// No limit.
    package init() {}
}
