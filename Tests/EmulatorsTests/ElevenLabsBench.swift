import Emulators
import HTTP
import HTTPServer
import JSON
import Testing

/// The ElevenLabs double, which answers at once unless a test wants it to take its time.
struct ElevenLabsBench {
    let emulation: Emulation

    init(_ settings: JSONObject = [:]) async throws {
        emulation = try Emulation()
        var body: JSONObject = [
            "vendor": "elevenlabs", "generation_seconds": 0, "music_generation_seconds": 0,
            "repeat_audio": true,
        ]
        for member in settings { body[member.key] = member.value }
        _ = try await emulation.control(.post, "settings", .object(body))
    }

    func post(
        _ path: String,
        _ body: JSONValue,
        format: String? = nil,
        key: String? = "k-1"
    ) async throws -> Response {
        var fields = Fields()
        fields["xi-api-key"] = key
        let query = format.map { "?output_format=\($0)" } ?? ""
        let target = "/elevenlabs/v1/\(path)\(query)"
        return try await emulation.call(.post, target, key: nil, fields: fields, body: body)
    }

    func sound(_ body: JSONValue, format: String? = nil, key: String? = "k-1") async throws -> Response {
        try await post("sound-generation", body, format: format, key: key)
    }

    func music(_ body: JSONValue, format: String? = nil) async throws -> Response {
        try await post("music", body, format: format)
    }

    func script(_ fault: String, _ more: JSONObject = [:]) async throws {
        try await emulation.script("create", fault, more, at: "elevenlabs")
    }

    func turn(_ name: String, _ value: JSONValue) async throws {
        try await emulation.turn(name, value, at: "elevenlabs")
    }

    /// The status word of a refusal.
    func word(_ response: Response) async throws -> String? {
        try await emulation.json(response)["detail"]?["status"]?.string
    }

    func accepted() async throws -> Int64? {
        try await emulation.control(.get, "tasks")["accepted"]?.integer
    }

    func subscription() async throws -> JSONValue {
        let target = "/elevenlabs/v1/user/subscription"
        return try await emulation.json(
            emulation.call(.get, target, key: nil, fields: ["xi-api-key": "k-1"])
        )
    }
}
