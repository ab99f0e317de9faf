import HTTP
import HTTPClient
import HTTPServer
import JSON
import Testing

/// Stands between a gateway and the doubles, and gives every sound another title.
enum Rewriter {
    /// Lends a peer that answers as the doubles do, but for titles.
    static func with(to doubles: Peer, title: String, _ body: (Peer) async throws -> Void) async throws {
        let port = try LoopbackPort()
        let rewrite: Handler = { request in
            do {
                let content = try await request.body.collect(upTo: 1 << 20)
                var fields: Fields = [:]
                for name in ["Authorization", "Content-Type"] { fields[name] = request.fields[name] }
                let body = content.isEmpty ? nil : content
                let answer = try await doubles.send(request.method, "\(request.target)", body, fields: fields)
                // A provider's results may lie where it is configured, and nowhere else on loopback.
                let text = String(decoding: answer.bytes, as: UTF8.self)
                    .replacing(doubles.address, with: port.origin)
                let bytes =
                    answer.json == .null
                    ? answer.bytes : try JSONValue(parsing: Array(text.utf8)).titled(title).serialized()
                let type = answer.fields["Content-Type"] ?? "application/octet-stream"
                return Response(Status(answer.status), contentType: type, bytes)
            } catch {
                return Response(.badGateway)
            }
        }
        try await withServer("rewriter", on: UInt16(port.number), rewrite) { address in
            try await body(Peer(address: address, client: doubles.client))
        }
    }
}

extension JSONValue {
    /// The same document, whose members `title` all have this text.
    fileprivate func titled(_ title: String) -> JSONValue {
        if case .array(let items) = self { return .array(items.map { $0.titled(title) }) }
        guard case .object(let object) = self else { return self }
        var titled = JSONObject()
        for member in object {
            titled.append(member.key, member.key == "title" ? .string(title) : member.value.titled(title))
        }
        return .object(titled)
    }
}
