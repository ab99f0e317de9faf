import HTTP
import HTTPServer
import JSON
import Providers
import Sound
import Support
import Timing

/// A loopback vendor of no make: each kind of call is answered by a script, and what was asked can be waited for.
final class PaperVendor: Sendable {
    /// A call by its kind, what it was about, and the engine's time when it came.
    struct Call: Sendable {
        let kind: String
        let subject: String
        let instant: UInt64
        /// What proves who is asking.
        let authorization: String
    }

    typealias Script = @Sendable (_ turn: Int, _ subject: String) async -> Response

    let asked = Observed<[Call]>([])
    private let scripts: [String: Script]
    private let time: DreamTime

    /// Kinds are `create`, `job`, `audio`, `file`, `address`, `lyrics`, `cancel` and `balance`.
    init(_ time: DreamTime, _ scripts: [String: Script]) {
        self.time = time
        self.scripts = scripts
    }

    func count(_ kind: String) -> Int { asked.value.count { $0.kind == kind } }

    func calls(_ kind: String) -> [Call] { asked.value.filter { $0.kind == kind } }

    /// Returns when that many calls of a kind have come.
    func isAsked(_ kind: String, times: Int = 1) async {
        await asked.until { calls in calls.count { $0.kind == kind } >= times }
    }

    func answer(_ request: Request) async -> Response {
        let path = request.target.path.split(separator: "/").map(String.init)
        guard let kind = path.first, let script = scripts[kind] else { return Response(.notFound) }
        let subject = path.dropFirst().joined(separator: "/")
        var turn = 0
        asked.change { calls in
            turn = calls.count { $0.kind == kind } + 1
            calls.append(
                Call(
                    kind: kind,
                    subject: subject,
                    instant: time.instant,
                    authorization: request.fields["Authorization"] ?? "-"
                )
            )
        }
        return await script(turn, subject)
    }
}

extension Response {
    static func json(_ value: JSONValue, _ status: Status = .ok) -> Response {
        Response(status, contentType: "application/json", value.serialized())
    }

    static func took(_ job: String) -> Response { .json(["job": .string(job)]) }

    static func refused(_ code: Failure.Code) -> Response {
        .json(["code": .string(code.rawValue)], .badRequest)
    }

    static func state(_ state: String, _ takes: [String: String?] = [:]) -> Response {
        let takes = takes.sorted { $0.key < $1.key }.map { take -> JSONValue in
            ["key": .string(take.key), "url": take.value.map { .string($0) } ?? .null]
        }
        return .json(["state": .string(state), "takes": .array(takes)])
    }

    static func wave(_ bytes: [UInt8]) -> Response { Response(.ok, contentType: "audio/wav", bytes) }
}
