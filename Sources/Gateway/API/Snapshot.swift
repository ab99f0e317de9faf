package import Configuration
package import Providers
import Routing
import Tasks

/// What the routes go by and an operator may change: made of one configuration, and swapped whole.
///
/// A request keeps the one that it began with. What must outlive a change, such as counters by a client's name, is no
/// part of it.
final class Snapshot: Sendable {
    let configuration: GatewayConfiguration
    /// All that are configured, the disabled ones included.
    let providers: [Provider]
    let planner: Planner
    let clients: ClientDirectory
    let proxies: TrustedProxies
    let providerNames: [String]

    init(_ configuration: GatewayConfiguration, providers: [Provider], clients: ClientDirectory) {
        self.configuration = configuration
        self.providers = providers
        let enabled = providers.filter(\.isEnabled)
        planner = Planner(
            providers: enabled,
            preference: configuration.routing.preference,
            publicURL: configuration.server.publicURL
        )
        self.clients = clients
        proxies = TrustedProxies(configuration.server.trustedProxies)
        providerNames = enabled.map(\.id)
    }
}

extension Gateway {
    /// The snapshot that the request at hand began with; outside of requests, the present one.
    var snapshot: Snapshot { Exchange.current?.snapshot ?? present }

    /// Goes by another configuration from the next request on.
    package func adopt(_ configuration: GatewayConfiguration, providers: [Provider]) {
        let clients = ClientDirectory(configuration.clients, standings: standings, guesses: guesses)
        parts.holdClients(to: configuration)
        hold(Snapshot(configuration, providers: providers, clients: clients))
    }

    var configuration: GatewayConfiguration { snapshot.configuration }
    var planner: Planner { snapshot.planner }
    var clients: ClientDirectory { snapshot.clients }
    var providerNames: [String] { snapshot.providerNames }
}

extension Gateway.Parts {
    /// Tells the ledger's side what clients may have.
    ///
    /// Alone, a gateway knows every unfinished task by itself.
    func holdClients(to configuration: GatewayConfiguration) {
        let clients = configuration.clients
        engine.quotas.set(clients.quotas, unfinished: keyLimits == nil ? [:] : clients.mostUnfinished)
    }
}
