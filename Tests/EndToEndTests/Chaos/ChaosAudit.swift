import JSON

/// What the gateway says of its tasks, held against what the callers were told and what the vendors' doubles saw.
struct ChaosAudit {
    /// A job that a double took, and charges.
    struct Job {
        let vendor: String
        let id: String
        /// The vendor has failed it by itself, and says so.
        let isFailed: Bool
    }

    let scale: ChaosScale
    let book: ChaosBook.State
    /// Tasks by the mark of their order.
    private(set) var tasks: [String: [JSONValue]] = [:]
    /// How often each vendor was asked for the order's sound, by mark.
    private(set) var creates: [String: [String: Int]] = [:]
    private(set) var jobs: [String: [Job]] = [:]
    private(set) var wrongs: [String]
    private(set) var lost = 0
    private(set) var stuck = 0
    private(set) var sentTwice = 0
    private(set) var paidTwice = 0

    /// Reads the records: the gateway's tasks, the doubles' log of creates, and the doubles' jobs.
    init(
        _ scale: ChaosScale,
        _ book: ChaosBook.State,
        tasks list: [JSONValue],
        creates log: [JSONValue],
        jobs accepted: [JSONValue]
    ) {
        self.scale = scale
        self.book = book
        wrongs = book.wrongs
        for task in list {
            guard let mark = task["request"]?["prompt"]?.string.flatMap(ChaosOrder.mark(in:)) else {
                wrongs.append("a task that nobody asked for: \(task)")
                continue
            }
            tasks[mark, default: []].append(task)
        }
        var fates: [String: String] = [:]
        for job in accepted { if let id = job["id"]?.string { fates[id] = job["fate"]?.string ?? "" } }
        for call in log {
            guard let vendor = call["vendor"]?.string,
                let mark = call["body"].flatMap({ ChaosOrder.mark(in: $0.description) })
            else {
                wrongs.append("a create without a mark: \(call)")
                continue
            }
            creates[mark, default: [:]][vendor, default: 0] += 1
            guard let id = call["task"]?.string else { continue }
            let fate = fates[id] ?? ""
            if fates[id] == nil { wrongs.append("\(mark): \(vendor) has forgotten its job \(id)") }
            let isFailed = ["failed", "sensitive", "create_failed"].contains(fate)
            jobs[mark, default: []].append(Job(vendor: vendor, id: id, isFailed: isFailed))
        }
        for number in 0..<scale.tasks { check(ChaosOrder(number, scale)) }
    }

    // MARK: One order

    private mutating func check(_ order: ChaosOrder) {
        let mark = order.mark
        let all = tasks[mark] ?? []
        if all.count > 1 { wrongs.append("\(mark): \(all.count) tasks: \(all)") }
        checkPayments(order)
        guard let id = book.tasks[mark] else {
            // A create whose answer nobody got, and nobody could ask for again.
            if !book.open.contains(mark) { wrongs.append("\(mark) was never answered") }
            if let task = all.first { check(task, of: order) }
            return
        }
        guard let task = all.first(where: { $0["id"]?.string == id }) else {
            guard !book.deleted.contains(id) else { return }
            lost += 1
            return wrongs.append("\(mark): the task \(id) is lost")
        }
        check(task, of: order)
    }

    private mutating func check(_ task: JSONValue, of order: ChaosOrder) {
        let mark = order.mark
        let attempts = task["attempts"]?.array ?? []
        let outputs = task["outputs"]?.array ?? []
        switch task["status"]?.string {
        case "succeeded":
            if !outputs.contains(where: { $0["status"] == "ready" }) || task["error"] != .null {
                wrongs.append("\(mark) succeeded with nothing: \(task)")
            }
        case "failed", "canceled":
            if task["error"]?["code"]?.string == nil {
                wrongs.append("\(mark) failed for no reason: \(task)")
            }
        default:
            stuck += 1
            return wrongs.append("\(mark) is stuck: \(task)")
        }
        if attempts.contains(where: { ["intended", "accepted"].contains($0["state"]?.string) })
            || outputs.contains(where: { $0["status"] == "pending" })
        {
            wrongs.append("\(mark) has ended and goes on: \(task)")
        }
        checkAttempts(attempts, of: order, task)
        checkCost(task, attempts, of: order)
    }

    /// Each attempt was sent once at most, and each job at a vendor belongs to one attempt.
    private mutating func checkAttempts(_ attempts: [JSONValue], of order: ChaosOrder, _ task: JSONValue) {
        let mark = order.mark
        let seen = jobs[mark] ?? []
        for (vendor, count) in creates[mark] ?? [:] {
            let sent = attempts.count { $0["provider"]?.string == vendor }
            guard count > sent else { continue }
            sentTwice += 1
            wrongs.append("\(mark): \(vendor) saw \(count) creates for \(sent) attempts: \(task)")
        }
        let isLate = attempts.dropLast().contains { attempt in
            attempt["state"] != "failed"
                && !(attempt["state"] == "canceled" && attempt["provider_task_id"] == .null)
        }
        if order.calls == 1, isLate { wrongs.append("\(mark) was sent on although it may be taken: \(task)") }
        var named: Set<String> = []
        for attempt in attempts {
            guard let id = attempt["provider_task_id"]?.string, let vendor = attempt["provider"]?.string
            else {
                continue
            }
            if !named.insert(id).inserted { wrongs.append("\(mark): two attempts share a job: \(task)") }
            if !seen.contains(where: { $0.id == id && $0.vendor == vendor }) {
                wrongs.append("\(mark): \(vendor) has no such job as \(id) for it: \(task)")
            }
        }
        for vendor in Set(seen.map(\.vendor)) {
            let unnamed = seen.count { $0.vendor == vendor && !named.contains($0.id) }
            let unknown = attempts.count { attempt in
                attempt["provider"]?.string == vendor && attempt["provider_task_id"] == .null
                    && ["unknown", "canceled"].contains(attempt["state"]?.string)
            }
            guard unnamed > unknown else { continue }
            wrongs.append("\(mark): \(vendor) took \(unnamed) jobs that \(unknown) attempts may be: \(task)")
        }
    }

    /// Jobs that vendors took and did not fail themselves are not more than the sound takes.
    private mutating func checkPayments(_ order: ChaosOrder) {
        let kept = (jobs[order.mark] ?? []).filter { !$0.isFailed }
        guard kept.count > order.calls else { return }
        paidTwice += 1
        wrongs.append(
            "\(order.mark) is paid for \(kept.count) times and takes \(order.calls): \(kept), "
                + "\(tasks[order.mark] ?? [])"
        )
    }

    /// What the task costs is the price of the jobs that the gateway knows of, each counted once.
    private mutating func checkCost(_ task: JSONValue, _ attempts: [JSONValue], of order: ChaosOrder) {
        guard let cost = task["cost"]?["amount"]?.double, let provider = task["provider"]?.string,
            let operation = task["operation"]?.string, cost > 0
        else { return }
        let shown = attempts.filter { $0["provider"]?.string == provider }
        let billed = max(1, shown.count { $0["provider_task_id"]?.string != nil && $0["state"] != "failed" })
        let most = (Self.dearest["\(provider)/\(operation)"] ?? 0) * Double(billed)
        guard cost > most + 0.001 else { return }
        wrongs.append("\(order.mark): \(cost) is more than \(billed) jobs cost: \(task)")
    }

    /// The most that a call of the orders' shapes costs, in each vendor's credits.
    private static let dearest = [
        "musicgpt/sound": 0.99, "musicgpt/music": 0.99, "sunoapi/sounds": 2.5, "apibox/sounds": 2.5,
        "kie/sounds": 2.5, "videogen/sound_effect": 2, "elevenlabs/sound_effect": 100,
        "elevenlabs/music": 1000,
    ]
}
