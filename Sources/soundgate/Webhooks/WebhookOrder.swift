import Configuration
import EventLoop
import HTTPClient
import Providers
import Spelling
import Tasks

/// What is asked of which vendor, checked against the configuration.
struct WebhookOrder {
    let provider: Provider
    let url: String
    private let credential: String?
    private let registering: any WebhookRegistering

    init(_ invocation: Invocation, credential option: Option, _ configuration: GatewayConfiguration) throws {
        let (name, command) = (invocation.arguments[0], invocation.command)
        let providers = configuration.configuredProviders
        guard let provider = providers.first(where: { $0.id == name }) else {
            let meant = nearestMatch(to: name, among: providers.map(\.id))
            let hint = meant.map { "; did you mean \"\($0)\"?" } ?? ""
            throw UsageError("the configuration has no provider \"\(name)\"\(hint)", command: command)
        }
        guard case .perAccount(_, let registering) = provider.adapter.callbacks else {
            let way =
                provider.adapter.callbacks.reader == nil
                ? "its vendor does not call back" : "its vendor is told where to call with each task"
            throw UsageError("there is nothing to register for \(name): \(way)", command: command)
        }
        guard let publicURL = configuration.server.publicURL else {
            throw CommandFailure(
                .configuration,
                "server.public_url is not set: it says where vendors can reach this gateway"
            )
        }
        let names = provider.credentials.map(\.name)
        let wanted = invocation.text(option)
        guard let key = wanted ?? names.first else {
            throw CommandFailure(.configuration, "providers.\(name) has no credentials")
        }
        guard names.contains(key) else {
            throw UsageError(
                "\(name) has no credential \"\(key)\", but \(names.joined(separator: ", "))",
                command: command
            )
        }
        self.provider = provider
        self.registering = registering
        credential = key
        url = provider.accountCallbackURL(under: publicURL)
    }

    /// Asks the vendor, on a loop of its own.
    func send() async throws -> WebhookEnrolment {
        let loop = try EventLoop(name: "client")
        try loop.start()
        var configuration = HTTPClient.Configuration()
        configuration.userAgent = "soundgate-cli/\(version)"
        let client = HTTPClient(loops: [loop], configuration)
        let outcome = await WebhookEnrolment.ask(
            provider,
            credential: credential,
            toCall: url,
            by: registering,
            over: client
        )
        await client.shutdown()
        loop.stop()
        loop.join()
        return outcome
    }
}
