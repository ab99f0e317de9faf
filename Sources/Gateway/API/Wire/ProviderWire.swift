import JSON
import Providers
import Sound
import Tasks
import Timing

/// A provider as callers see it: operations, capabilities with their limits, and the names of its keys.
enum ProviderWire {
    static func json(_ provider: Provider, load: Engine.Load?, balances: [String: BalanceBook.Entry])
        -> JSONObject
    {
        [
            "name": .string(provider.id),
            "adapter": .string(provider.adapter.id),
            "display_name": .string(provider.adapter.displayName),
            "kind": .string(provider.adapter.kind.rawValue),
            "enabled": .bool(provider.isEnabled),
            "base_url": provider.baseURL.isEmpty ? .null : .string(provider.baseURL),
            "running": JSONValue(load?.running ?? 0),
            "waiting": JSONValue(load?.waiting ?? 0),
            "expected_wait": JSONValue(orNull: load?.expectedWait.map(seconds)),
            "credentials": .array(
                provider.credentials.map { credential($0, load: load, balance: balances[$0.name]) }
            ),
            "callbacks": callbacks(provider, load?.callbacks),
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

    private static func callbacks(_ provider: Provider, _ counts: CallbackCounts?) -> JSONValue {
        guard let reader = provider.adapter.callbacks.reader else { return .null }
        return [
            "signed": .bool(reader.isSigned && provider.webhookSecret != nil),
            "used": JSONValue(counts?.used ?? 0), "ignored": JSONValue(counts?.ignored ?? 0),
            "forged": JSONValue(counts?.forged ?? 0),
        ]
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
