import HTTP
import HTTPServer
import Routing
import Sound
import Tasks
import Telemetry
import Timing

/// What a client may have of what it asks for.
extension Gateway {
    /// Whether a request's answer depends on who calls.
    ///
    /// Vendors that call back have keys of their own, and the pages about the gateway need none.
    static func asksForCaller(_ request: Request) -> Bool {
        let path = request.target.path
        return path.hasPrefix("/v1/") && !path.hasPrefix("/v1/callbacks/")
    }

    /// Adds what is left of a client's limits to its answer.
    func tellWhatIsLeft(_ entrance: Entrance, in response: inout Response) async {
        guard case .admitted(let caller, let rate) = entrance, let name = caller.name else { return }
        var wire = RateWire()
        if let pace = caller.limits.pace, let rate { wire.add(pace, rate) }
        if caller.limits.hasQuota {
            let (quotas, now) = (parts.engine.quotas, parts.time.moment)
            for standing in await quotas.standing(of: name, at: now, in: parts.ledger) { wire.add(standing) }
        }
        wire.write(to: &response.fields)
    }

    /// Refuses a kind of sound that the client may not ask for.
    func checkPermit(_ request: SoundRequest, _ caller: Caller) throws(ProblemDetails) {
        guard !caller.limits.permit.allows(request.type) else { return }
        let code = "type_not_allowed"
        guard caller.limits.isEnforced else { return spare(caller, code) }
        throw ProblemDetails(
            .forbidden,
            code: code,
            detail: "This client may not ask for \(request.type.plural).",
            errors: [
                .init(
                    field: RequestField.type.rawValue,
                    code: Refusal.Code.notAllowed.rawValue,
                    message: "this client may not ask for \(request.type.plural)"
                )
            ]
        )
    }

    /// Notes what limits that are only watched would have refused of a create.
    func watch(_ request: SoundRequest, _ routes: [Route], _ caller: Caller) async {
        guard !caller.limits.isEnforced, let name = caller.name else { return }
        let permit = caller.limits.permit
        if permit.allows(request.type), permit.providers != nil,
            planner.plan(request, states: troubledStates, permit: permit).eligible.isEmpty
        {
            spare(caller, "no_provider")
        }
        let now = parts.time.moment
        let standings = await parts.engine.quotas.standing(of: name, at: now, in: parts.ledger)
        guard !standings.isEmpty else { return }
        let draft = TaskRecord(
            id: TaskID(rawValue: ""),
            client: name,
            request: request,
            createdAt: now,
            deadline: now,
            routes: routes
        )
        let charge = draft.charge
        let isBeyond = standings.contains { standing in
            let asked = charge.amount(on: standing.limit.meter)
            return asked > 0 && standing.used + asked > standing.limit.millionths
        }
        if isBeyond { spare(caller, "quota_exceeded") }
    }

    /// Counts and logs what a limit would have refused if it were enforced.
    func spare(_ caller: Caller, _ code: String) {
        guard let standing = caller.standing else { return }
        Exchange.noteSpared(code)
        measures.spared[code].add()
        parts.log(
            .notice,
            "a limit that is not enforced would have refused a request",
            Exchange.about([
                "client": "\(caller.name ?? "-")", "code": "\(code)", "count": .init(standing.spare()),
            ])
        )
    }

    /// What a client is told whose quota is used up.
    func refusal(_ excesses: [QuotaExcess]) -> Refused {
        let opensAt = excesses.map(\.opensAt).max() ?? parts.time.moment
        let wait = opensAt.milliseconds - parts.time.moment.milliseconds
        let messages = excesses.map(Self.words)
        return Refused(
            ProblemDetails(
                .tooManyRequests,
                code: "quota_exceeded",
                detail:
                    "Beyond this client's quota: \(messages.joined(separator: "; ")). Nothing was accepted; there is more from \(stamp(opensAt)) on.",
                errors: zip(excesses, messages).map { excess, message in
                    .init(field: "quota.\(excess.limit.name)", code: "quota_exceeded", message: message)
                }
            ),
            retryAfter: .milliseconds(wait)
        )
    }

    private static func words(_ excess: QuotaExcess) -> String {
        let limit = excess.limit
        let unit = limit.meter.provider.map { "\(limit.meter.unit) of \($0)" } ?? limit.meter.unit
        return
            "of \(limit.most) \(unit) a \(limit.period.rawValue) \(amount(excess.used)) are taken or reserved, and this sound takes \(amount(excess.asked))"
    }

    /// Whole units without a point, others with what follows it.
    private static func amount(_ millionths: Int64) -> String {
        let (whole, rest) = millionths.quotientAndRemainder(dividingBy: Charge.one)
        guard rest != 0 else { return "\(whole)" }
        return "\(Double(millionths) / Double(Charge.one))"
    }
}
