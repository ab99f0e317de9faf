import JSON

/// Reads the members of a posted object one by one, and knows which ones nobody asked for.
struct ControlMembers {
    private let object: JSONObject
    private var seen: Set<String> = []

    init(_ object: JSONObject) { self.object = object }

    func peek(_ name: String) -> JSONValue? { object[name] }

    mutating func skip(_ name: String) { seen.insert(name) }

    mutating func string(_ name: String) throws(ControlError) -> String? {
        try read(name, "a string") { $0.string }
    }

    mutating func bool(_ name: String) throws(ControlError) -> Bool? {
        try read(name, "true or false") { $0.bool }
    }

    mutating func integer(_ name: String, in range: ClosedRange<Int>) throws(ControlError) -> Int? {
        try read(name, "an integer from \(range.lowerBound) to \(range.upperBound)") { value in
            value.integer.map { Int(clamping: $0) }.flatMap { range.contains($0) ? $0 : nil }
        }
    }

    mutating func number(_ name: String, in range: ClosedRange<Double>) throws(ControlError) -> Double? {
        try read(name, "a number from \(range.lowerBound) to \(range.upperBound)") { value in
            value.double.flatMap { range.contains($0) ? $0 : nil }
        }
    }

    mutating func numbers(
        _ name: String,
        upTo count: Int,
        in range: ClosedRange<Double>
    ) throws(ControlError) -> [Double]? {
        try read(name, "up to \(count) numbers from \(range.lowerBound) to \(range.upperBound)") { value in
            guard let array = value.array, array.count <= count else { return nil }
            let numbers = array.compactMap { $0.double.flatMap { range.contains($0) ? $0 : nil } }
            return numbers.count == array.count ? numbers : nil
        }
    }

    mutating func choice(_ name: String, of choices: [String]) throws(ControlError) -> String? {
        try read(name, "one of \(choices.joined(separator: ", "))") { value in
            value.string.flatMap { choices.contains($0) ? $0 : nil }
        }
    }

    func require<Value>(_ name: String, _ value: Value?) throws(ControlError) -> Value {
        guard let value else { throw ControlError("\(name) is missing") }
        return value
    }

    /// Refuses the names that nobody read: a misspelt switch must not pass for a turned one.
    func finish() throws(ControlError) {
        guard let stranger = object.keys.first(where: { !seen.contains($0) }) else { return }
        throw ControlError(
            "\(stranger) is not known here; known are \(seen.sorted().joined(separator: ", "))"
        )
    }

    private mutating func read<Value>(
        _ name: String,
        _ wanted: @autoclosure () -> String,
        _ convert: (JSONValue) -> Value?
    ) throws(ControlError) -> Value? {
        seen.insert(name)
        guard let value = object[name], !value.isNull else { return nil }
        guard let converted = convert(value) else { throw ControlError("\(name) must be \(wanted())") }
        return converted
    }
}
