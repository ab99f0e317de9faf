import Crypto
import JSON
import Spelling

extension ProviderConfiguration {
    /// The keys of `providers.<id>`.
    static func section(id: String, adapters: [KnownAdapter]) -> Section<ProviderConfiguration> {
        Section(
            "A provider: one of the build's adapters, and what it needs.",
            ProviderConfiguration(id: id, adapter: id),
            [
                Field(
                    "adapter",
                    \.adapter,
                    .word(of: adapters.map(\.id), what: "an adapter of this build"),
                    "Which adapter speaks to it; the provider's own name when not set",
                    showsDefault: false
                ),
                Field("enabled", \.isEnabled, .bool, "Whether new tasks may go there"),
                Field(
                    "base_url",
                    \.baseURL,
                    .webAddress,
                    "What stands before the path in the vendor's documentation; the vendor's own when not set"
                ),
                Field(
                    "credentials",
                    \.credentials,
                    .list(of: .section(Credential.section), unique: ("name", \.name)),
                    "The keys to use"
                ),
                Field(
                    "models",
                    \.models,
                    .list(of: .text),
                    "Model names to take besides those the adapter knows"
                ),
                Field(
                    "polling",
                    \.polling,
                    .section(Polling.section),
                    "The pace of asking for a task's state"
                ),
                Field(
                    "on_unknown",
                    \.onUnknown,
                    .choice(what: "a way to go on"),
                    "What is done when nobody can tell whether the vendor took a job; routing.on_unknown when not set"
                ),
                Field("timeouts", \.timeouts, .section(Timeouts.section), "How long the vendor may take"),
                Field(
                    "ca",
                    \.ca,
                    .authorityFile,
                    "A PEM file of authorities to trust for this provider instead of the system's; a relative path starts at "
                        + "this file's folder"
                ),
                Field("options", \.options, .freeMap, "Settings that only the adapter understands"),
                Field(
                    "webhook_secret",
                    \.webhookSecret,
                    .secret,
                    "What the vendor signs its callbacks with, best as ${vault:NAME}, ${env:NAME} or ${file:PATH}"
                ),
            ]
        )
    }

    /// What must be right about a provider as a whole.
    static func rule(adapters: [KnownAdapter]) -> (ProviderConfiguration, String, Reader) -> Void {
        { provider, path, reader in
            guard !reader.hasProblem(within: "\(path).adapter") else { return }
            guard let adapter = adapters.first(where: { $0.id == provider.adapter }) else {
                let known = adapters.map(\.id)
                let meant = nearestMatch(to: provider.adapter, among: known).map { "did you mean \"\($0)\"?" }
                reader.report(
                    reader.position(of: path),
                    path,
                    "\"\(provider.adapter)\" is not an adapter of this build",
                    remedy: meant ?? "say which it is with adapter: \(known.joined(separator: " | "))"
                )
                return
            }
            if provider.webhookSecret != nil, !adapter.signsCallbacks {
                let signing = adapters.filter(\.signsCallbacks).map(\.id)
                reader.report(
                    reader.position(of: "\(path).webhook_secret"),
                    "\(path).webhook_secret",
                    "is of no use: the adapter \(adapter.id) gets no signed callbacks",
                    remedy: "remove it; adapters with signed callbacks: \(signing.joined(separator: ", "))"
                )
            }
            let isBare = provider.credentials.isEmpty && !reader.hasProblem(within: "\(path).credentials")
            if isBare, adapter.needsCredential, provider.isEnabled {
                reader.report(
                    reader.position(of: path),
                    path,
                    "has no credentials, and the adapter \(adapter.id) needs one",
                    remedy: "add credentials: [ { name: main, key: \"${env:NAME}\" } ], or enabled: false"
                )
            }
        }
    }
}

extension ProviderConfiguration.Credential {
    /// The keys of an entry of `providers.<id>.credentials`.
    static var section: Section<Self> {
        Section(
            "A vendor's key.",
            Self(name: "", key: Secret("")),
            [
                Field("name", \.name, .name, "A name for the key, which may be shown", required: true),
                Field(
                    "key",
                    \.key,
                    .secret,
                    "The vendor's key, best as ${vault:NAME}, ${env:NAME} or ${file:PATH}",
                    required: true
                ),
                Field(
                    "max_concurrent",
                    \.maxConcurrent,
                    .integer(in: 1...100_000),
                    "The most tasks at the vendor at once with this key; the adapter's own limit when not set"
                ),
                Field(
                    "rate_limit",
                    \.rateLimit,
                    .rate,
                    "The most tasks begun with this key within a time, as 20/10s; no limit of ours when not set"
                ),
            ]
        )
    }
}

extension ProviderConfiguration.Polling {
    /// The keys of `providers.<id>.polling`.
    static var section: Section<Self> {
        let range: ClosedRange<Duration> = .milliseconds(50) ... .seconds(3600)
        return Section(
            "The pace of asking for a task's state; the adapter's own where not set.",
            Self(),
            [
                Field(
                    "first",
                    \.first,
                    .duration(in: range),
                    "From the vendor's acceptance to the first question"
                ),
                Field("ceiling", \.ceiling, .duration(in: range), "The longest pause between two questions"),
            ]
        )
    }
}

extension ProviderConfiguration.Timeouts {
    /// The keys of `providers.<id>.timeouts`.
    static var section: Section<Self> {
        let range: ClosedRange<Duration> = .milliseconds(50) ... .seconds(3600)
        return Section(
            "How long the vendor may take.",
            Self(),
            [
                Field("connect", \.connect, .duration(in: range), "To take a connection"),
                Field(
                    "request",
                    \.request,
                    .duration(in: range),
                    "From there to the end of its answer; the adapter's own when not set"
                ),
            ]
        )
    }
}
