/// Everything an operator may set, read from one file and checked as a whole.
///
/// An immutable snapshot: a request keeps the one it started with. What the file leaves out has the default
/// written beside each property; that is also what runs with no file at all.
package struct GatewayConfiguration: Sendable, Equatable {
    /// Where and how the gateway listens.
    package var server = ServerConfiguration()
    /// Where state is kept.
    package var storage = StorageConfiguration()
    /// How result audio is fetched and kept.
    package var assets = AssetsConfiguration()
    /// Where vendors' keys are kept sealed; `nil` without a vault.
    package var vault: VaultConfiguration?
    /// Who may call.
    package var clients = ClientAccess.loopbackOnly
    /// The providers in the order of the file, then those that are on by default; disabled ones included.
    package var providers: [ProviderConfiguration] = []
    /// How one of several providers is chosen.
    package var routing = RoutingConfiguration()
    /// Where webhooks may go.
    package var webhooks = WebhooksConfiguration()
    /// Where it is recorded who did what; `nil` for nowhere.
    package var audit: AuditConfiguration?
    /// What is logged, and how.
    package var log = LogConfiguration()
    /// Where traces go; `nil` for nowhere.
    package var tracing: TracingConfiguration?

    /// The built-in defaults: only the adapters that are enabled by default, on loopback, without client keys.
    package init(adapters: [KnownAdapter] = []) {
        providers = adapters.filter(\.isEnabledByDefault).map {
            ProviderConfiguration(id: $0.id, adapter: $0.id)
        }
    }
}
