import HTTP
import JSON
import Providers
import Routing
import Sound

/// A plan as callers see it: what was chosen, and how every candidate fared.
enum PlanWire {
    static func json(_ plan: Plan) -> JSONObject {
        var chosen = JSONValue.null
        if let name = plan.chosen?.name {
            chosen = ["provider": .string(name.provider), "operation": .string(name.operation)]
        }
        return ["chosen": chosen, "candidates": candidates(plan)]
    }

    static func candidates(_ plan: Plan) -> JSONValue { .array(plan.candidates.map(candidate)) }

    private static func candidate(_ candidate: Candidate) -> JSONValue {
        var fulfilment: JSONObject = [:]
        for field in RequestField.demands {
            if let grade = candidate.fulfilment[field] {
                fulfilment[field.rawValue] = .string(grade.rawValue)
            }
        }
        return [
            "provider": .string(candidate.name.provider),
            "operation": .string(candidate.name.operation),
            "eligible": .bool(candidate.isEligible),
            "reason": .string(candidate.reason),
            "refusals": .array(
                candidate.refusals.map {
                    [
                        "field": .string($0.field), "code": .string($0.code.rawValue),
                        "message": .string($0.message),
                    ]
                }
            ),
            "fulfilment": .object(fulfilment),
            "model": JSONValue(orNull: candidate.model),
            "estimated_cost": JSONValue(
                orNull: candidate.estimatedCost.map {
                    ["amount": .number($0.amount), "unit": .string($0.unit)]
                }
                    as JSONObject?
            ),
            "expected_wait": JSONValue(orNull: candidate.expectedWait.map(seconds)),
            "upstream_request": upstreamRequest(candidate),
        ]
    }

    private static func upstreamRequest(_ candidate: Candidate) -> JSONValue {
        guard let call = candidate.call else { return .null }
        return [
            "method": .string(call.method.rawValue),
            "url": .string(candidate.baseURL + call.path),
            "content_type": JSONValue(orNull: call.contentType),
            "body": call.displayedBody,
        ]
    }
}
