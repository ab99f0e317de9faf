import Emulators
import HTTP
import HTTPServer
import JSON
import Testing

/// The VideoGen double with a client's calls; executions take eight seconds.
struct VideoGenBench {
    let emulation: Emulation

    init(_ settings: JSONObject = [:], _ change: (inout EmulatorOptions) -> Void = { _ in }) async throws {
        emulation = try Emulation(carrier: nil, change)
        var body: JSONObject = ["vendor": "videogen", "repeat_audio": true]
        for member in settings { body[member.key] = member.value }
        _ = try await emulation.control(.post, "settings", .object(body))
    }

    func call(
        _ method: HTTP.Method,
        _ path: String,
        _ body: JSONValue? = nil,
        key: String? = "k-1"
    ) async throws -> Response {
        try await emulation.call(method, "/videogen/v1/\(path)", key: key, body: body)
    }

    func json(
        _ method: HTTP.Method,
        _ path: String,
        _ body: JSONValue? = nil
    ) async throws -> JSONValue {
        let response = try await call(method, path, body)
        #expect(response.status.isSuccess)
        return try await emulation.json(response)
    }

    func create(_ body: JSONValue, tool: String = "generate-sound-effect") async throws -> Response {
        try await call(.post, "tools/\(tool)", body)
    }

    /// An execution that was taken.
    func job(_ more: JSONObject = [:]) async throws -> String {
        var body: JSONObject = ["prompt": "door slam", "durationSeconds": 1]
        for member in more { body[member.key] = member.value }
        let response = try await create(.object(body))
        #expect(response.status == .accepted)
        return try #require(try await emulation.json(response)["toolExecutionId"]?.string)
    }

    func poll(_ id: String) async throws -> JSONValue { try await json(.get, "tools/executions/\(id)") }

    func status(_ id: String) async throws -> String? { try await poll(id)["status"]?.string }

    /// Ends an execution and gives its files' ids.
    func files(_ id: String) async throws -> [String] {
        emulation.clock.advance(by: .seconds(8))
        return try #require(try await poll(id)["results"]?.array).compactMap { $0["fileId"]?.string }
    }

    /// A hydrated file's link, as a target.
    func link(_ file: String) async throws -> String {
        let url = try #require(
            try await json(.post, "files/\(file)/hydrate")["downloadSource"]?["url"]?.string
        )
        #expect(url.hasPrefix("http://127.0.0.1:9090/videogen/"))
        return String(url.dropFirst("http://127.0.0.1:9090".count))
    }

    func get(_ link: String, key: String? = nil) async throws -> Response {
        try await emulation.call(.get, link, key: key)
    }

    func script(_ operation: String, _ fault: String, _ more: JSONObject = [:]) async throws {
        try await emulation.script(operation, fault, more, at: "videogen")
    }

    func turn(_ name: String, _ value: JSONValue) async throws {
        try await emulation.turn(name, value, at: "videogen")
    }

    func code(_ response: Response) async throws -> String? {
        try await emulation.json(response)["code"]?.string
    }

    func accepted() async throws -> Int64? {
        try await emulation.control(.get, "tasks")["accepted"]?.integer
    }
}
