package import Providers
package import Sound

/// Where a request could go, in the order in which it would be tried, and why it could not go elsewhere.
package struct Plan: Sendable {
    /// Eligible candidates first, best first; then the others in the order of the configuration.
    package let candidates: [Candidate]

    /// The candidates that can take the request, best first.
    package var eligible: [Candidate] { candidates.filter(\.isEligible) }

    /// Where the request goes.
    package var chosen: Candidate? { candidates.first.flatMap { $0.isEligible ? $0 : nil } }
}

/// One operation, looked at for one request.
package struct Candidate: Sendable {
    package let name: RouteName
    /// Why it cannot take the request; empty when it can.
    package let refusals: [Refusal]
    /// How it would meet each demand; demands that it cannot meet are missing.
    package let fulfilment: [RequestField: Grade]
    package let model: String?
    package let prompt: String
    package let estimatedCost: Cost.Amount?
    /// As in `Route.takesPerCall`.
    package let takesPerCall: Int?
    package let expectedWait: Duration?
    /// What would be sent first; `nil` when the provider needs no call or cannot take the request.
    package let call: UpstreamCall?
    /// The address that the call's path stands behind.
    package let baseURL: String
    /// Why it stands where it stands, for a person.
    package internal(set) var reason: String

    package var isEligible: Bool { refusals.isEmpty }

    /// The weakest way in which a demand is met.
    package var weakestGrade: Grade { fulfilment.values.min() ?? .native }

    /// What the task keeps of it.
    package var route: Route {
        Route(
            name: name,
            model: model,
            prompt: prompt,
            fulfilment: fulfilment,
            estimatedCost: estimatedCost,
            takesPerCall: takesPerCall
        )
    }
}

/// Why a candidate cannot take a request.
package struct Refusal: Sendable, Equatable {
    /// Stable, part of the API.
    package enum Code: String, Sendable {
        /// The caller named other providers.
        case notAsked = "not_asked"
        /// The operator does not let the caller have it.
        case notAllowed = "not_allowed"
        case notSupported = "not_supported"
        case outOfRange = "out_of_range"
        case weakerThanAccepted = "weaker_than_accepted"
        case unknownModel = "unknown_model"
        case promptTooLong = "prompt_too_long"
        case tooExpensive = "too_expensive"
        case invalidOption = "invalid_option"
    }

    package let field: String
    package let code: Code
    package let message: String
}

/// What the caller may have; by default everything.
package struct Permit: Sendable, Equatable {
    /// The providers that it may use; `nil` for all.
    package var providers: Set<String>?
    /// What it may ask for; `nil` for everything.
    package var types: Set<SoundType>?

    /// A permit for everything, unless it says otherwise.
    package init(providers: Set<String>? = nil, types: Set<SoundType>? = nil) {
        self.providers = providers
        self.types = types
    }

    /// Whether a provider may be used.
    package func allows(provider: String) -> Bool { providers?.contains(provider) ?? true }

    /// Whether a kind of sound may be asked for.
    package func allows(_ type: SoundType) -> Bool { types?.contains(type) ?? true }
}

/// What routing has to know of a provider at this moment.
package struct ProviderState: Sendable, Equatable {
    /// How long a new task would wait for its turn.
    package var expectedWait: Duration?
    /// Why operations, by name, had better not be called just now: words to stand after "it is asked later:".
    package var troubles: [String: String]

    /// A state; by default nothing is known.
    package init(expectedWait: Duration? = nil, troubles: [String: String] = [:]) {
        self.expectedWait = expectedWait
        self.troubles = troubles
    }
}
