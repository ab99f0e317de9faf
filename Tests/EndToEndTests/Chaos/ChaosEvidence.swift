import Crypto
import JSON

/// What is left of a run: counts for the reader, and everything that is not as it should be.
struct ChaosEvidence {
    let scale: ChaosScale
    var deaths = ChaosRun.Deaths()
    private(set) var wrongs: [String] = []
    private var audit: ChaosAudit?
    private var ends: [String: Int] = [:]
    private var errors: [String: Int] = [:]
    private var letters: ChaosLetters?
    private var audioFiles = 0
    private var orphans = 0
    private var records: JSONObject = [:]

    /// Nothing yet.
    init(_ scale: ChaosScale) { self.scale = scale }

    mutating func expect(_ holds: Bool, _ wrong: @autoclosure () -> String) {
        if !holds { wrongs.append(wrong()) }
    }

    /// Waits for the end of every task and holds all records against each other.
    mutating func take(from witnesses: ChaosWitnesses, _ gateway: Peer) async throws {
        let tasks = try await witnesses.settle(gateway)
        let doubles = witnesses.doubles
        let creates = try await doubles.calls("operation=create&limit=1000000")
        let jobs = try await doubles.get("/_control/tasks?limit=1000000").json["tasks"]?.array ?? []
        records = ["tasks": .array(tasks), "creates": .array(creates), "jobs": .array(jobs)]
        let audit = ChaosAudit(scale, witnesses.book.page, tasks: tasks, creates: creates, jobs: jobs)
        self.audit = audit
        wrongs += audit.wrongs
        let letters = try await Self.letters(to: witnesses.sink, about: tasks)
        self.letters = letters
        wrongs += letters.wrongs + letters.untold.map { "the end of \($0) was not told" }
        for task in tasks {
            ends[task["status"]?.string ?? "?", default: 0] += 1
            if let code = task["error"]?["code"]?.string { errors[code, default: 0] += 1 }
            try await listen(to: task, gateway)
        }
    }

    /// Everything that an address was told, as soon as it knows of every end.
    private static func letters(to sink: Sink, about tasks: [JSONValue]) async throws -> ChaosLetters {
        var count = -1
        var latest = ChaosLetters([], tasks: tasks)
        do {
            return try await eventually("every end to be told", within: .seconds(90)) {
                try await Task.sleep(for: .seconds(1))
                let letters = sink.letters
                defer { count = letters.count }
                // Reading them takes a while: only when no more are coming.
                guard letters.count == count else { return nil }
                latest = ChaosLetters(letters, tasks: tasks)
                return latest.untold.isEmpty ? latest : nil
            }
        } catch is NeverCame {
            return latest
        }
    }

    /// Asks for each take that is there.
    private mutating func listen(to task: JSONValue, _ gateway: Peer) async throws {
        guard let id = task["id"]?.string else { return }
        for output in task["outputs"]?.array ?? [] where output["status"] == "ready" {
            let index = output["index"]?.integer ?? -1
            let answer = try await gateway.get("/v1/sounds/\(id)/audio/\(index)")
            let isWhole =
                answer.status == 200 && SHA256.hash(answer.bytes).hex == output["sha256"]?.string
            audioFiles += 1
            expect(isWhole, "\(id): its audio \(index) is not what it says (\(answer.status))")
        }
    }

    /// Looks into what the stopped gateway has left.
    mutating func takeFolder(of house: ChaosHouse) async throws {
        let findings = try await house.doctor("--deep")
        orphans = findings.count { $0.hasPrefix("orphan:") }
        for finding in findings where !finding.hasPrefix("orphan:") { expect(false, finding) }
        _ = try await house.doctor("--repair")
        let left = try await house.doctor("--deep")
        expect(left.isEmpty, "what is left after the repair: \(left)")
        let incoming = Folder(path: house.folder.file("data/audio/incoming")).names
        expect(incoming.isEmpty, "half-written files are left: \(incoming)")
    }

    /// Everything, for whoever looks for the cause.
    var json: JSONValue {
        var json = records
        json["seed"] = JSONValue(Int(scale.seed))
        json["wrongs"] = .array(wrongs.map { .string($0) })
        return .object(json)
    }
}

extension ChaosEvidence: CustomStringConvertible {
    var description: String {
        guard let audit else { return "chaos: it came to no end: \(wrongs)" }
        let book = audit.book
        let stored = book.open.count { audit.tasks[$0] != nil }
        let jobs = audit.jobs.values.reduce(0) { $0 + $1.count }
        let creates = audit.creates.values.flatMap(\.values).reduce(0, +)
        return """
            chaos: seed \(scale.seed), \(deaths.kills) kills: \(deaths.working) at work, \(deaths.starting) while it \
            started, \(deaths.stopping) while it stopped; \(deaths.inOrder) ends in order
              orders      \(scale.tasks): \(book.tasks.count) answered, \(book.repeated) of them after a kill and \
            under the same key; \(book.replayed) answered once more
              cut off     \(book.open.count) without a key: \(stored) became tasks
              ended       \(ends.values.reduce(0, +)): \(Self.list(ends)); besides, \(book.deleted.count) deleted
              reasons     \(Self.list(errors))
              vendors     \(creates) creates, \(jobs) jobs taken
              webhooks    \(letters?.told ?? 0) ends told; \(letters?.again ?? 0) messages came again under their id
              audio       \(audioFiles) takes served whole; \(orphans) files without a task, gone after a repair
              lost \(audit.lost), stuck \(audit.stuck), sent twice \(audit.sentTwice), paid twice \
            \(audit.paidTwice); \(wrongs.count) wrongs in all
            """
    }

    private static func list(_ counts: [String: Int]) -> String {
        counts.sorted { $0.value > $1.value }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
    }
}
