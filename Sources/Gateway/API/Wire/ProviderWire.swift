import JSON
import Providers
import Sound
import Tasks
import Timing

/// A provider as callers see it: operations, capabilities with their limits, and the names of its keys.
enum ProviderWire {
    /// `isConfigured` is whether the configuration still has it; what it took before it was removed goes on.
    static func json(
        _ provider: Provider,
        isConfigured: Bool = true,
        load: Engine.Load?,
        balances: [String: BalanceBook.Entry]
    ) -> JSONObject {
        let names = isConfigured ? provider.credentials.map(\.name) : []
        let busy = load?.keys.filter { $0.value.used > 0 }.map(\.key) ?? []
        let removed = Set(busy).union(load?.tasks.map(\.key) ?? []).subtracting(names).sorted()
        return [
            "name": .string(provider.id),
            "adapter": .string(provider.adapter.id),
            "display_name": .string(provider.adapter.displayName),
            "kind": .string(provider.adapter.kind.rawValue),
            "enabled": .bool(isConfigured && provider.isEnabled),
            "base_url": provider.baseURL.isEmpty ? .null : .string(provider.baseURL),
            "running": JSONValue(load?.running ?? 0),
            "waiting": JSONValue(load?.waiting ?? 0),
            "expected_wait": JSONValue(orNull: load?.expectedWait.map(seconds)),
            "credentials": .array(
                (isConfigured ? provider.credentials : [])
                    .map { credential($0, load: load, balance: balances[$0.name]) }
                    + removed.map { removedCredential($0, load: load) }
            ),
            "callbacks": callbacks(provider, load?.callbacks),
            "recent": recent(load?.recents.values.reduce(into: Recent.Summary()) { $0 += $1 }),
            "operations": .array(provider.adapter.operations.map { operation($0, of: provider, load: load) }),
        ]
    }

    private static func credential(
        _ credential: Provider.Credential,
        load: Engine.Load?,
        balance: BalanceBook.Entry?
    ) -> JSONValue {
        let key = load?.keys[credential.name]
        let now = load?.instant ?? 0
        let wait = key?.state.until.map { $0 > now ? Double($0 - now) / 1e9 : 0 }
        return [
            "running": JSONValue(key?.used ?? 0),
            "tasks": JSONValue(load?.tasks[credential.name] ?? 0),
            "tasks_on_old_key": JSONValue(load?.tasksOnOldKeys[credential.name] ?? 0),
            "state": .string(key?.state.word ?? "usable"),
            "usable_in": JSONValue(orNull: wait),
            "name": .string(credential.name), "max_concurrent": JSONValue(credential.maxConcurrent),
            "balance": balance.map { entry in
                [
                    "amount": .number(entry.balance.amount), "unit": .string(entry.balance.unit),
                    "as_of": .string(stamp(entry.moment)),
                ]
            } ?? .null,
        ]
    }

    /// A key that the configuration has no more, and that tasks are still asked for with.
    private static func removedCredential(_ name: String, load: Engine.Load?) -> JSONValue {
        [
            "running": JSONValue(load?.keys[name]?.used ?? 0), "tasks": JSONValue(load?.tasks[name] ?? 0),
            "tasks_on_old_key": JSONValue(load?.tasks[name] ?? 0), "state": "removed", "usable_in": .null,
            "name": .string(name), "max_concurrent": 0,
            "balance": .null,
        ]
    }

    private static func callbacks(_ provider: Provider, _ counts: CallbackCounts?) -> JSONValue {
        guard let reader = provider.adapter.callbacks.reader else { return .null }
        return [
            "signed": .bool(reader.isSigned && provider.webhookSecret != nil),
            "used": JSONValue(counts?.used ?? 0), "ignored": JSONValue(counts?.ignored ?? 0),
            "forged": JSONValue(counts?.forged ?? 0),
        ]
    }

    private static func recent(_ summary: Recent.Summary?) -> JSONValue {
        let summary = summary ?? Recent.Summary()
        return [
            "window": .number(seconds(Recent.window)),
            "attempts": JSONValue(summary.attempts), "succeeded": JSONValue(summary.succeeded),
            "failed": JSONValue(summary.failed),
            "success_rate": JSONValue(orNull: summary.successRate.map { ($0 * 10_000).rounded() / 10_000 }),
            "submit_seconds": quantiles(summary.submit),
            "turnaround_seconds": quantiles(summary.turnaround),
        ]
    }

    private static func quantiles(_ quantile: (Double) -> Duration?) -> JSONValue {
        guard let half = quantile(0.5), let most = quantile(0.95) else { return .null }
        return ["p50": .number(seconds(half)), "p95": .number(seconds(most))]
    }

    private static func operation(_ operation: Operation, of provider: Provider, load: Engine.Load?)
        -> JSONValue
    {
        let capabilities = operation.capabilities
        var fields: JSONObject = [:]
        for field in RequestField.demands {
            guard let ways = capabilities.means[field] else { continue }
            fields[field.rawValue] = .array(ways.map(means))
        }
        return [
            "name": .string(operation.name),
            "types": .array(capabilities.types.map { .string($0.rawValue) }),
            "prompt_limit": JSONValue(capabilities.promptLimit),
            "models": .array(provider.models(of: operation).map { .string($0) }),
            "default_model": JSONValue(orNull: capabilities.defaultModel),
            "usual_variations": range(capabilities.usualVariations),
            "breaker": .string((load?.breakers[operation.name] ?? .closed).rawValue),
            "recent": recent(load?.recents[operation.name]),
            "delivery": .string(operation.delivery.word),
            "fields": .object(fields),
        ]
    }

    private static func means(_ means: Capabilities.Means) -> JSONValue {
        var object: JSONObject = ["grade": .string(means.grade.rawValue)]
        if case .emulated(let emulation, _) = means { object["by"] = .string(emulation.rawValue) }
        switch means.limit {
        case .any: break
        case .integers(let limit): object["range"] = range(limit)
        case .numbers(let limit):
            object["range"] = ["from": .number(limit.lowerBound), "to": .number(limit.upperBound)]
        case .choices(let words): object["choices"] = .array(words.map { .string($0) })
        case .characters(let most): object["characters"] = JSONValue(most)
        }
        return .object(object)
    }

    private static func range(_ range: ClosedRange<Int>) -> JSONValue {
        ["from": JSONValue(range.lowerBound), "to": JSONValue(range.upperBound)]
    }
}
