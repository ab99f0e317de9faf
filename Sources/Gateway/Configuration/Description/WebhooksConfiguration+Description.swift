extension WebhooksConfiguration {
    /// The keys of `webhooks`.
    static var section: Section<WebhooksConfiguration> {
        Section(
            "Where webhooks may go.",
            WebhooksConfiguration(),
            [
                Field(
                    "allow",
                    \.allow,
                    .list(of: .allowedDestination, unique: (nil, \.description)),
                    "What may be called besides public addresses: 10.0.0.0/8, fd00::1, hooks.internal.example:8443"
                )
            ]
        )
    }
}
