import JSON

/// A kind of call, by the doubles' name for it.
enum Call: String, CaseIterable, Sendable {
    case create, poll, cancel, credits, asset, file, registration, lyrics, callback, unknown
}

/// A way in which a kind of call goes wrong, by the doubles' names, and for how long.
struct Mishap: Hashable, Sendable {
    enum Times: Hashable, Sendable { case count(Int), always }

    let call: Call
    let kind: String
    var times = Times.always
    /// The vendor's code and word, for a refusal.
    var refusal: Refusal?
    /// Whether an error answer hides that the job was taken.
    var takesJob = false
    /// How late a slow answer is.
    var seconds: Int?

    /// Longer than anybody waits for an answer.
    static let forever = 100_000

    func script(at vendor: String) -> JSONValue {
        var fault: JSONObject = [
            "vendor": .string(vendor), "operation": .string(call.rawValue), "fault": .string(kind),
        ]
        switch times {
        case .count(let count): fault["times"] = JSONValue(count)
        case .always: fault["times"] = "always"
        }
        if let code = refusal?.status { fault["code"] = JSONValue(code) }
        if let word = refusal?.word { fault["word"] = .string(word) }
        if takesJob { fault["takes_job"] = true }
        // The doubles know of no later than an hour.
        if let seconds { fault["seconds"] = JSONValue(min(seconds, 3600)) }
        return .object(fault)
    }
}

extension Mishap: CustomStringConvertible {
    var description: String {
        let count =
            switch times {
            case .count(1): "once"
            case .count(let count): "\(count) times"
            case .always: "always"
            }
        let parts = [
            "\(call.rawValue): \(kind)", refusal?.description, takesJob ? "taking the job" : nil,
            seconds == Self.forever ? "for ever" : nil, count,
        ]
        return parts.compactMap(\.self).joined(separator: " ")
    }
}

/// A refusal by status or code, by word, or by both.
struct Refusal: Hashable, Sendable, ExpressibleByIntegerLiteral, ExpressibleByStringLiteral {
    var status: Int?
    var word: String?

    init(integerLiteral status: Int) { self.status = status }
    init(stringLiteral word: String) { self.word = word }
}

extension Refusal: CustomStringConvertible {
    var description: String { [status.map(String.init), word].compactMap(\.self).joined(separator: " ") }
}
