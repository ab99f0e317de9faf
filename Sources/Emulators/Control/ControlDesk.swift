import HTTP
import HTTPServer
import JSON

/// The control route: scripts faults, turns switches, and shows what the doubles saw.
///
/// Only for callers on this machine, and only while nobody else can reach the doubles: it has no key.
///
/// | call | does |
/// |---|---|
/// | `POST /_control/faults` | adds the fault, or the array of faults, in the body |
/// | `GET /_control/faults` | what is left to be played, and what each vendor's calls know |
/// | `DELETE /_control/faults` | forgets them |
/// | `GET /_control/log` | calls seen, oldest first; `vendor`, `operation`, `task`, `after` (a `seq`), `limit` |
/// | `GET /_control/callbacks` | tries to call back, oldest first, and how many tasks' callbacks wait; `vendor`, `callback`, `task`, `after`, `limit` |
/// | `GET /_control/tasks` | the newest tasks, and how many were accepted; `limit` |
/// | `GET /_control/settings` | each vendor's switches |
/// | `POST /_control/settings` | turns switches of the `vendor` in the body |
/// | `POST /_control/reset` | forgets calls, callbacks, tasks, faults and files; switches as at the start |
///
/// A fault is an object: `vendor`, `operation` and `fault` are needed; `times` (a count or `"always"`, else 1), `skip`
/// (calls let through first), `chance` (0–1, else 1; drawn from `seed`) and `task` say where it strikes; `code`,
/// `retry_after`, `seconds`, `takes_job` and `word` are explained at ``FaultKind``. Faults of the operation `callback`
/// strike the double's own calls. Each call gets at most one fault: the first in the script that matches.
///
/// Every vendor that calls back has the switches of ``CallbackSettings``: `callbacks` (`on`, `off`, `only`,
/// `only_forever`), `callback_order` (`natural`, `reversed`), `callback_copies`, `callback_delay_seconds` and
/// `callback_retry_seconds`.
struct ControlDesk: Sendable {
    let house: EmulatorHouse
    let vendors: [any VendorDouble]

    func addRoutes(to router: inout Router) {
        on(.post, "faults", &router, addFaults)
        on(.get, "faults", &router) { _ in .good(listFaults()) }
        on(.delete, "faults", &router) { _ in
            house.faults.removeAll()
            return .good(listFaults())
        }
        on(.get, "log", &router, showCalls)
        on(.get, "callbacks", &router, showCallbacks)
        on(.get, "tasks", &router, showTasks)
        on(.get, "settings", &router) { _ in .good(settings) }
        on(.post, "settings", &router, changeSettings)
        on(.post, "reset", &router) { _ in
            reset()
            return .good(["status": "reset"])
        }
    }

    private func on(
        _ method: Method,
        _ path: String,
        _ router: inout Router,
        _ handle: @escaping @Sendable (Request) async throws(ControlError) -> Response
    ) {
        router.on(method, "/_control/\(path)") { request in
            guard house.options.isOnLoopback, request.peer.isLoopback else {
                return .refused(.forbidden, "The control route is open only while listening on loopback.")
            }
            do throws(ControlError) {
                return try await handle(request)
            } catch {
                return .refused(.badRequest, error.message)
            }
        }
    }

    private func reset() {
        house.faults.removeAll()
        house.calls.reset()
        house.callbacks.reset()
        house.shelf.reset()
        for vendor in vendors { vendor.reset() }
    }
}

extension ControlDesk {
    // MARK: Faults

    private func addFaults(_ request: Request) async throws(ControlError) -> Response {
        let body = try await json(request)
        var faults: [Fault] = []
        for item in body.array ?? [body] { faults.append(try Fault(item, known: known)) }
        let added = house.faults.add(faults)
        return .good(["faults": .array(added.map(\.json))], status: .created)
    }

    private func listFaults() -> JSONValue {
        var table = JSONObject()
        for vendor in vendors {
            var operations = JSONObject()
            for operation in VendorOperation.allCases {
                let kinds = known(vendor.name, operation) ?? []
                operations[operation.rawValue] = .array(kinds.map { .string($0.rawValue) })
            }
            table[vendor.name] = .object(operations)
        }
        return ["faults": .array(house.faults.remaining.map(\.json)), "known": .object(table)]
    }

    private func known(_ vendor: String, _ operation: VendorOperation) -> [FaultKind]? {
        vendors.first { $0.name == vendor }.map {
            FaultKind.shared(for: operation) + ($0.faults[operation] ?? [])
        }
    }

    // MARK: Records

    private func showCalls(_ request: Request) async throws(ControlError) -> Response {
        let query = request.target.query
        let calls = house.calls.json(
            after: try number(query, "after") ?? 0,
            limit: try number(query, "limit") ?? 1000
        ) { call in
            (query["vendor"].map { $0 == call.vendor } ?? true)
                && (query["operation"].map { $0 == call.operation.rawValue } ?? true)
                && (query["task"].map { $0 == call.task } ?? true)
        }
        return .good(calls)
    }

    private func showCallbacks(_ request: Request) async throws(ControlError) -> Response {
        let query = request.target.query
        let callbacks = house.callbacks.json(
            after: try number(query, "after") ?? 0,
            limit: try number(query, "limit") ?? 1000
        ) { callback in
            (query["vendor"].map { $0 == callback.vendor } ?? true)
                && (query["callback"].map { $0 == callback.label } ?? true)
                && (query["task"].map { $0 == callback.task } ?? true)
        }
        return .good(callbacks)
    }

    private func showTasks(_ request: Request) async throws(ControlError) -> Response {
        let limit = try number(request.target.query, "limit") ?? 1000
        return .good([
            "accepted": JSONValue(vendors.map(\.acceptedCount).reduce(0, +)),
            "tasks": .array(vendors.flatMap { $0.tasks(last: limit) }),
        ])
    }

    // MARK: Switches

    private var settings: JSONValue {
        var all = JSONObject()
        for vendor in vendors { all[vendor.name] = .object(vendor.settings) }
        return .object(all)
    }

    private func changeSettings(_ request: Request) async throws(ControlError) -> Response {
        guard var object = try await json(request).object else {
            throw ControlError("settings are an object")
        }
        guard let vendor = vendors.first(where: { object["vendor"]?.string == $0.name }) else {
            throw ControlError("vendor is one of \(vendors.map(\.name).joined(separator: ", "))")
        }
        object["vendor"] = nil
        try vendor.change(object)
        return .good(settings)
    }

    // MARK: Reading

    private func json(_ request: Request) async throws(ControlError) -> JSONValue {
        do {
            return try JSONValue(parsing: try await request.body.collect(upTo: 256 * 1024))
        } catch let error as JSONError {
            throw ControlError("the body is not JSON: \(error)")
        } catch {
            throw ControlError("the body could not be read")
        }
    }

    private func number(_ query: QueryParameters, _ name: String) throws(ControlError) -> Int? {
        guard let text = query[name] else { return nil }
        guard let number = Int(text), number >= 0 else { throw ControlError("\(name) must be a count") }
        return number
    }
}

extension Response {
    fileprivate static func good(_ json: JSONValue, status: Status = .ok) -> Response {
        Response(status, contentType: "application/json", json.serialized())
    }

    fileprivate static func refused(_ status: Status, _ message: String) -> Response {
        good(["error": .string(message)], status: status)
    }
}
