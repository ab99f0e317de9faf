package import Crypto
package import JSON

/// One provider as the operator set it up: an adapter, and what that adapter needs.
package struct ProviderConfiguration: Sendable, Equatable {
    /// The name that requests, tasks and `routing.preference` use.
    package var id: String
    /// Which of the build's adapters speaks to it; the file's default is the id itself.
    package var adapter: String
    /// Whether new tasks may go there.
    package var isEnabled = true
    /// What stands before the path in the vendor's documentation, without a slash at its end; `nil` means the
    /// adapter's own.
    package var baseURL: String?
    /// The keys to use, in the order of the file.
    package var credentials: [Credential] = []
    /// Model names to take besides those the adapter knows.
    package var models: [String] = []
    /// The pace of asking for a task's state.
    package var polling = Polling()
    /// How long the vendor may take.
    package var timeouts = Timeouts()
    /// What is done when nobody can tell whether the vendor took a job; `nil` means `routing.on_unknown`.
    package var onUnknown: RoutingConfiguration.OnUnknown?
    /// What the vendor signs its callbacks with.
    package var webhookSecret: Secret<String>?
    /// The authorities to trust instead of the system's, in PEM; `nil` for the system's.
    package var ca: String?
    /// Settings that only the adapter understands and checks; always an object.
    package var options = JSONValue.object([:])

    /// A provider with the default settings.
    package init(id: String, adapter: String) {
        self.id = id
        self.adapter = adapter
    }

    /// A vendor's key, by a name that may be shown.
    package struct Credential: Sendable, Equatable {
        /// Unique within its provider; what logs, attempts and `/v1/providers` show.
        package var name: String
        /// What is sent to the vendor.
        package var key: Secret<String>
        /// The most tasks at the vendor at once with this key; `nil` means the adapter's own limit.
        package var maxConcurrent: Int?
        /// The most tasks begun within a time with this key; `nil` without a limit of ours.
        package var rateLimit: Rate?

        /// A credential by its name and key.
        package init(name: String, key: Secret<String>, maxConcurrent: Int? = nil) {
            self.name = name
            self.key = key
            self.maxConcurrent = maxConcurrent
        }
    }

    /// The pace of asking for a task's state; `nil` means the adapter's own.
    package struct Polling: Sendable, Equatable {
        /// From the vendor's acceptance to the first question.
        package var first: Duration?
        /// The longest pause between two questions.
        package var ceiling: Duration?

        /// The defaults.
        package init() {}
    }

    /// How long the vendor may take; `nil` means the adapter's own.
    package struct Timeouts: Sendable, Equatable {
        /// To take a connection.
        package var connect: Duration = .seconds(10)
        /// From there to the end of its answer.
        package var request: Duration?

        /// The defaults.
        package init() {}
    }
}
