import HTTP
import JSON

/// The gateway's word on a request that it does not take: a problem document of RFC 9457.
struct Refusal: Error {
    let httpStatus: Status
    private let problem: JSONValue

    init(_ status: Status, _ problem: JSONValue) {
        httpStatus = status
        self.problem = problem
    }

    /// How the program ends for it.
    var status: ExitStatus {
        switch (httpStatus.code, problem["code"]?.string) {
        case (401, _), (403, _): .noPermission
        case (_, "no_provider"), (429, _), (503, _), (507, _): .unavailable
        case (400..<500, _): .usage
        default: .software
        }
    }

    /// Why, in one line for a person.
    var reason: String {
        printable(problem["detail"]?.string ?? problem["title"]?.string ?? "\(httpStatus)")
    }

    /// Tells a person on standard error, or a program on standard output.
    func show(asJSON: Bool) {
        guard !asJSON else { return Console.output(problem.prettyPrinted()) }
        Console.complain(reason)
        for error in problem["errors"]?.array ?? [] {
            let field = printable(error["field"]?.string ?? "")
            let message = printable(error["message"]?.string ?? "")
            Console.note(field.isEmpty ? "  \(message)" : "  \(field): \(message)")
        }
        for candidate in (problem["candidates"]?.array ?? []).map(PlanCandidate.init) {
            for reason in candidate.refusals { Console.note("  \(candidate.name): \(reason)") }
        }
        if httpStatus.code == 401 {
            Console.note("Give the key with --client-key KEY or in SOUNDGATE_KEY.")
        } else if httpStatus.code >= 500, let id = problem["request_id"]?.string {
            Console.note("The gateway's log has more under request \(printable(id)).")
        }
    }
}
