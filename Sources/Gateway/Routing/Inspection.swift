import JSON
import Providers
import Sound
import Spelling

/// The look at one operation for one request: how each demand would be met, and what stands against it.
struct Inspection {
    private let request: SoundRequest
    private let provider: Provider
    private let operation: Operation
    private let accept: Grade
    private let permit: Permit
    private var refusals: [Refusal] = []
    private var fulfilment: [RequestField: Grade] = [:]
    private var takesPerCall: Int?
    /// The address of callbacks before the provider's name; `nil` without one.
    private let publicURL: String?

    private var name: RouteName { RouteName(provider: provider.id, operation: operation.name) }
    private var capabilities: Capabilities { operation.capabilities }

    init(
        _ request: SoundRequest,
        provider: Provider,
        operation: Operation,
        permit: Permit,
        publicURL: String?
    ) {
        self.request = request
        self.provider = provider
        self.operation = operation
        self.permit = permit
        self.publicURL = publicURL
        accept = request.accept ?? SoundRequest.defaultAccept
    }

    mutating func candidate(expectedWait: Duration?) -> Candidate {
        checkPermit()
        checkProvider()
        checkType()
        for field in request.demands { meet(field) }
        let model = chooseModel()
        let prompt = foldedPrompt
        checkLength(of: prompt)
        var route = Route(
            name: name,
            model: model,
            prompt: prompt,
            fulfilment: fulfilment,
            estimatedCost: nil,
            takesPerCall: takesPerCall
        )
        let shares = route.shares(of: request.variations)
        let cost = operation.estimate(request).map { Cost.Amount($0.amount * Double(shares.count), $0.unit) }
        checkCost(cost)
        route.estimatedCost = cost
        let order = Order(
            request,
            route: route,
            takes: shares.first ?? nil,
            callbackURL: provider.callbackURL(under: publicURL, token: "{token}")
        )
        for problem in operation.problems(in: order.options) {
            refuse("provider_options.\(provider.id).\(problem.field)", .invalidOption, problem.message)
        }
        return Candidate(
            name: name,
            refusals: refusals,
            fulfilment: fulfilment,
            model: model,
            prompt: prompt,
            estimatedCost: cost,
            takesPerCall: takesPerCall,
            expectedWait: expectedWait,
            call: refusals.isEmpty ? operation.call(for: order) : nil,
            baseURL: provider.baseURL,
            reason: refusals.isEmpty ? "" : "cannot take the request: see the refusals"
        )
    }

    private mutating func refuse(_ field: String, _ code: Refusal.Code, _ message: String) {
        refusals.append(Refusal(field: field, code: code, message: message))
    }

    private mutating func checkPermit() {
        if !permit.allows(provider: provider.id) {
            refuse(RequestField.provider.rawValue, .notAllowed, "this client may not use \(provider.id)")
        }
        if !permit.allows(request.type) {
            refuse(
                RequestField.type.rawValue,
                .notAllowed,
                "this client may not ask for \(request.type.plural)"
            )
        }
    }

    private mutating func checkProvider() {
        guard !request.providers.isEmpty, !request.providers.contains(provider.id) else { return }
        refuse(
            RequestField.provider.rawValue,
            .notAsked,
            "the request names \(request.providers.joined(separator: ", ")) only"
        )
    }

    private mutating func checkType() {
        guard !capabilities.types.contains(request.type) else { return }
        refuse(RequestField.type.rawValue, .notSupported, "\(name) does not make \(request.type.rawValue)")
    }

    /// Takes the best way whose limit admits the value, and refuses when the caller does not accept it.
    private mutating func meet(_ field: RequestField) {
        let ways = capabilities.means[field] ?? []
        guard !ways.isEmpty else {
            return refuse(field.rawValue, .notSupported, "\(name) has no way to meet \(field.rawValue)")
        }
        let way = ways.filter { $0.limit.admits(field, of: request) }.max { $0.grade < $1.grade }
        guard let way else {
            let words = ways.map(\.limit.words).joined(separator: ", or ")
            return refuse(field.rawValue, .outOfRange, "\(name) takes \(field.rawValue) only as: \(words)")
        }
        guard way.grade >= accept else {
            let message =
                "\(name) can meet \(field.rawValue) only as \(way.grade.rawValue); "
                + "send \"accept\": \"\(way.grade.rawValue)\" to allow that"
            return refuse(field.rawValue, .weakerThanAccepted, message)
        }
        fulfilment[field] = way.grade
        if case .emulated(.fanOut, _) = way { takesPerCall = capabilities.usualVariations.upperBound }
    }

    private mutating func chooseModel() -> String? {
        guard let wanted = request.model else { return capabilities.defaultModel }
        let models = provider.models(of: operation)
        if models.contains(wanted) { return wanted }
        let choice =
            models.isEmpty
            ? "it has no choice of models"
            : "it has \(models.joined(separator: ", "))\(hint(for: wanted, among: models))"
        refuse(
            RequestField.model.rawValue,
            .unknownModel,
            "\(name) does not have the model \"\(wanted)\"; \(choice)"
        )
        return nil
    }

    /// The prompt with a phrase for each demand that is met in words.
    private var foldedPrompt: String {
        let phrases = request.demands.filter { fulfilment[$0] == .hint }.compactMap {
            request.phrase(for: $0)
        }
        return ([request.prompt].compactMap { $0 } + phrases).joined(separator: ", ")
    }

    private mutating func checkLength(of prompt: String) {
        let length = prompt.unicodeScalars.count
        guard length > capabilities.promptLimit else { return }
        let folded = length > (request.prompt?.unicodeScalars.count ?? 0) ? " with its hints" : ""
        refuse(
            RequestField.prompt.rawValue,
            .promptTooLong,
            "the prompt\(folded) has \(length) characters; \(name) takes at most \(capabilities.promptLimit)"
        )
    }

    private mutating func checkCost(_ cost: Cost.Amount?) {
        guard let most = request.maxCost else { return }
        let field = RequestField.maxCost.rawValue
        guard let cost else {
            return refuse(field, .tooExpensive, "what \(name) costs cannot be told beforehand")
        }
        if cost.amount == 0 { return }
        guard cost.unit == most.unit else {
            return refuse(field, .tooExpensive, "\(name) bills \(cost.unit), max_cost is in \(most.unit)")
        }
        if cost.amount > most.amount {
            let message =
                "\(name) costs about \(plain(cost.amount)) \(cost.unit), max_cost is \(plain(most.amount))"
            refuse(field, .tooExpensive, message)
        }
    }
}
