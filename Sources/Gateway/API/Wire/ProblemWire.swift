import HTTP
import JSON
import Routing
import Sound
import Tasks

/// An error as an RFC 9457 document.
enum ProblemWire {
    static let contentType = "application/problem+json"

    static func bytes(_ problem: ProblemDetails, candidates: JSONValue? = nil) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.member("type", problem.type)
        json.member("title", problem.title)
        json.member("status", problem.status.code)
        json.member("detail", problem.detail)
        json.member("code", problem.code)
        json.member("request_id", problem.requestID)
        if !problem.errors.isEmpty {
            json.key("errors")
            json.beginArray()
            for error in problem.errors {
                json.beginObject()
                json.member("field", error.field)
                json.member("code", error.code)
                json.member("message", error.message)
                json.endObject()
            }
            json.endArray()
        }
        if let candidates {
            json.key("candidates")
            json.value(candidates)
        }
        json.endObject()
        return json.bytes
    }
}

extension ProblemDetails {
    init(_ invalid: InvalidRequest) {
        let count = invalid.problems.count
        self.init(
            .unprocessableContent,
            code: Failure.Code.invalidRequest.rawValue,
            detail: count == 1
                ? invalid.problems[0].message : "the request has \(count) problems, listed in errors",
            errors: invalid.problems.map {
                FieldError(field: $0.field, code: $0.code.rawValue, message: $0.message)
            }
        )
    }

    /// 429 for want of room for one more task.
    static func tooManyTasks(_ reason: String) -> ProblemDetails {
        ProblemDetails(
            .tooManyRequests,
            code: "too_many_tasks",
            detail: "\(reason) Nothing was accepted; come back after the seconds in Retry-After."
        )
    }

    init(_ error: LedgerError) {
        switch error {
        case .overQuota:
            self.init(
                .tooManyRequests,
                code: "quota_exceeded",
                detail: "This is beyond the client's quota; nothing was accepted."
            )
        case .tooManyTasks(let most):
            self = .tooManyTasks(
                "This client has \(most) tasks that have not ended, and may have no more until some have ended."
            )
        case .full:
            self.init(
                Status(507),
                code: "storage_full",
                detail:
                    "The disk that holds the gateway's ledger is full; nothing was accepted. Try again later."
            )
        case .corrupt:
            self.init(
                .internalServerError,
                code: "storage_damaged",
                detail:
                    "What the gateway has stored of this cannot be read, and trying again does not help; nothing was changed."
            )
        case .unreachable:
            self.init(
                .serviceUnavailable,
                code: "storage_unavailable",
                detail:
                    "The gateway's ledger cannot be reached just now; nothing was changed. Try again later."
            )
        case .unavailable, .leaseLost:
            self.init(
                .serviceUnavailable,
                code: "storage_unavailable",
                detail:
                    "The gateway's ledger cannot be used just now. Try again later; with an Idempotency-Key the same request makes one sound, whatever was stored."
            )
        }
    }

    static func notFound(_ what: String) -> ProblemDetails {
        ProblemDetails(.notFound, code: "not_found", detail: "There is no \(what) here that you may see.")
    }
}

/// No provider can take the request: the plan says why, one by one.
struct NoProvider: Error {
    let plan: Plan

    var problem: ProblemDetails {
        ProblemDetails(
            .unprocessableContent,
            code: Failure.Code.noProvider.rawValue,
            detail: "No configured provider can meet the request; candidates says why for each."
        )
    }
}
