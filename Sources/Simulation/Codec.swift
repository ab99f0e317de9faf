import Providers
import Sound
import Tasks
import Webhooks

/// Between rows and the records that they stand for.
///
/// All tasks ask for the same sound, so that what tells one from another fits into a row.
struct Codec: Sendable {
    /// When every run begins.
    static let epoch = Moment(milliseconds: 1_795_000_000_000)
    static let credential = "key"
    static let takeKey = "take"
    static let takeURL = "https://v/a.mp3"
    private static let digits = Array("0123456789abcdefghijklmnopqrstuv".utf8)

    let seed: UInt64
    private let keys: Int
    private let prototypes: [TaskRecord]
    private let urls: [String]
    /// The addresses' hosts, as the courier's book names them.
    let origins: [String]
    private let webhooks: Double
    private let oneCall = [CallRequest(id: 1, route: 0, takes: nil, tries: 1)]

    init(_ parameters: Parameters) {
        seed = parameters.seed
        keys = parameters.keys
        webhooks = parameters.webhooks
        urls = (0..<parameters.hosts).map { "https://host-\($0).example/hook" }
        origins = urls.map { url in
            OutboxMessage(
                id: "",
                task: TaskID(rawValue: ""),
                number: 1,
                client: nil,
                url: url,
                type: "",
                createdAt: Self.epoch,
                body: []
            ).host
        }
        let keys = parameters.keys
        prototypes = (0..<keys).map { vendor in
            // The next vendor stands in, where there is one.
            let names = keys > 1 ? [vendor, (vendor + 1) % keys] : [vendor]
            let routes = names.map { name in
                Route(
                    name: RouteName(provider: Self.provider(name), operation: "sounds"),
                    model: nil,
                    prompt: "soft rain with distant thunder",
                    fulfilment: [:],
                    estimatedCost: nil
                )
            }
            var record = TaskRecord(
                id: TaskID(rawValue: "snd_"),
                client: "client",
                request: SoundRequest(prompt: "soft rain with distant thunder"),
                createdAt: Self.epoch,
                deadline: Self.epoch.advanced(by: .seconds(parameters.deadlineHours * 3600)),
                routes: routes
            )
            record.waiting = []
            return record
        }
    }

    static func provider(_ vendor: Int) -> String { "vendor-\(vendor)" }

    // MARK: Names

    /// Names with fifteen bytes at most: longer ones would each be a piece of memory.
    private func name(_ head: StaticString, _ number: UInt64, digits count: Int) -> String {
        let length = head.utf8CodeUnitCount + count
        return String(unsafeUninitializedCapacity: length) { buffer in
            head.withUTF8Buffer { for (index, byte) in $0.enumerated() { buffer[index] = byte } }
            var rest = number
            for place in stride(from: length - 1, through: head.utf8CodeUnitCount, by: -1) {
                buffer[place] = Self.digits[Int(rest & 31)]
                rest >>= 5
            }
            return length
        }
    }

    func id(of task: UInt32) -> TaskID { TaskID(rawValue: name("snd_", UInt64(task), digits: 11)) }

    /// The task of an id of ours.
    func task(of id: TaskID) -> UInt32 {
        var number: UInt32 = 0
        for byte in id.rawValue.utf8.dropFirst(4) {
            let digit = byte < UInt8(ascii: "a") ? byte - UInt8(ascii: "0") : byte - UInt8(ascii: "a") + 10
            number = number << 5 | UInt32(digit)
        }
        return number
    }

    func token(of task: UInt32, attempt: Int) -> String {
        name("t", Draws.mixed(seed ^ UInt64(task) << 8 ^ UInt64(attempt)), digits: 13)
    }

    func job(of task: UInt32, attempt: Int) -> String {
        name("job", UInt64(task) << 8 | UInt64(attempt & 0xFF), digits: 9)
    }

    // MARK: The world

    /// Which vendor a task's route leads to.
    func vendor(of task: UInt32, route: Int) -> Int { (Int(task % UInt32(keys)) + route) % keys }

    /// The host of a task's webhook address; `nil` for a task without one.
    func host(of task: UInt32) -> Int? {
        var draws = Draws(seed: seed, stream: 1 << 48 | UInt64(task))
        return draws.happens(webhooks) ? draws.below(urls.count) : nil
    }

    func url(of host: Int) -> String { urls[host] }

    static func moment(_ instant: UInt64) -> Moment {
        Moment(milliseconds: epoch.milliseconds + Int64(instant / 1_000_000))
    }

    private func stamp(_ moment: Moment?) -> UInt32 {
        moment.map { UInt32(clamping: $0.milliseconds - Self.epoch.milliseconds) } ?? Row.never
    }

    private func moment(_ stamp: UInt32) -> Moment? {
        stamp == Row.never ? nil : Moment(milliseconds: Self.epoch.milliseconds + Int64(stamp))
    }

    // MARK: Records

    /// The record that a row stands for.
    func record(of row: Row) -> TaskRecord {
        var record = prototypes[Int(row.task % UInt32(keys))]
        record.id = id(of: row.task)
        if let host = host(of: row.task) { record.request.webhookURL = urls[host] }
        record.revision = Int(row.revision)
        record.startedAt = moment(row.startedAt)
        record.status = row.startedAt == Row.never ? .queued : .running
        if row.parts.contains(.waiting) { record.waiting = oneCall }
        if row.parts.contains(.attempt), let state = row.state.state, let began = moment(row.attemptStartedAt)
        {
            var attempt = AttemptRecord(
                number: 1,
                route: 0,
                name: record.routes[0].name,
                credential: Self.credential,
                startedAt: began
            )
            attempt.state = state
            attempt.endedAt = moment(row.attemptEndedAt)
            if row.parts.contains(.job) { attempt.providerTaskID = job(of: row.task, attempt: 1) }
            if row.parts.contains(.token) { attempt.callbackToken = token(of: row.task, attempt: 1) }
            record.attempts = [attempt]
        }
        if row.parts.contains(.output) {
            var output = OutputRecord(index: 0, attempt: 1)
            output.providerKey = Self.takeKey
            if row.parts.contains(.address) { output.sourceURL = Self.takeURL }
            record.outputs = [output]
        }
        return record
    }

    /// Writes a record into its row, and tells whether it fits.
    func rest(_ record: TaskRecord, in row: inout Row) -> Bool {
        let last = record.attempts.last
        row.attempt = UInt8(clamping: record.attempts.count)
        row.route = UInt8(clamping: last?.route ?? 0)
        row.state = last.map { AttemptState($0.state) } ?? .none
        guard isUsual(record) else {
            row.parts = .isWhole
            return false
        }
        row.revision = UInt16(clamping: record.revision)
        row.startedAt = stamp(record.startedAt)
        row.parts = record.waiting.isEmpty ? [] : .waiting
        if let last {
            row.parts.insert(.attempt)
            row.attemptStartedAt = stamp(last.startedAt)
            row.attemptEndedAt = stamp(last.endedAt)
            if last.providerTaskID != nil { row.parts.insert(.job) }
            if last.callbackToken != nil { row.parts.insert(.token) }
        }
        if let output = record.outputs.first {
            row.parts.insert(.output)
            if output.sourceURL != nil { row.parts.insert(.address) }
        }
        return true
    }

    private func isUsual(_ record: TaskRecord) -> Bool {
        guard record.attempts.count <= 1, record.outputs.count <= 1, record.error == nil, record.cost == nil,
            record.endedAt == nil, record.waiting.isEmpty || record.waiting == oneCall
        else { return false }
        if let attempt = record.attempts.first {
            guard attempt.error == nil, attempt.cost == nil, attempt.takes == nil, attempt.tries == 1,
                attempt.credential == Self.credential, attempt.route == 0
            else { return false }
        }
        if let output = record.outputs.first {
            guard output.status == .pending, output.providerKey == Self.takeKey, output.index == 0,
                output.attempt == 1, output.title == nil
            else { return false }
        }
        return true
    }
}
