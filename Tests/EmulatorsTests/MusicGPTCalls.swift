import Emulators
import HTTP
import HTTPServer
import JSON
import Testing

/// A client's calls to MusicGPT's double.
extension Emulation {
    /// A call with the key as it stands in `Authorization`.
    func musicGPT(
        _ method: HTTP.Method,
        _ path: String,
        authorization: String? = "k-1",
        contentType: String = "application/json",
        body: [UInt8] = []
    ) async throws -> Response {
        var fields: Fields = [:]
        fields["Authorization"] = authorization
        if !body.isEmpty { fields["Content-Type"] = contentType }
        fields["Host"] = "127.0.0.1:9090"
        let request = try #require(Request(method, "/musicgpt\(path)", fields: fields, body: body))
        return await host.respond(to: request)
    }

    func createSound(_ body: JSONObject) async throws -> Response {
        try await musicGPT(.post, "/v1/sound_generator", body: JSONValue.object(body).serialized())
    }

    func createSong(_ body: JSONObject) async throws -> Response {
        try await musicGPT(.post, "/v1/MusicAI", body: JSONValue.object(body).serialized())
    }

    /// A sound that was taken.
    func sound(_ prompt: String = "soft rain", _ more: JSONObject = [:]) async throws -> JSONValue {
        var body = more
        body["prompt"] = .string(prompt)
        return try await accepted(createSound(body))
    }

    /// A song that was taken.
    func song(_ prompt: String = "a song about the sea", _ more: JSONObject = [:]) async throws -> JSONValue {
        var body = more
        body["prompt"] = .string(prompt)
        return try await accepted(createSong(body))
    }

    private func accepted(_ response: Response) async throws -> JSONValue {
        #expect(response.status == .ok)
        let answer = try await json(response)
        #expect(answer["success"]?.bool == true)
        return answer
    }

    func byID(_ query: String, authorization: String = "k-1") async throws -> Response {
        try await musicGPT(.get, "/v1/byId?\(query)", authorization: authorization)
    }

    /// The conversion of a task.
    func conversion(_ created: JSONValue, _ type: String) async throws -> JSONValue {
        let id = try #require(created["task_id"]?.string)
        let response = try await byID("conversionType=\(type)&task_id=\(id)")
        #expect(response.status == .ok)
        return try #require(try await json(response)["conversion"])
    }

    /// The target of an address that the double gave.
    func target(_ url: JSONValue?) throws -> String {
        let url = try #require(url?.string)
        let prefix = "http://127.0.0.1:9090"
        #expect(url.hasPrefix(prefix + "/musicgpt/"))
        return String(url.dropFirst(prefix.count))
    }
}
