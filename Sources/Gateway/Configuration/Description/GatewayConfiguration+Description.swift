package import JSON

extension GatewayConfiguration {
    /// The whole file.
    static func section(adapters: [KnownAdapter]) -> Section<GatewayConfiguration> {
        Section(
            "The configuration of soundgate.",
            GatewayConfiguration(),
            [
                Field(
                    "server",
                    \.server,
                    .section(ServerConfiguration.section),
                    "Where and how the gateway listens"
                ),
                Field(
                    "storage",
                    \.storage,
                    .section(StorageConfiguration.section),
                    "Where state is kept",
                    needsRestart: true
                ),
                Field(
                    "assets",
                    \.assets,
                    .section(AssetsConfiguration.section),
                    "How result audio is fetched and kept"
                ),
                Field(
                    "vault",
                    \.vault,
                    .openedVault,
                    "The sealed vault that ${vault:NAME} reads",
                    readFirst: true
                ),
                Field(
                    "clients",
                    \.clients,
                    .clientAccess,
                    "Who may call: a list of clients, or open for anybody; needed to listen beyond loopback"
                ),
                Field(
                    "providers",
                    \.providers,
                    .named(
                        \.id,
                        { ProviderConfiguration.section(id: $0, adapters: adapters) },
                        rule: ProviderConfiguration.rule(adapters: adapters)
                    ),
                    "The providers by their ids",
                    showsDefault: false
                ),
                Field(
                    "routing",
                    \.routing,
                    .section(RoutingConfiguration.section),
                    "How a provider is chosen"
                ),
                Field(
                    "webhooks",
                    \.webhooks,
                    .section(WebhooksConfiguration.section),
                    "Where webhooks may go"
                ),
                Field(
                    "audit",
                    \.audit,
                    .section(AuditConfiguration.section),
                    "Where it is recorded who did what; nowhere without this section",
                    needsRestart: true
                ),
                Field("log", \.log, .section(LogConfiguration.section), "What is logged, and how"),
                Field(
                    "tracing",
                    \.tracing,
                    .section(TracingConfiguration.section),
                    "Which traces are recorded and where they go; nowhere without this section"
                ),
            ]
        )
    }

    /// The JSON Schema (draft 2020-12) of the file, for editors; from the description that also reads it.
    package static func schema(adapters: [KnownAdapter]) -> JSONValue {
        var schema: JSONObject = [
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "soundgate configuration",
        ]
        for member in section(adapters: adapters).schema.object ?? [:] {
            schema.append(member.key, member.value)
        }
        schema["$defs"] = [
            "reference": ReferenceSchema.definition, "secret_reference": ReferenceSchema.secretDefinition,
        ]
        return .object(schema)
    }
}
