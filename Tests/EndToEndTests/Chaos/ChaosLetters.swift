import JSON

/// What the address of some tasks was told, held against the tasks.
struct ChaosLetters {
    /// Messages that came more than once, always under one id.
    private(set) var again = 0
    /// Tasks whose end was told.
    private(set) var told = 0
    /// Tasks whose end was not told.
    private(set) var untold: [String] = []
    private(set) var wrongs: [String] = []

    /// How far the events of a task come; takes and progress may be told of several times, in the middle.
    private static let ranks = [
        "sound.queued": 0, "sound.running": 1, "sound.output_ready": 2, "sound.progress": 2,
        "sound.succeeded": 3, "sound.failed": 3, "sound.canceled": 3,
    ]

    /// Holds letters in the order in which they came against tasks; those that were deleted are not asked for.
    init(_ letters: [Sink.Letter], tasks: [JSONValue]) {
        var bodies: [String: [UInt8]] = [:]
        // By task: each message once, when it came first.
        var stories: [String: [(id: String, type: String)]] = [:]
        for letter in letters {
            if let first = bodies[letter.id] {
                again += 1
                if first != letter.body { wrongs.append("\(letter.id) has told two stories") }
                continue
            }
            bodies[letter.id] = letter.body
            let json = letter.json
            let task = json["data"]?["id"]?.string ?? ""
            stories[task, default: []].append((letter.id, json["type"]?.string ?? ""))
        }
        for task in tasks {
            guard task["request"]?["webhook_url"]?.string != nil, let id = task["id"]?.string else {
                continue
            }
            let ranks = (stories[id] ?? []).map { Self.ranks[$0.type] ?? -1 }
            if ranks != ranks.sorted() || ranks.contains(-1) {
                wrongs.append("\(id) was told of out of order: \(stories[id] ?? [])")
            }
            let ends = (stories[id] ?? []).filter { Self.ranks[$0.type] == 3 }
            guard let end = ends.first else {
                untold.append(id)
                continue
            }
            told += 1
            if ends.count > 1 { wrongs.append("\(id) has ended \(ends.count) times: \(ends)") }
            if end.type != "sound.\(task["status"]?.string ?? "")" {
                wrongs.append("\(id) was told of as \(end.type): \(task)")
            }
        }
    }
}
