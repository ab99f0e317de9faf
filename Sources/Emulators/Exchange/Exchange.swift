import HTTP
import HTTPServer
import Telemetry

/// Takes a vendor's calls: reads them, plays the faults that concern the way and not the vendor, and keeps the records.
struct Exchange: Sendable {
    let vendor: String
    let faults: FaultScript
    let calls: CallLog
    let time: EmulatorTime
    let log: Log
    /// The vendor's form of its own breakdown.
    let breakdown: Response

    /// The longest body that is read; the doubles' vendors take text only.
    private static let longestBody = 256 * 1024

    /// Answers one call; `handle` is the vendor's part, and is not called when the fault strikes before.
    func answer(
        _ request: Request,
        as operation: VendorOperation,
        about subject: CallSubject = CallSubject(),
        _ handle: (VendorCall) async -> VendorAnswer
    ) async -> Response {
        let began = time.elapsed
        let body: [UInt8]
        do {
            body = try await request.body.collect(upTo: Exchange.longestBody)
        } catch {
            return Response(.contentTooLarge, text: "The body is too long or did not arrive.\n")
        }
        let fault = faults.take(
            vendor,
            operation,
            task: subject.task,
            isDecided: subject.isDecided
        )
        let call = VendorCall(request: request, body: body, time: began, fault: fault)
        var answer: VendorAnswer
        if let struck = early(fault), fault?.takesJob != true {
            answer = struck
        } else {
            answer = await late(fault, handle(call))
        }
        if fault?.echoes == true { answer.response = answer.response.echoing(call) }
        calls.append(record(call, operation, subject, answer))
        log(
            .debug,
            "double answered",
            [
                "vendor": .string(vendor), "operation": .string(operation.rawValue),
                "outcome": .string(answer.outcome), "fault": fault.map { .string($0.kind.rawValue) },
            ]
        )
        if let fault, fault.kind == .slow { await time.sleep(.seconds(fault.seconds)) }
        return answer.response
    }

    /// The answer of a fault that strikes before the vendor sees the call.
    private func early(_ fault: Fault?) -> VendorAnswer? {
        guard let fault else { return nil }
        switch fault.kind {
        case .dropBeforeAccept, .drop: return VendorAnswer(response: .dropped, outcome: "dropped")
        case .html502: return VendorAnswer(response: .badGateway, outcome: "html 502")
        case .http500: return VendorAnswer(response: breakdown, outcome: "http 500")
        default: return nil
        }
    }

    /// What a fault makes of the vendor's answer.
    private func late(_ fault: Fault?, _ answer: VendorAnswer) async -> VendorAnswer {
        guard let fault else { return answer }
        var answer = answer
        if let early = early(fault) {
            answer.response = early.response
            answer.outcome += ", " + early.outcome
        }
        switch fault.kind {
        case .dropAfterAccept:
            answer.response = .dropped
            answer.outcome += ", dropped"
        case .halfBody:
            do { answer.response = try await answer.response.halved() } catch { answer.response = .dropped }
            answer.outcome += ", cut in half"
        default: break
        }
        if let seconds = fault.retryAfter { answer.response.fields["Retry-After"] = String(seconds) }
        return answer
    }

    private func record(
        _ call: VendorCall,
        _ operation: VendorOperation,
        _ subject: CallSubject,
        _ answer: VendorAnswer
    ) -> CallRecord {
        CallRecord(
            vendor: vendor,
            operation: operation,
            method: call.request.method,
            target: call.request.target,
            contentType: call.request.fields["Content-Type"],
            authorization: CallRecord.authorizationForm(call.request.fields),
            traceparent: call.request.fields["traceparent"],
            body: call.body.count > CallRecord.longestBody ? [] : call.body,
            bodyLength: call.body.count,
            time: time.date(at: call.time),
            task: answer.task ?? subject.task,
            fault: call.fault?.kind,
            status: answer.response.status.code,
            outcome: answer.outcome
        )
    }
}
