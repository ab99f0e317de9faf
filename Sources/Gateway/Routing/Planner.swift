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

    /// Looks at every operation of every provider.
    package func plan(_ request: SoundRequest, states: [String: ProviderState] = [:]) -> Plan {
        var candidates: [Candidate] = []
        for provider in providers {
            for operation in provider.adapter.operations {
                var inspection = Inspection(
                    request,
                    provider: provider,
                    operation: operation,
                    publicURL: publicURL
                )
                candidates.append(inspection.candidate(expectedWait: states[provider.id]?.expectedWait))
            }
        }
        return Plan(candidates: ranked(candidates, for: request))
    }

    private func ranked(_ candidates: [Candidate], for request: SoundRequest) -> [Candidate] {
        let eligible = candidates.enumerated().filter(\.element.isEligible).sorted { a, b in
            let (x, y) = (rank(a.element, request), rank(b.element, request))
            return x == y ? a.offset < b.offset : x.lexicographicallyPrecedes(y)
        }.map(\.element)
        let best = eligible.first
        return eligible.enumerated().map { place, candidate in
            var candidate = candidate
            candidate.reason = reason(for: candidate, place: place, best: best, request: request)
            return candidate
        } + candidates.filter { !$0.isEligible }
    }

    /// Smaller is better: the caller's own order, else grade, then the configured preference.
    private func rank(_ candidate: Candidate, _ request: SoundRequest) -> [Int] {
        let grade = Grade.allCases.count - (Grade.allCases.firstIndex(of: candidate.weakestGrade) ?? 0)
        if let asked = request.providers.firstIndex(of: candidate.name.provider) { return [asked, grade] }
        return [grade, preference.firstIndex(of: candidate.name.provider) ?? preference.count]
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
