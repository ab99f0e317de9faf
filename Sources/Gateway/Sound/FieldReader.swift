import JSON
import Spelling

/// Reads the members of a JSON object one by one and collects every problem on the way.
struct FieldReader {
    let object: JSONObject
    private(set) var problems: [Problem] = []

    init(_ object: JSONObject) { self.object = object }

    /// The problems by field, those of one field in the order in which they were found.
    var problemsInOrder: [Problem] {
        let places = Dictionary(
            uniqueKeysWithValues: RequestField.allCases.enumerated().map { ($1.rawValue, $0) }
        )
        let placed = problems.enumerated().map { found, problem in
            let name = problem.field.prefix { $0 != "." }
            return (place: places[String(name)] ?? places.count, found: found, problem: problem)
        }
        return placed.sorted { ($0.place, $0.found) < ($1.place, $1.found) }.map(\.problem)
    }

    mutating func refuse(_ field: String, _ code: Problem.Code, _ message: String) {
        problems.append(Problem(field, code, message))
    }

    /// A member that is there and not `null`.
    func value(_ field: RequestField) -> JSONValue? {
        guard let value = object[field.rawValue], value != .null else { return nil }
        return value
    }

    mutating func string(_ field: RequestField, maximum: Int = 20_000, mayBeBlank: Bool = false) -> String? {
        guard let value = value(field) else { return nil }
        guard let text = value.string else {
            refuse(field.rawValue, .wrongType, "\(field.rawValue) must be a string")
            return nil
        }
        if !mayBeBlank, text.allSatisfy(\.isWhitespace) {
            refuse(field.rawValue, .required, "\(field.rawValue) must not be blank; leave it out instead")
            return nil
        }
        let length = text.unicodeScalars.count
        guard length <= maximum else {
            refuse(
                field.rawValue,
                .tooLong,
                "\(field.rawValue) has \(length) characters; at most \(maximum) are taken"
            )
            return nil
        }
        return text
    }

    mutating func bool(_ field: RequestField) -> Bool? {
        guard let value = value(field) else { return nil }
        if value.bool == nil { refuse(field.rawValue, .wrongType, "\(field.rawValue) must be true or false") }
        return value.bool
    }

    mutating func integer(_ field: RequestField, in range: ClosedRange<Int64>, unit: String = "") -> Int64? {
        guard let value = value(field) else { return nil }
        let words =
            range == Int64.min...Int64.max ? "" : " from \(range.lowerBound) to \(range.upperBound)\(unit)"
        guard let number = value.integer else {
            refuse(field.rawValue, .wrongType, "\(field.rawValue) must be a whole number\(words)")
            return nil
        }
        guard range.contains(number) else {
            refuse(
                field.rawValue,
                .outOfRange,
                "\(field.rawValue) is \(number); it must be a whole number\(words)"
            )
            return nil
        }
        return number
    }

    mutating func number(_ field: RequestField, in range: ClosedRange<Double>, unit: String = "") -> Double? {
        guard let value = value(field) else { return nil }
        let words = "from \(plain(range.lowerBound)) to \(plain(range.upperBound))\(unit)"
        guard let number = value.double else {
            refuse(field.rawValue, .wrongType, "\(field.rawValue) must be a number \(words)")
            return nil
        }
        guard range.contains(number) else {
            refuse(field.rawValue, .outOfRange, "\(field.rawValue) is \(plain(number)); it must be \(words)")
            return nil
        }
        return number
    }

    mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(_ field: RequestField) -> Choice? {
        guard let value = value(field) else { return nil }
        let words = Choice.allCases.map(\.rawValue)
        guard let text = value.string else {
            refuse(
                field.rawValue,
                .wrongType,
                "\(field.rawValue) must be one of \(words.joined(separator: ", "))"
            )
            return nil
        }
        if let choice = Choice(rawValue: text) { return choice }
        refuse(
            field.rawValue,
            .unknownValue,
            "\(field.rawValue) must be one of \(words.joined(separator: ", "))\(hint(for: text, among: words))"
        )
        return nil
    }

    mutating func refuseUnknownMembers() {
        let known = RequestField.allCases.map(\.rawValue)
        for name in object.keys where RequestField(rawValue: name) == nil {
            refuse(name, .unknownField, "there is no field \"\(name)\"\(hint(for: name, among: known))")
        }
    }
}

/// A number without a needless `.0`.
package func plain(_ number: Double) -> String {
    number == number.rounded() && abs(number) < 1e15 ? String(Int64(number)) : String(number)
}
