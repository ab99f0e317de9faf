import HTTP
import HTTPServer
import JSON

/// Reads the members of a call one by one and collects what is wrong with them, as the vendor's web framework does.
struct ElevenLabsMembers {
    typealias Problem = ElevenLabsRefusal.Problem

    private let body: JSONObject
    private let query: QueryParameters
    private var problems: [Problem] = []

    init(_ call: VendorCall) throws(ElevenLabsRefusal) {
        query = call.request.target.query
        do {
            guard let object = try JSONValue(parsing: call.body).object else {
                let message = "Input should be a valid dictionary or object to extract fields from"
                throw ElevenLabsRefusal.invalid([Problem(["body"], message, "model_attributes_type")])
            }
            body = object
        } catch let refusal as ElevenLabsRefusal {
            throw refusal
        } catch {
            throw .invalid([Problem(["body", "0"], "JSON decode error", "json_invalid")])
        }
    }

    subscript(name: String) -> JSONValue? { body[name].flatMap { $0.isNull ? nil : $0 } }

    mutating func complain(_ location: [String], _ message: String, _ type: String) {
        problems.append(Problem(location, message, type))
    }

    /// A text that must not be empty; whether it must be there is the caller's matter.
    mutating func text(_ name: String) -> String? {
        guard let value = self[name] else { return nil }
        guard let text = value.string else {
            complain(["body", name], "Input should be a valid string", "string_type")
            return nil
        }
        if text.isEmpty {
            complain(["body", name], "String should have at least 1 character", "string_too_short")
        }
        return text
    }

    mutating func flag(_ name: String) -> Bool? {
        guard let value = self[name] else { return nil }
        if value.bool == nil { complain(["body", name], "Input should be a valid boolean", "bool_type") }
        return value.bool
    }

    mutating func number(_ name: String, in range: ClosedRange<Double>) -> Double? {
        guard let value = self[name] else { return nil }
        guard let number = value.double else {
            complain(["body", name], "Input should be a valid number", "float_type")
            return nil
        }
        check(number, in: range, at: ["body", name])
        return number
    }

    mutating func integer(_ name: String, in range: ClosedRange<Int>) -> Int? {
        guard let value = self[name] else { return nil }
        guard let integer = value.integer else {
            complain(["body", name], "Input should be a valid integer", "int_type")
            return nil
        }
        check(Double(integer), in: Double(range.lowerBound)...Double(range.upperBound), at: ["body", name])
        return Int(clamping: integer)
    }

    mutating func choice(_ name: String, of choices: [String]) -> String? {
        guard let value = self[name] else { return nil }
        return choice(value.string, of: choices, at: ["body", name])
    }

    mutating func format(of names: [String]) -> String? {
        guard let name = query["output_format"] else { return nil }
        return choice(name, of: names, at: ["query", "output_format"])
    }

    /// Checks the switch that every call has in its query.
    mutating func checkLogging() {
        guard let value = query["enable_logging"], !["true", "false", "1", "0"].contains(value.lowercased())
        else { return }
        complain(
            ["query", "enable_logging"],
            "Input should be a valid boolean, unable to interpret input",
            "bool_parsing"
        )
    }

    /// Refuses the call when anything was wrong.
    func finish() throws(ElevenLabsRefusal) {
        guard problems.isEmpty else { throw .invalid(problems) }
    }

    private mutating func choice(_ value: String?, of choices: [String], at place: [String]) -> String? {
        if let value, choices.contains(value) { return value }
        let names = choices.map { "'\($0)'" }.joined(separator: ", ")
        complain(place, "Input should be \(names)", "enum")
        return nil
    }

    private mutating func check(_ value: Double, in range: ClosedRange<Double>, at place: [String]) {
        if value < range.lowerBound {
            let bound = JSONValue.number(range.lowerBound)
            complain(place, "Input should be greater than or equal to \(bound)", "greater_than_equal")
        } else if value > range.upperBound {
            let bound = JSONValue.number(range.upperBound)
            complain(place, "Input should be less than or equal to \(bound)", "less_than_equal")
        }
    }
}

extension ElevenLabsRefusal.Problem {
    init(_ location: [String], _ message: String, _ type: String) {
        self.init(location: location, message: message, type: type)
    }
}
