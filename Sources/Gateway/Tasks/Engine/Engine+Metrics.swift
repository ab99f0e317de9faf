import EventLoop
import Sound
package import Telemetry
import Timing

/// What is looked up of the engine when somebody asks for metrics.
extension Engine {
    /// How things stand, in numbers.
    private struct Survey: Sendable {
        var queueDepth: [[String]: Double] = [:]
        var places: [[String]: Double] = [:]
        var placesUsed: [[String]: Double] = [:]
        var keys: [[String]: Double] = [:]
        var breakers: [[String]: Double] = [:]
        var retryBudgets: [[String]: Double] = [:]
        var unstored = 0.0
    }

    /// Has the state of tasks, lines, keys and breakers looked up whenever somebody asks.
    package nonisolated func report(to registry: MetricRegistry) {
        let tasks = registry.gauge(
            "soundgate_tasks",
            "Tasks that have not ended, by status.",
            labels: ["status"]
        )
        let queueDepth = registry.gauge(
            "soundgate_queue_depth",
            "Calls that wait for a place at a provider.",
            labels: ["provider"]
        )
        let places = registry.gauge(
            "soundgate_provider_places",
            "Jobs that a provider's keys allow at once.",
            labels: ["provider"]
        )
        let placesUsed = registry.gauge(
            "soundgate_provider_places_used",
            "Jobs under way at a provider.",
            labels: ["provider"]
        )
        let keys = registry.gauge(
            "soundgate_provider_keys",
            "A provider's keys, by the state in which its vendor's answers have put them.",
            labels: ["provider", "state"]
        )
        let breakers = registry.gauge(
            "soundgate_breaker_state",
            "One for the state in which an operation's breaker is, zero for the others.",
            labels: ["provider", "operation", "state"]
        )
        let budgets = registry.gauge(
            "soundgate_retry_budget",
            "Second tries that a provider is good for just now.",
            labels: ["provider"]
        )
        let unstored = registry.gauge(
            "soundgate_unstored_changes",
            "Changes of tasks that the ledger has refused so far and that wait for it."
        )
        registry.collect { [self] in
            let counts = board.unfinishedByStatus
            tasks.replace([
                ["queued"]: Double(counts[.queued] ?? 0), ["running"]: Double(counts[.running] ?? 0),
            ])
            let survey = await survey()
            queueDepth.replace(survey.queueDepth)
            places.replace(survey.places)
            placesUsed.replace(survey.placesUsed)
            keys.replace(survey.keys)
            breakers.replace(survey.breakers)
            budgets.replace(survey.retryBudgets)
            unstored[].set(survey.unstored)
        }
    }

    private func survey() -> Survey {
        let now = parts.time.instant
        var survey = Survey()
        for (name, queue) in slots {
            survey.queueDepth[[name]] = Double(queue.depth)
            survey.places[[name]] = Double(queue.capacity)
            survey.placesUsed[[name]] = Double(queue.used)
            for word in KeyState.words { survey.keys[[name, word]] = 0 }
            for key in queue.keys.values { survey.keys[[name, key.state.word], default: 0] += 1 }
        }
        for (route, breaker) in breakers {
            let state = breaker.state(at: now)
            for other in Breaker.State.allCases {
                survey.breakers[[route.provider, route.operation, other.rawValue]] = other == state ? 1 : 0
            }
        }
        for (name, budget) in budgets { survey.retryBudgets[[name]] = budget.left(at: now) }
        survey.unstored = Double(unstored.count)
        return survey
    }
}
