import HTTP
import HTTPClient
import JSON
import Support
import Testing

/// One of several callers, who asks for sounds until a kill cuts it off or there is nothing more to ask for.
struct ChaosCaller {
    let gateway: Peer
    /// Where the events of some sounds are to go.
    let hook: String
    let book: ChaosBook
    let scale: ChaosScale
    /// Orders from this number on belong to later lives of the gateway.
    let limit: Int
    var chance: SeededGenerator
    /// What may be answered besides: by a balancer for a gateway that ended, by a gateway without its database.
    var passing: [Int] = []

    /// Asks until it is cut off; whether there was nothing more to ask for.
    mutating func work() async throws -> Bool {
        while let (order, isRepeated) = book.takeOrder(below: limit, scale) {
            do {
                try await place(order, isRepeated)
                try await followUp(order)
                try await lookAround()
            } catch is TransportFailure {
                return false
            }
            try await Task.sleep(for: .milliseconds(Int.random(in: 0..<30, using: &chance)))
        }
        return true
    }

    private func place(_ order: ChaosOrder, _ isRepeated: Bool) async throws {
        let answer: Peer.Answer
        do {
            answer = try await create(order)
        } catch let failure as TransportFailure {
            book.note { state in
                if order.key != nil || failure.delivery == .notSent {
                    state.toRepeat.append(order)
                } else {
                    state.open.insert(order.mark)
                }
            }
            throw failure
        }
        guard [200, 202].contains(answer.status), let id = answer.json["id"]?.string else {
            // A gateway ended while a balancer waited for its answer.
            if passing.contains(502), answer.status == 502 {
                return book.note { state in
                    if order.key != nil {
                        state.toRepeat.append(order)
                    } else {
                        state.open.insert(order.mark)
                    }
                }
            }
            guard [409, 429, 503].contains(answer.status) else {
                return book.wrong(
                    "\(order.mark): a create was answered with \(answer.status): \(answer.json)"
                )
            }
            // Not taken: to be asked for again, by anybody and with no harm.
            book.note { $0.toRepeat.append(order) }
            return try await Task.sleep(for: .milliseconds(100))
        }
        let isReplayed = answer.fields.contains("Idempotency-Replayed")
        book.answered(order, id, answer.bytes, isRepeated: isRepeated, isReplayed: isReplayed)
    }

    private func create(_ order: ChaosOrder) async throws -> Peer.Answer {
        var fields: Fields = [:]
        if let key = order.key { fields["Idempotency-Key"] = key }
        var request = order.request
        if order.isTold { request["webhook_url"] = .string(hook) }
        return try await gateway.post("/v1/sounds", .object(request), wait: order.wait, fields: fields)
    }

    private mutating func followUp(_ order: ChaosOrder) async throws {
        guard let id = book.page.tasks[order.mark] else { return }
        switch order.whim {
        case .none: break
        case .cancel:
            try await Task.sleep(for: .milliseconds(Int.random(in: 0..<400, using: &chance)))
            let status = try await gateway.post("/v1/sounds/\(id)/cancel", nil).status
            if status == 202 { book.note { $0.canceled += 1 } }
            if !([202, 409] + passing).contains(status), !book.page.deleted.contains(id) {
                book.wrong("\(id): canceling was answered with \(status)")
            }
        case .repeated: try await place(order, false)
        }
    }

    /// Looks at any task of before, and sometimes deletes one that has ended.
    private mutating func lookAround() async throws {
        guard chance.shows(0.3), let id = book.anyTask(&chance), !book.page.deleted.contains(id) else {
            return
        }
        if chance.shows(0.2) {
            try await delete(id)
        } else {
            let status = try await gateway.get("/v1/sounds/\(id)").status
            if !([200] + passing).contains(status), !book.page.deleted.contains(id) {
                book.wrong("\(id): looking at it was answered with \(status)")
            }
        }
    }
    private func delete(_ id: String) async throws {
        // Noted beforehand: whatever becomes of the answer, nobody counts on the task any more.
        guard book.claimDeletion(of: id) else { return }
        switch try await gateway.send(.delete, "/v1/sounds/\(id)", nil).status {
        case 204: break
        case let status where passing.contains(status): break
        case 409: book.note { $0.deleted.remove(id) }
        case let status: book.wrong("\(id): deleting was answered with \(status)")
        }
    }
}
