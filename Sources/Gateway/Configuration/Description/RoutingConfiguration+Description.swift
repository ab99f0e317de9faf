extension RoutingConfiguration {
    /// The keys of `routing`.
    static var section: Section<RoutingConfiguration> {
        Section(
            "How one of several providers is chosen.",
            RoutingConfiguration(),
            [
                Field(
                    "policy",
                    \.policy,
                    .choice(what: "a policy", later: ["cheapest", "fastest", "balanced"]),
                    "What orders candidates that are equally good"
                ),
                Field(
                    "preference",
                    \.preference,
                    .list(of: .name, unique: (nil, { $0 })),
                    "Provider ids, the dearest first; those not named come after"
                ),
                Field(
                    "max_attempts",
                    \.maxAttempts,
                    .integer(in: 1...10),
                    "A task's attempts over all providers, the first included"
                ),
                Field(
                    "deadline",
                    \.deadline,
                    .duration(in: .seconds(1) ... .seconds(86_400)),
                    "How long a task may take when its request does not say"
                ),
                Field(
                    "on_unknown",
                    \.onUnknown,
                    .choice(what: "a way to go on"),
                    "What is done when nobody can tell whether a vendor took a job; resubmit may pay twice"
                ),
            ]
        )
    }
}
