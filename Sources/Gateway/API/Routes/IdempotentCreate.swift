import Configuration
import Crypto
import HTTP
import HTTPServer
import JSON
import Sound
import Tasks
import Telemetry

/// A create under a client's key, and what it asks for.
struct KeyedCreate {
    let key: IdempotencyKey
    /// A hash of the request's content, whatever the order and the spaces in which it was written.
    let fingerprint: String
}

/// `Idempotency-Key`: the same key and content get the first answer again, byte for byte.
extension Gateway {
    /// The key of a create; `nil` without one.
    func idempotencyKey(of call: Request, _ caller: Caller) throws -> IdempotencyKey? {
        guard call.fields.contains("Idempotency-Key") else { return nil }
        let values = call.fields.values(for: "Idempotency-Key")
        guard values.count == 1, let value = values.first, (1...255).contains(value.unicodeScalars.count)
        else {
            throw InvalidRequest([
                Problem("Idempotency-Key", .outOfRange, "must be given once, with 1 to 255 characters")
            ])
        }
        return IdempotencyKey(client: caller.name, value: String(value))
    }

    /// A hash of a request's content.
    func fingerprint(of json: JSONValue) -> String { SHA256.hash(json.canonical.serialized()).hex }

    /// The first answer again, or a refusal when something else is asked for.
    func replay(_ first: FirstAnswer, _ claim: KeyedCreate) throws -> Response {
        guard first.fingerprint == claim.fingerprint else {
            throw ProblemDetails(
                .unprocessableContent,
                code: "idempotency_mismatch",
                detail: "This Idempotency-Key was used for another request; take a new key for a new sound."
            )
        }
        var response = Response(
            Status(first.status),
            contentType: "application/json",
            first.body,
            fields: ["ETag": EntityTag(String(SHA256.hash(first.body).hex.prefix(24))).description]
        )
        response.fields["Location"] = "/v1/sounds/\(first.task)"
        response.fields["Idempotency-Replayed"] = "true"
        Exchange.note("task", first.task.rawValue)
        Exchange.note("replayed", "yes")
        return response
    }

    /// The first answer to a keyed create: what is stored with the task, or, after a wait, what is stored in its place.
    func firstAnswer(
        with record: TaskRecord,
        to call: Request,
        of caller: Caller,
        _ claim: KeyedCreate
    ) async -> Response {
        var response: Response
        let wait = wait(asked: call, of: caller)
        var ended: TaskRecord?
        if let wait {
            await waitForEnd(of: record.id, wait)
            ended = parts.engine.board.record(record.id).flatMap { $0.status.hasEnded ? $0 : nil }
        }
        if let ended {
            let bytes = rendered(ended, for: call, queuePosition: nil)
            response = show(bytes, for: call, status: .ok)
            let answer = FirstAnswer(
                key: claim.key,
                fingerprint: claim.fingerprint,
                task: record.id,
                status: Status.ok.code,
                body: bytes,
                createdAt: record.createdAt
            )
            do throws(LedgerError) {
                try await parts.ledger.revise(answer)
            } catch {
                // Whoever asks again gets the answer of the admission: as true, and less told.
                parts.log(
                    .warning,
                    "a first answer could not be kept",
                    Exchange.about(["reason": "\(error)"])
                )
            }
        } else {
            response = show(rendered(record, for: call, queuePosition: nil), for: call, status: .accepted)
        }
        response.fields["Location"] = "/v1/sounds/\(record.id)"
        if let wait { response.fields["Preference-Applied"] = "wait=\(wait.seconds)" }
        return response
    }

    static let createUnderWay = ProblemDetails(
        .conflict,
        code: "idempotency_in_progress",
        detail: "A create with this Idempotency-Key is being answered; ask again in a moment."
    )
}

extension JSONValue {
    /// The same value with the members of every object in one order.
    fileprivate var canonical: JSONValue {
        switch self {
        case .array(let items): .array(items.map(\.canonical))
        case .object(let object):
            .object(
                object.sorted { $0.key < $1.key }.reduce(into: [:]) { $0[$1.key] = $1.value.canonical }
            )
        default: self
        }
    }
}
