import JSON

extension Fault {
    /// Reads what was posted to the control route.
    ///
    /// `known` gives the faults of a vendor's operation, or `nil` for a vendor that there is no double of.
    init(
        _ json: JSONValue,
        known: (_ vendor: String, _ operation: VendorOperation) -> [FaultKind]?
    ) throws(ControlError) {
        guard let object = json.object else { throw ControlError("a fault is an object") }
        var members = ControlMembers(object)
        vendor = try members.require("vendor", members.string("vendor"))
        let operationName = try members.require("operation", members.string("operation"))
        guard let operation = VendorOperation(rawValue: operationName) else {
            let names = VendorOperation.allCases.map(\.rawValue).joined(separator: ", ")
            throw ControlError("operation is one of \(names)")
        }
        guard let kinds = known(vendor, operation) else {
            throw ControlError("no double is called \(vendor)")
        }
        kind = FaultKind(rawValue: try members.require("fault", members.string("fault")))
        guard kinds.contains(kind) else {
            let names = kinds.map(\.rawValue).joined(separator: ", ")
            throw ControlError("fault, for \(operationName) of \(vendor), is one of \(names)")
        }
        self.operation = operation
        task = try members.string("task")
        skip = try members.integer("skip", in: 0...1_000_000) ?? 0
        times = try Fault.times(&members)
        chance = try members.number("chance", in: 0...1) ?? 1
        dice = Dice(seed: UInt64(try members.integer("seed", in: 0...Int(Int32.max)) ?? 0))
        code = try members.integer("code", in: 100...999)
        retryAfter = try members.integer("retry_after", in: 0...86_400)
        seconds = try members.number("seconds", in: 0...3600) ?? 5
        takesJob = try members.bool("takes_job") ?? false
        echoes = try members.bool("echo") ?? false
        word = try members.string("word")
        if kind == .refuse, code == nil, word == nil { throw ControlError("refuse needs a code or a word") }
        try members.finish()
    }

    /// A count, or `"always"`; once unless told.
    private static func times(_ members: inout ControlMembers) throws(ControlError) -> Int? {
        if members.peek("times")?.string == "always" {
            members.skip("times")
            return nil
        }
        return try members.integer("times", in: 1...1_000_000) ?? 1
    }
}
