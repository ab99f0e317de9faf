import JSON
import Testing

/// Whoever can tell what became of the orders: the callers' book, the vendors' doubles and the address of webhooks.
struct ChaosWitnesses: Sendable {
    let scale: ChaosScale
    let book: ChaosBook
    let doubles: Peer
    let sink: Sink

    /// Every task that there is, as soon as all have ended or nothing can be expected to end any more.
    func settle(_ gateway: Peer) async throws -> [JSONValue] {
        // A task with something at a vendor gets a minute after a restart, whatever its deadline was.
        let limit = Duration.seconds(scale.deadline + 90)
        do {
            let _: Bool = try await eventually("the end of every task", within: limit) {
                for status in ["queued", "running"] {
                    let page = try await gateway.get("/v1/sounds?status=\(status)&limit=1").json
                    if page["data"]?.array?.isEmpty != true { return nil }
                }
                return true
            }
        } catch is NeverCame {
            // The audit tells which.
        }
        return try await allTasks(gateway)
    }

    private func allTasks(_ gateway: Peer) async throws -> [JSONValue] {
        var tasks: [JSONValue] = []
        var cursor = ""
        while true {
            let page = try await gateway.get("/v1/sounds?limit=100\(cursor)").json
            tasks += try #require(page["data"]?.array)
            guard let next = page["next_cursor"]?.string else { return tasks }
            cursor = "&cursor=\(next)"
        }
    }
}
