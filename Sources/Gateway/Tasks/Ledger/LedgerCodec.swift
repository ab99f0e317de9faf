import JSON
import Sound

/// The parts of a record that the ledger keeps as JSON: small trees that are always read and written whole.
enum LedgerCodec {
    static func text(_ value: JSONValue) -> String { String(decoding: value.serialized(), as: UTF8.self) }

    static func encode(_ request: SoundRequest) -> String { text(.object(request.json)) }

    static func request(_ text: String) throws(LedgerError) -> SoundRequest {
        let json = try parse(text)
        do throws(InvalidRequest) {
            return try SoundRequest(json, knownProviders: nil)
        } catch {
            throw .corrupt("a stored request: \(error.problems.map(\.message).joined(separator: "; "))")
        }
    }

    static func encode(_ routes: [Route]) -> String {
        text(
            .array(
                routes.map { route in
                    var object: JSONObject = [
                        "provider": .string(route.name.provider), "operation": .string(route.name.operation),
                        "prompt": .string(route.prompt),
                    ]
                    object["model"] = route.model.map { .string($0) }
                    var grades: JSONObject = [:]
                    for field in RequestField.demands {
                        if let grade = route.fulfilment[field] {
                            grades[field.rawValue] = .string(grade.rawValue)
                        }
                    }
                    object["fulfilment"] = .object(grades)
                    object["takes_per_call"] = route.takesPerCall.map { JSONValue($0) }
                    if let cost = route.estimatedCost {
                        object["cost"] = ["amount": .number(cost.amount), "unit": .string(cost.unit)]
                    }
                    return .object(object)
                }
            )
        )
    }

    static func routes(_ text: String) throws(LedgerError) -> [Route] {
        guard let list = try parse(text).array else { throw .corrupt("stored routes are no list") }
        var routes: [Route] = []
        for item in list {
            guard let provider = item["provider"]?.string, let operation = item["operation"]?.string,
                let prompt = item["prompt"]?.string
            else { throw .corrupt("a stored route lacks its name") }
            var fulfilment: [RequestField: Grade] = [:]
            for member in item["fulfilment"]?.object ?? [:] {
                guard let field = RequestField(rawValue: member.key), let word = member.value.string,
                    let grade = Grade(rawValue: word)
                else { throw .corrupt("a stored route has an unknown grade") }
                fulfilment[field] = grade
            }
            var cost: Cost.Amount?
            if let amount = item["cost"]?["amount"]?.double, let unit = item["cost"]?["unit"]?.string {
                cost = Cost.Amount(amount, unit)
            }
            routes.append(
                Route(
                    name: RouteName(provider: provider, operation: operation),
                    model: item["model"]?.string,
                    prompt: prompt,
                    fulfilment: fulfilment,
                    estimatedCost: cost,
                    takesPerCall: item["takes_per_call"]?.integer.map { Int($0) }
                )
            )
        }
        return routes
    }

    static func encode(_ calls: [CallRequest]) -> String {
        // As a rule none waits.
        guard !calls.isEmpty else { return "[]" }
        return text(
            .array(
                calls.map { call in
                    [
                        "id": JSONValue(call.id), "route": JSONValue(call.route),
                        "takes": JSONValue(orNull: call.takes.map { Int64($0) }),
                        "tries": JSONValue(call.tries),
                        "not_before": JSONValue(orNull: call.notBefore?.milliseconds),
                    ]
                }
            )
        )
    }

    static func calls(_ text: String) throws(LedgerError) -> [CallRequest] {
        guard text != "[]" else { return [] }
        guard let list = try parse(text).array else { throw .corrupt("stored calls are no list") }
        var calls: [CallRequest] = []
        for item in list {
            guard let id = item["id"]?.integer, let route = item["route"]?.integer,
                let tries = item["tries"]?.integer
            else { throw .corrupt("a stored call lacks its numbers") }
            calls.append(
                CallRequest(
                    id: Int(id),
                    route: Int(route),
                    takes: item["takes"]?.integer.map { Int($0) },
                    tries: Int(tries),
                    notBefore: item["not_before"]?.integer.map { Moment(milliseconds: $0) }
                )
            )
        }
        return calls
    }

    static func encode(_ failure: Failure) -> String {
        text([
            "code": .string(failure.code.rawValue), "message": .string(failure.message),
            "origin": .string(failure.origin.rawValue), "retryable": .bool(failure.retryable),
            "provider_code": JSONValue(orNull: failure.providerCode),
            "retry_after_ms": JSONValue(orNull: failure.retryAfter.map { $0 / .milliseconds(1) }),
        ])
    }

    static func failure(_ text: String?) throws(LedgerError) -> Failure? {
        guard let text else { return nil }
        let json = try parse(text)
        guard let code = json["code"]?.string, let message = json["message"]?.string,
            let origin = json["origin"]?.string.flatMap(Failure.Origin.init(rawValue:)),
            let retryable = json["retryable"]?.bool
        else { throw .corrupt("a stored failure") }
        return Failure(
            Failure.Code(rawValue: code),
            message,
            origin: origin,
            retryable: retryable,
            providerCode: json["provider_code"]?.string,
            retryAfter: json["retry_after_ms"]?.double.map { .milliseconds(1) * $0 }
        )
    }

    static func encode(_ lines: [TimedLine]) -> String {
        text(
            .array(
                lines.map { ["text": .string($0.text), "start": .number($0.start), "end": .number($0.end)] }
            )
        )
    }

    static func timedLines(_ text: String?) throws(LedgerError) -> [TimedLine]? {
        guard let text else { return nil }
        return try parse(text).array?.map { line in
            TimedLine(
                text: line["text"]?.string ?? "",
                start: line["start"]?.double ?? 0,
                end: line["end"]?.double ?? 0
            )
        }
    }

    static func parse(_ text: String) throws(LedgerError) -> JSONValue {
        do throws(JSONError) {
            return try JSONValue(parsing: text)
        } catch {
            throw .corrupt("JSON that does not parse (\(error))")
        }
    }
}
