import HTTP
import Sound
import Spelling
import Telemetry
import Timing

/// Reads a list's filters out of a query string, and reports every problem at once in the order of the string.
struct QueryReading {
    private let pairs: [(name: String, value: String)]
    private var known: [String] = []
    private var problems: [(place: Int, problem: Problem)] = []

    init(_ target: RequestTarget) {
        pairs = target.query.pairs
    }

    /// A parameter that may be anything.
    mutating func text(_ name: String) -> String? {
        place(of: name).map { pairs[$0].value }
    }

    /// A parameter that is a name as the configuration has it: `[a-z0-9][a-z0-9._-]{0,63}`.
    mutating func name(_ name: String) -> String? {
        guard let place = place(of: name) else { return nil }
        let value = pairs[place].value
        let bytes = Array(value.utf8)
        let isName = bytes.allSatisfy { $0.isPlain || [0x2D, 0x2E, 0x5F].contains($0) }
        if let first = bytes.first, first.isPlain, isName, bytes.count <= 64 { return value }
        refuse(place, .invalid, "\(name) must be a configured name, such as builtin")
        return nil
    }

    /// A parameter that is one of some words.
    mutating func word<Word: CaseIterable & RawRepresentable<String>>(_ name: String) -> Word? {
        guard let place = place(of: name) else { return nil }
        let value = pairs[place].value
        if let word = Word(rawValue: value) { return word }
        let words = Word.allCases.map(\.rawValue)
        refuse(
            place,
            .unknownValue,
            "\(name) must be one of \(words.joined(separator: ", "))\(hint(for: value, among: words))"
        )
        return nil
    }

    /// A parameter that is the id of something of ours; `rule` says what it must be.
    mutating func id(_ name: String, prefix: String, _ rule: String) -> String? {
        guard let place = place(of: name) else { return nil }
        let value = pairs[place].value
        let tail = value.utf8.dropFirst(prefix.utf8.count)
        let isWord = !tail.isEmpty && tail.allSatisfy { $0.isWordOfID }
        if value.hasPrefix(prefix), isWord, value.utf8.count <= 64 { return value }
        refuse(place, .invalid, "\(name) \(rule)")
        return nil
    }

    /// Where the page begins: an id with this prefix.
    mutating func cursor(prefix: String) -> String? {
        id("cursor", prefix: prefix, "must be a next_cursor of an earlier answer")
    }

    /// How many to show.
    mutating func limit(default number: Int) -> Int {
        guard let place = place(of: "limit") else { return number }
        if let limit = Int(pairs[place].value), (1...100).contains(limit) { return limit }
        refuse(place, .outOfRange, "limit must be a whole number from 1 to 100")
        return number
    }

    /// A date, or a time; a date is midnight at its beginning or, for the end of something, at its end.
    mutating func moment(_ name: String, isEnd: Bool = false) -> Moment? {
        guard let place = place(of: name) else { return nil }
        let value = pairs[place].value
        if value.utf8.count == 10, let date = Timestamp(value + "T00:00:00Z") {
            let day = CalendarDay(Moment(milliseconds: date.milliseconds))
            return isEnd ? day.next.start : day.start
        }
        if let time = Timestamp(value) { return Moment(milliseconds: time.milliseconds) }
        let example = "\(name) must be a date such as 2026-11-01 or a time such as 2026-11-01T12:00:00Z"
        // In a query a bare plus is a blank.
        let isUnescaped = value.contains(" ") && Timestamp(value.replacing(" ", with: "+")) != nil
        refuse(place, .invalid, isUnescaped ? "\(example); write the + of its offset as %2B" : example)
        return nil
    }

    /// Refuses what was read, if it was given at all.
    mutating func refuse(_ name: String, _ code: Problem.Code, _ message: String) {
        guard let place = pairs.firstIndex(where: { $0.name == name }) else { return }
        refuse(place, code, message)
    }

    /// Ends the reading: what has not been asked for is unknown.
    ///
    /// - Throws: every problem that there was.
    func finish() throws(InvalidRequest) {
        var all = problems
        for (place, pair) in pairs.enumerated() where !known.contains(pair.name) {
            let message = "there is no parameter \"\(pair.name)\"\(hint(for: pair.name, among: known))"
            all.append((place, Problem(pair.name, .unknownField, message)))
        }
        if !all.isEmpty { throw InvalidRequest(all.sorted { $0.place < $1.place }.map(\.problem)) }
    }

    /// Where a parameter stands; given twice it would not be clear which counts.
    private mutating func place(of name: String) -> Int? {
        known.append(name)
        let places = pairs.indices.filter { pairs[$0].name == name }
        for again in places.dropFirst() { refuse(again, .invalid, "\(name) must be given once") }
        return places.first
    }

    private mutating func refuse(_ place: Int, _ code: Problem.Code, _ message: String) {
        problems.append((place, Problem(pairs[place].name, code, message)))
    }
}

extension UInt8 {
    /// Whether it is an ASCII digit or small letter.
    fileprivate var isPlain: Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self)
            || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self)
    }

    /// Whether ids of ours may have it: an ASCII letter or digit, `-` or `_`.
    fileprivate var isWordOfID: Bool {
        switch self {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "_"): true
        default: isPlain
        }
    }
}
