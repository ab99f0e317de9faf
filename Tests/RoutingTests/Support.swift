import Crypto
import HTTP
import JSON
import Providers
import Routing
import Sound

/// A translator for operations that are only planned.
struct PaperTranslator: JobTranslating {
    func submit(_ order: Order) -> UpstreamCall {
        var body: JSONObject = ["prompt": .string(order.prompt)]
        body["model"] = order.model.map { .string($0) }
        for field in RequestField.demands where order.isNative(field) {
            body[field.rawValue] = order.request.json[field.rawValue]
        }
        return UpstreamCall(.post, "/jobs", body: .json(body))
    }

    func accepted(_ reply: UpstreamReply) throws(SubmitError) -> RemoteJob { throw .unknown("on paper") }
    func poll(_ job: RemoteJob) -> UpstreamCall { UpstreamCall(.get, "/jobs/\(job.id)") }
    func observation(_ reply: UpstreamReply) throws(PollError) -> Observation {
        throw .transient("on paper", retryAfter: nil)
    }
}

/// A provider with one polled operation of the given means.
func provider(
    _ id: String,
    types: [SoundType] = [.effect, .music],
    promptLimit: Int = 100,
    models: [String] = [],
    extraModels: [String] = [],
    cost: Cost.Amount? = nil,
    _ means: [RequestField: [Capabilities.Means]] = [:]
) -> Provider {
    provider(
        id,
        operations: [
            operation("jobs", types: types, promptLimit: promptLimit, models: models, cost: cost, means)
        ],
        extraModels: extraModels
    )
}

func provider(_ id: String, operations: [Operation], extraModels: [String] = []) -> Provider {
    let adapter = ProviderDescriptor(
        id: id,
        displayName: id,
        kind: .vendor,
        defaultBaseURL: "https://\(id).example",
        authentication: .bearer,
        pace: PollPace(first: .seconds(1), ceiling: .seconds(1)),
        defaultConcurrency: 1,
        operations: operations
    )
    return Provider(
        id: id,
        adapter: adapter,
        baseURL: "https://\(id).example",
        credentials: [.init(name: "main", key: Secret("k"), maxConcurrent: 1)],
        extraModels: extraModels
    )
}

func operation(
    _ name: String,
    types: [SoundType] = [.effect, .music],
    promptLimit: Int = 100,
    models: [String] = [],
    cost: Cost.Amount? = nil,
    _ means: [RequestField: [Capabilities.Means]] = [:]
) -> Operation {
    Operation(
        name: name,
        capabilities: Capabilities(
            types: types,
            promptLimit: promptLimit,
            models: models,
            defaultModel: models.first,
            means: means
        ),
        delivery: .polled(PaperTranslator()),
        estimate: { _ in cost }
    )
}

/// The adapters of this build, as they would be configured.
let everyProvider: [Provider] = catalog.map { descriptor in
    Provider(
        id: descriptor.id,
        adapter: descriptor,
        baseURL: descriptor.defaultBaseURL ?? "",
        credentials: descriptor.needsCredential
            ? [.init(name: "main", key: Secret("k"), maxConcurrent: 1)] : []
    )
}

extension Plan {
    /// The providers in the order of the plan.
    var order: [String] { candidates.map(\.name.provider) }

    func candidate(_ provider: String) -> Candidate? { candidates.first { $0.name.provider == provider } }

    /// Why a provider cannot take the request, as `field code`.
    func refusals(_ provider: String) -> [String]? {
        candidate(provider)?.refusals.map { "\($0.field) \($0.code.rawValue)" }
    }
}

/// A request of a prompt, changed as wanted.
func request(_ prompt: String? = "rain", _ change: (inout SoundRequest) -> Void = { _ in }) -> SoundRequest {
    var request = SoundRequest(prompt: prompt)
    change(&request)
    return request
}
