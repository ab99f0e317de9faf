import JSON

/// What a gateway was at, at one time.
struct TopSnapshot: Sendable {
    /// The most tasks of a kind that are asked for.
    static let most = 100

    let providers: [JSONValue]
    /// Oldest first.
    let running: [JSONValue]
    let queued: [JSONValue]
    /// Whether there are more of them than were asked for.
    let hasMore: Bool

    /// Asks the gateway.
    init(from gateway: GatewayClient) async throws {
        async let providers = gateway.get("/v1/providers")
        async let running = gateway.get("/v1/sounds", query: "status=running&limit=\(Self.most)")
        async let queued = gateway.get("/v1/sounds", query: "status=queued&limit=\(Self.most)")
        self.providers = try await providers["data"]?.array ?? []
        let (first, second) = (try await running, try await queued)
        self.running = (first["data"]?.array ?? []).reversed()
        self.queued = (second["data"]?.array ?? []).reversed()
        hasMore = first["next_cursor"]?.string != nil || second["next_cursor"]?.string != nil
    }

    /// For machines.
    var json: JSONValue {
        ["providers": .array(providers), "tasks": .array(running + queued), "has_more": .bool(hasMore)]
    }
}
