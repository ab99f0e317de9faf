import JSON

extension ServerConfiguration {
    /// The keys of `server`.
    static var section: Section<ServerConfiguration> {
        Section(
            "Where the gateway listens, and what it puts up with.",
            ServerConfiguration(),
            [
                Field(
                    "listen",
                    \.listen,
                    .oneOrMore(of: .listenAddress),
                    "Where to listen: ADDRESS:PORT, [IPV6]:PORT or unix:/path, or a list of them",
                    needsRestart: true
                ),
                Field(
                    "public_url",
                    \.publicURL,
                    .webAddress,
                    "What vendors call back and clients fetch audio from"
                ),
                Field(
                    "trusted_proxies",
                    \.trustedProxies,
                    .list(of: .addressBlock, unique: (nil, \.description)),
                    "Proxies whose X-Forwarded-For is believed: 10.0.0.0/8, fd00::1; a Unix socket is 127.0.0.1"
                ),
                Field(
                    "threads",
                    \.threads,
                    .integer(in: 1...64),
                    "The number of event loops; one per core when not set",
                    needsRestart: true
                ),
                Field("tls", \.tls, .inspectedTLS, "Certificate and key for HTTPS", needsRestart: true),
                Field("limits", \.limits, .section(Limits.section), "Sizes that a request may not exceed"),
                Field(
                    "timeouts",
                    \.timeouts,
                    .section(Timeouts.section),
                    "How long a peer may take",
                    needsRestart: true
                ),
                Field(
                    "drain",
                    \.drain,
                    .duration(in: .zero ... .seconds(3600)),
                    "How long a stopping gateway waits for requests to finish"
                ),
                Field(
                    "metrics",
                    \.metrics,
                    .choice(what: "a way to show metrics"),
                    "Who may read /metrics: anybody while it listens on loopback only, anybody (open), or admins"
                ),
            ]
        )
    }
}

extension ServerConfiguration.Limits {
    /// The keys of `server.limits`.
    static var section: Section<Self> {
        Section(
            "Sizes that a request may not exceed.",
            Self(),
            [
                Field(
                    "request_target",
                    \.requestTarget,
                    .size(in: 256...1 << 20),
                    "The request target",
                    needsRestart: true
                ),
                Field(
                    "header",
                    \.header,
                    .size(in: 1024...1 << 20),
                    "The whole header section",
                    needsRestart: true
                ),
                Field("body", \.body, .size(in: 1024...1 << 30), "The body", needsRestart: true),
                Field(
                    "connections",
                    \.connections,
                    .integer(in: 1...1_000_000),
                    "Connections open at once; one more gets 503",
                    needsRestart: true
                ),
                Field(
                    "connections_per_address",
                    \.connectionsPerAddress,
                    .integer(in: 1...1_000_000),
                    "Connections open at once from one address or IPv6 /64, loopback not counted; one more gets 429",
                    needsRestart: true
                ),
                Field(
                    "memory",
                    \.memory,
                    .size(in: 4 << 20...1 << 40),
                    "What the buffers of all connections hold together; beyond it the largest are closed",
                    needsRestart: true
                ),
                Field(
                    "waits_per_client",
                    \.waitsPerClient,
                    .integer(in: 1...1_000_000),
                    "Event streams and Prefer: wait at once, of a client or, without keys, of an address"
                ),
                Field(
                    "tasks",
                    \.tasks,
                    .integer(in: 1...10_000_000),
                    "Tasks that have not ended; beyond it new ones get 429"
                ),
                Field(
                    "tasks_per_client",
                    \.tasksPerClient,
                    .integer(in: 1...10_000_000),
                    "Tasks of one client that have not ended; beyond it its new ones get 429"
                ),
            ]
        )
    }
}

extension ServerConfiguration.Timeouts {
    /// The keys of `server.timeouts`.
    static var section: Section<Self> {
        let range: ClosedRange<Duration> = .milliseconds(100) ... .seconds(3600)
        return Section(
            "How long a peer may take.",
            Self(),
            [
                Field(
                    "header",
                    \.header,
                    .duration(in: range),
                    "From a request's first byte to the end of its header"
                ),
                Field(
                    "body",
                    \.body,
                    .duration(in: range),
                    "For the next 16 KiB of a body, or its end"
                ),
                Field("idle", \.idle, .duration(in: range), "Between two requests on a connection"),
                Field(
                    "write",
                    \.write,
                    .duration(in: range),
                    "For a peer to receive the next 16 KiB of an answer, or its end"
                ),
            ]
        )
    }
}

extension Shape<ListenAddress> {
    /// A place to listen at.
    static var listenAddress: Shape {
        .parsed(
            schema: [
                "type": "string",
                "pattern": "^(unix:.+|(\\[[0-9a-fA-F:.]+\\]|[0-9.]+|localhost):[0-9]{1,5})$",
            ],
            rendered: { .string($0.description) },
            { text throws(Malformed) in try ListenAddress(parsing: text) }
        )
    }
}
