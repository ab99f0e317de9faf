import HTTP
import HTTPServer
import JSON
import Providers
import Sound
import Tasks
import Telemetry

extension Gateway {
    func listSounds(_ call: Request, _ caller: Caller) async throws -> Response {
        var query = try Self.query(call, caller)
        if caller.name != nil, caller.isAdmin { Exchange.note("scope", "everyone") }
        let limit = query.limit
        query.limit += 1
        let records = try await parts.ledger.tasks(query)
        var json = JSONWriter()
        json.beginObject()
        json.key("data")
        json.beginArray()
        for record in records.prefix(limit) {
            // What is under way moves on between commits; the board knows the latest.
            let known = parts.engine.board.record(record.id)
            let latest = known?.status == record.status ? known ?? record : record
            TaskWire(
                record: latest,
                baseURL: baseURL(for: call),
                queuePosition: parts.engine.board.position(record.id),
                expectedEnd: parts.engine.board.expectedEnd(record.id)
            ).write(to: &json)
        }
        json.endArray()
        json.member("next_cursor", records.count > limit ? records[limit - 1].id.rawValue : nil)
        json.endObject()
        return Response(.ok, contentType: "application/json", json.bytes)
    }

    private static func query(_ call: Request, _ caller: Caller) throws(InvalidRequest) -> TaskQuery {
        var query = TaskQuery(owner: caller.isAdmin ? .everyone : .client(caller.name))
        var reading = QueryReading(call.target)
        query.status = reading.word("status")
        query.type = reading.word("type")
        query.provider = reading.name("provider")
        query.limit = reading.limit(default: query.limit)
        query.before = reading.cursor(prefix: "snd_").map(TaskID.init(rawValue:))
        try reading.finish()
        return query
    }

    // MARK: Providers

    func listProviders(_ call: Request, _ caller: Caller) async -> Response {
        let load = await parts.engine.load()
        let former = await former()
        // All vendors are asked at once; the slowest decides.
        let list = await withTaskGroup(of: (Int, JSONValue).self) { group in
            for (place, provider) in snapshot.providers.enumerated() {
                group.addTask { [self] in (place, await shown(provider, load[provider.id])) }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        let leaving = former.map { provider -> JSONValue in
            .object(
                ProviderWire.json(provider, isConfigured: false, load: load[provider.id], balances: [:])
            )
        }
        return json(
            .ok,
            ["data": .array(snapshot.providers.indices.compactMap { list[$0] } + leaving)]
        )
    }

    /// Providers that the configuration has no more, with tasks of theirs that go on.
    private func former() async -> [Provider] {
        let names = Set(snapshot.providers.map(\.id))
        return await parts.engine.formerProviders().filter { !names.contains($0.id) }
    }

    private func shown(_ provider: Provider, _ load: Engine.Load?) async -> JSONValue {
        let balances = await parts.balances.balances(of: provider, in: Exchange.current?.span?.context)
        return .object(ProviderWire.json(provider, load: load, balances: balances))
    }

    func showProvider(_ call: Request, _ caller: Caller) async throws -> Response {
        guard let name = call.parameters["name"] else { throw ProblemDetails.notFound("provider") }
        if let provider = snapshot.providers.first(where: { $0.id == name }) {
            return json(.ok, await shown(provider, parts.engine.load()[name]))
        }
        guard let provider = await former().first(where: { $0.id == name }) else {
            throw ProblemDetails.notFound("provider")
        }
        let load = await parts.engine.load()[name]
        return json(
            .ok,
            .object(ProviderWire.json(provider, isConfigured: false, load: load, balances: [:]))
        )
    }
}
