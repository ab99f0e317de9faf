import Configuration
import Crypto
import Glibc
import JSON
import Providers
import Sound
import Tasks
import Threads

/// Makes our address known to vendors whose webhooks are per account.
enum WebhooksCommand {
    private static let config = Option(
        "--config",
        value: "FILE",
        summary: "the gateway's configuration, with server.public_url and the provider"
    )
    private static let credential = Option(
        "--credential",
        value: "NAME",
        summary: "the provider's key to use, by its name (default: the first)"
    )
    private static let secretFile = Option(
        "--secret-file",
        value: "PATH",
        summary: "put the secret into this new file, not into the vault or on the terminal"
    )

    static let register = Command(
        name: "webhooks register",
        summary: "have a vendor call back whose webhooks are per account, as VideoGen's are",
        details: """
            Registers server.public_url followed by /v1/callbacks/PROVIDER. The vendor shows the secret that signs its
            callbacks once: with a vault file in the configuration it goes there as PROVIDER/webhook, and the line for
            providers.PROVIDER.webhook_secret is printed. A running gateway takes it up by itself.
            Vendors that are called back for each task need nothing but server.public_url.
            """,
        arguments: [Argument(name: "PROVIDER", expects: .words(VendorWords.registering))],
        options: [config, credential, secretFile, .json],
        document: .like([
            "provider": "videogen", "url": "https://sounds.example.com/v1/callbacks/videogen",
            "endpoint": "wh_1", "webhook_secret": "${vault:videogen/webhook}",
        ]),
        run: run
    )

    private static func run(_ invocation: Invocation) async throws -> ExitStatus {
        let path = try invocation.required(config)
        let configuration = try await ConfigurationFile.load(path)
        let order = try WebhookOrder(invocation, credential: credential, configuration)
        // Before the vendor is asked: its secret is shown once, and must have somewhere to go.
        let keeping = try SecretKeeping(
            file: invocation.text(secretFile),
            vault: configuration.vault,
            provider: order.provider.id
        )
        let secret: Secret<String>
        let id: String
        switch try await order.send() {
        case .registered(let registration):
            secret = registration.secret
            id = registration.id
        case .refused(let failure):
            let code = printable(failure.providerCode ?? failure.code.rawValue)
            throw CommandFailure(
                .failure,
                "\(order.provider.id) refuses \(order.url): \(failure.message) (\(code))"
            )
        case .unreachable(let reason):
            throw CommandFailure(
                .unavailable,
                "\(order.provider.id) cannot be reached at \(order.provider.baseURL): \(reason)"
            )
        case .unknown(let reason):
            throw CommandFailure(
                .protocolError,
                """
                the answer of \(order.provider.id) was lost: \(reason)
                \(order.url) may have been registered. Look at the vendor's list of endpoints and remove it there, then \
                register it again: its secret is not shown twice.
                """
            )
        }
        if order.provider.webhookSecret != nil {
            Console.note(
                "providers.\(order.provider.id).webhook_secret is set already: replace it. An endpoint that was registered "
                    + "before stays at the vendor until it is removed there, and its messages will be refused."
            )
        }
        return show(secret, of: id, for: order, in: keeping, besides: path, asJSON: invocation.has(.json))
    }

    private static func show(
        _ secret: Secret<String>,
        of id: String,
        for order: WebhookOrder,
        in keeping: SecretKeeping,
        besides config: String,
        asJSON: Bool
    ) -> ExitStatus {
        let value: String
        var status = ExitStatus.success
        do throws(SecretKeeping.NotKept) {
            value = try keeping.keep(secret, besides: config)
        } catch {
            // Better seen on a terminal than lost for ever.
            Console.complain("\(error.reason); the secret stands below instead")
            value = secret.reveal { $0 }
            status = .cannotCreate
        }
        if asJSON {
            let json: JSONValue = [
                "provider": .string(order.provider.id), "url": .string(order.url), "endpoint": .string(id),
                "webhook_secret": .string(value),
            ]
            Console.output(json.prettyPrinted())
        } else {
            Console.note("\(order.provider.id) calls \(order.url) from now on (\(printable(id))).")
            let isShown = secret.reveal { $0 == value }
            Console.note(
                "For the configuration, under providers.\(order.provider.id)"
                    + (isShown ? "; the secret cannot be shown again:" : ":")
            )
            let isPlain = value.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || "${}:/._-+=".utf8.contains(byte)
            }
            Console.output("webhook_secret: \(isPlain ? value : JSONValue.string(value).description)")
        }
        return status
    }
}
