import Emulators
import HTTP
import HTTPServer
import JSON
import Testing
import Threads

/// The doubles under a clock of ours, with a client's calls.
final class Emulation: Sendable {
    let clock = ManualClock()
    let mailbox = Mailbox()
    let host: EmulatorHost
    private let pool: WorkerPool

    /// Callbacks go to the mailbox unless there is another carrier.
    init(
        carrier: (any CallbackCarrier)? = nil,
        _ change: (inout EmulatorOptions) -> Void = { _ in }
    ) throws {
        pool = try WorkerPool(name: "emulation", threads: 1)
        var options = EmulatorOptions(isOnLoopback: true)
        change(&options)
        host = try EmulatorHost(options, pool: pool, carrier: carrier ?? mailbox, clock: clock)
    }

    deinit { pool.shutdown() }

    static let json: Fields = ["Content-Type": "application/json"]

    /// Lets time pass, and all callbacks that are due by then be made.
    func pass(_ span: Duration) async {
        clock.advance(by: span)
        await host.settleCallbacks()
    }

    /// The tries to call back that the control route shows.
    func callbacks() async throws -> [JSONValue] {
        try #require(try await control(.get, "callbacks")["callbacks"]?.array)
    }

    func call(
        _ method: HTTP.Method,
        _ target: String,
        key: String? = "k-1",
        fields: Fields = [:],
        body: JSONValue? = nil
    ) async throws -> Response {
        var fields = fields
        fields["Host"] = "127.0.0.1:9090"
        if let key { fields["Authorization"] = "Bearer \(key)" }
        if body != nil, !fields.contains("Content-Type") { fields["Content-Type"] = "application/json" }
        let request = try #require(Request(method, target, fields: fields, body: body?.serialized() ?? []))
        return await host.respond(to: request)
    }

    func json(_ response: Response) async throws -> JSONValue {
        #expect(response.fields["Content-Type"] == "application/json")
        return try JSONValue(parsing: try await response.collectBody())
    }

    func create(_ body: JSONValue, key: String? = "k-1", at vendor: String = "sunoapi") async throws
        -> JSONValue
    {
        let response = try await call(.post, "/\(vendor)/api/v1/generate/sounds", key: key, body: body)
        #expect(response.status == .ok)
        return try await json(response)
    }

    /// A job that was taken.
    func job(_ prompt: String = "soft rain", _ more: JSONObject = [:], at vendor: String = "sunoapi")
        async throws
        -> String
    {
        var body = more
        body["prompt"] = .string(prompt)
        body["model"] = "V5"
        return try #require(try await create(.object(body), at: vendor)["data"]?["taskId"]?.string)
    }

    func poll(_ id: String, key: String? = "k-1", at vendor: String = "sunoapi") async throws -> JSONValue {
        try await json(call(.get, "/\(vendor)/api/v1/generate/record-info?taskId=\(id)", key: key))
    }

    func status(_ id: String) async throws -> String? { try await poll(id)["data"]?["status"]?.string }

    /// Ends a job and gives the targets of its files.
    func finishedFiles(_ id: String, at vendor: String = "sunoapi") async throws -> [String] {
        clock.advance(by: .seconds(20))
        let clips = try #require(try await poll(id, at: vendor)["data"]?["response"]?["sunoData"]?.array)
        return try clips.map { clip in
            let url = try #require(clip["audioUrl"]?.string)
            let prefix = "http://127.0.0.1:9090"
            #expect(url.hasPrefix(prefix + "/\(vendor)/"))
            return String(url.dropFirst(prefix.count))
        }
    }

    func control(_ method: HTTP.Method, _ path: String, _ body: JSONValue? = nil) async throws -> JSONValue {
        let response = try await call(method, "/_control/\(path)", key: nil, body: body)
        #expect(response.status.isSuccess)
        return try await json(response)
    }

    func script(
        _ operation: String,
        _ fault: String,
        _ more: JSONObject = [:],
        at vendor: String = "sunoapi"
    ) async throws {
        var body: JSONObject = ["vendor": .string(vendor)]
        body["operation"] = .string(operation)
        body["fault"] = .string(fault)
        for member in more { body[member.key] = member.value }
        _ = try await control(.post, "faults", .object(body))
    }

    func turn(_ name: String, _ value: JSONValue, at vendor: String = "sunoapi") async throws {
        var body: JSONObject = ["vendor": .string(vendor)]
        body[name] = value
        _ = try await control(.post, "settings", .object(body))
    }

    func lastCall() async throws -> JSONValue {
        try #require(try await control(.get, "log")["calls"]?.array?.last)
    }
}
