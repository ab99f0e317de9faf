import JSON
import Sound

/// Signals as text: a JSON object with a word for the kind, short enough for any channel.
///
/// A replica of another version may send what this one does not know: that is no signal.
extension ReplicaSignal {
    /// The signal as one line of JSON.
    package var text: String { LedgerCodec.text(.object(json)) }

    private var json: JSONObject {
        switch self {
        case .work: ["kind": "work"]
        case .cancel(let id): ["kind": "cancel", "task": .string(id.rawValue)]
        case .watch(let id, let holder, let revision, let progress):
            [
                "kind": "watch", "task": .string(id.rawValue), "by": .string(holder.name),
                "revision": JSONValue(revision), "progress": .number(progress),
            ]
        case .changed(let id, let progress):
            ["kind": "changed", "task": .string(id.rawValue), "progress": .number(progress)]
        case .callback(let address, let job):
            [
                "kind": "callback", "provider": .string(address.provider),
                "token": JSONValue(orNull: address.token), "named": JSONValue(orNull: address.job),
                "job": JSONValue(orNull: job),
            ]
        case .taken(let id, let attempt, let job):
            [
                "kind": "taken", "task": .string(id.rawValue), "attempt": JSONValue(attempt),
                "job": .string(job),
            ]
        case .removed(let id): ["kind": "removed", "task": .string(id.rawValue)]
        case .failing(let name, let span):
            [
                "kind": "failing", "provider": .string(name.provider), "operation": .string(name.operation),
                "ms": JSONValue(orNull: span),
            ]
        case .key(let name, let mark, let word, let span):
            Self.json(
                "key",
                name,
                ["mark": .string(mark), "state": .string(word.rawValue), "ms": JSONValue(orNull: span)]
            )
        case .wanted(let name): Self.json("wanted", name)
        case .freed(let name): Self.json("freed", name)
        }
    }

    private static func json(_ kind: String, _ name: KeyName, _ more: JSONObject = [:]) -> JSONObject {
        var object: JSONObject = [
            "kind": .string(kind), "provider": .string(name.provider),
            "credential": JSONValue(orNull: name.credential),
        ]
        for member in more { object[member.key] = member.value }
        return object
    }

    /// The signal that a text stands for; `nil` for what this version does not know.
    package init?(text: String) {
        guard let json = try? JSONValue(parsing: text), let signal = Self.signal(json) else { return nil }
        self = signal
    }

    private static func signal(_ json: JSONValue) -> ReplicaSignal? {
        let task = json["task"]?.string.map { TaskID(rawValue: $0) }
        let provider = json["provider"]?.string
        let key = provider.map { KeyName(provider: $0, credential: json["credential"]?.string) }
        switch json["kind"]?.string {
        case "work": return .work
        case "cancel": return task.map { .cancel($0) }
        case "watch":
            guard let task, let holder = json["by"]?.string else { return nil }
            return .watch(
                task,
                by: LeaseHolder(name: holder),
                revision: json["revision"]?.integer.map { Int($0) } ?? 0,
                progress: json["progress"]?.double ?? 0
            )
        case "changed": return task.map { .changed($0, progress: json["progress"]?.double ?? 0) }
        case "callback":
            guard let provider else { return nil }
            let address = CallbackAddress(
                provider: provider,
                token: json["token"]?.string,
                job: json["named"]?.string
            )
            return .callback(address, job: json["job"]?.string)
        case "taken":
            guard let task, let attempt = json["attempt"]?.integer, let job = json["job"]?.string else {
                return nil
            }
            return .taken(task, attempt: Int(attempt), job: job)
        case "removed": return task.map { .removed($0) }
        case "failing":
            guard let provider, let operation = json["operation"]?.string else { return nil }
            return .failing(
                RouteName(provider: provider, operation: operation),
                milliseconds: json["ms"]?.integer
            )
        case "key":
            guard let key, let mark = json["mark"]?.string,
                let word = json["state"]?.string.flatMap(KeyWord.init(rawValue:))
            else { return nil }
            return .key(key, mark: mark, word, milliseconds: json["ms"]?.integer)
        case "wanted": return key.map { .wanted($0) }
        case "freed": return key.map { .freed($0) }
        default: return nil
        }
    }
}
