/// Where webhooks may go.
package struct WebhooksConfiguration: Sendable, Equatable {
    /// What may be called besides public addresses; while only this machine can call the gateway, it may be called too.
    package var allow: [AllowedDestination] = []

    /// The defaults.
    package init() {}
}
