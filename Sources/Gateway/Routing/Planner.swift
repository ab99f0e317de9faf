package import Providers
package import Sound

/// Chooses among the configured providers.
///
/// Pure: the plan that is shown and the plan that is run are this one.
package struct Planner: Sendable {
    private let providers: [Provider]
    private let preference: [String]
    private let publicURL: String?

    /// A planner over the enabled providers, in configured order; `preference` names the ones to prefer, `publicURL` is
    /// where vendors can reach us.
    package init(providers: [Provider], preference: [String], publicURL: String? = nil) {
        self.providers = providers
        self.preference = preference
        self.publicURL = publicURL
    }

    /// Looks at every operation of every provider, for a caller with this permit.
    package func plan(
        _ request: SoundRequest,
        states: [String: ProviderState] = [:],
        permit: Permit = Permit()
    ) -> Plan {
        var candidates: [Candidate] = []
        for provider in providers {
            for operation in provider.adapter.operations {
                var inspection = Inspection(
                    request,
                    provider: provider,
                    operation: operation,
                    permit: permit,
                    publicURL: publicURL
                )
                candidates.append(inspection.candidate(expectedWait: states[provider.id]?.expectedWait))
            }
        }
        return Plan(candidates: ranked(candidates, for: request, states))
    }

    private func ranked(
        _ candidates: [Candidate],
        for request: SoundRequest,
        _ states: [String: ProviderState]
    ) -> [Candidate] {
        func trouble(_ candidate: Candidate) -> String? {
            states[candidate.name.provider]?.troubles[candidate.name.operation]
        }
        let eligible = candidates.enumerated().filter(\.element.isEligible).sorted { a, b in
            let x = rank(a.element, request, isTroubled: trouble(a.element) != nil)
            let y = rank(b.element, request, isTroubled: trouble(b.element) != nil)
            return x == y ? a.offset < b.offset : x.lexicographicallyPrecedes(y)
        }.map(\.element)
        let best = eligible.first
        return eligible.enumerated().map { place, candidate in
            var candidate = candidate
            candidate.reason = reason(for: candidate, place: place, best: best, request: request)
            guard let trouble = trouble(candidate) else { return candidate }
            let isOutdone =
                place > 0 && request.providers.isEmpty && candidate.weakestGrade == best?.weakestGrade
            candidate.reason = (isOutdone ? "as able as others" : candidate.reason) + ", but \(trouble)"
            return candidate
        } + candidates.filter { !$0.isEligible }
    }

    /// Smaller is better: the caller's own order, else grade, then whether it can be called just now, then the
    /// configured preference.
    private func rank(_ candidate: Candidate, _ request: SoundRequest, isTroubled: Bool) -> [Int] {
        let grade = Grade.allCases.count - (Grade.allCases.firstIndex(of: candidate.weakestGrade) ?? 0)
        if let asked = request.providers.firstIndex(of: candidate.name.provider) { return [asked, grade] }
        let trouble = isTroubled ? 1 : 0
        return [grade, trouble, preference.firstIndex(of: candidate.name.provider) ?? preference.count]
    }

    private func reason(for candidate: Candidate, place: Int, best: Candidate?, request: SoundRequest)
        -> String
    {
        guard place > 0, let best else {
            if !request.providers.isEmpty { return "first of the providers that the request names" }
            let grade = "every demand is met at grade \(candidate.weakestGrade.rawValue) or better"
            return candidate.fulfilment.isEmpty ? "nothing asked for that it lacks" : grade
        }
        if !request.providers.isEmpty { return "after \(best.name) in the request's own order" }
        if candidate.weakestGrade < best.weakestGrade {
            return "meets a demand only at grade \(candidate.weakestGrade.rawValue), \(best.name) does better"
        }
        return "as able as \(best.name), but after it in the order of preference"
    }
}
