import JSON

/// What goes wrong at the vendors, at random: about one create in six, and one other call in ten.
enum ChaosFaults {
    /// The script for all doubles.
    static func script(_ scale: ChaosScale) -> JSONValue {
        var faults: [JSONValue] = []
        for (number, vendor) in vendors.enumerated() {
            for fault in all(of: vendor, isLong: scale.isLong) {
                var fault = fault
                fault["vendor"] = .string(vendor.name)
                fault["times"] = "always"
                let seed = scale.seed &* 1009 &+ UInt64(number * 100 + faults.count)
                fault["seed"] = JSONValue(Int(seed % 1_000_000_007))
                faults.append(.object(fault))
            }
        }
        return .array(faults)
    }

    /// A vendor, with what it says when it has no time: refusals that pass.
    struct Vendor {
        let name: String
        var busy: [JSONObject] = []
        var isPolled = true
        var hasFiles = false
    }

    static let vendors = [
        Vendor(name: "musicgpt", busy: [["code": 429, "retry_after": 1]]),
        Vendor(name: "sunoapi", busy: [["code": 430, "retry_after": 1], ["code": 455]]),
        Vendor(name: "apibox", busy: [["code": 430, "retry_after": 1], ["code": 455]]),
        Vendor(name: "kie", busy: [["code": 433, "retry_after": 1], ["code": 455]]),
        Vendor(name: "videogen", busy: [["code": 429, "retry_after": 1]], hasFiles: true),
        Vendor(
            name: "elevenlabs",
            busy: [["word": "system_busy"], ["word": "too_many_concurrent_requests", "retry_after": 1]],
            isPolled: false
        ),
    ]

    private static func fault(_ operation: String, _ kind: String, _ chance: Double, _ more: JSONObject = [:])
        -> JSONObject
    {
        var fault = more
        fault["operation"] = .string(operation)
        fault["fault"] = .string(kind)
        fault["chance"] = .number(chance)
        return fault
    }

    private static func all(of vendor: Vendor, isLong: Bool) -> [JSONObject] {
        var faults = vendor.busy.map { fault("create", "refuse", 0.03, $0) }
        faults += create
        guard vendor.isPolled else { return faults + answered }
        faults += polled
        if vendor.hasFiles { faults += file }
        // The deadline ends it, and after a restart not before a minute has passed.
        if isLong { faults.append(fault("poll", "never", 0.001)) }
        return faults
    }

    private static let create = [
        fault("create", "html502", 0.01), fault("create", "html502", 0.01, ["takes_job": true]),
        fault("create", "http_500", 0.01), fault("create", "http_500", 0.01, ["takes_job": true]),
        fault("create", "half_body", 0.02), fault("create", "drop_before_accept", 0.02),
        fault("create", "drop_after_accept", 0.02), fault("create", "slow", 0.03, ["seconds": 0.5]),
        // Longer than anybody waits.
        fault("create", "slow", 0.01, ["seconds": 5]),
    ]

    private static let answered = [
        fault("create", "truncated", 0.01), fault("create", "html", 0.01), fault("create", "empty", 0.01),
        fault("create", "sensitive", 0.01), fault("create", "slow_body", 0.03, ["seconds": 0.5]),
    ]

    private static let polled =
        [("html502", 0.02), ("http_500", 0.02), ("half_body", 0.02), ("drop", 0.02), ("unknown_word", 0.02)]
        .map { fault("poll", $0.0, $0.1) }
        + [
            fault("poll", "slow", 0.03, ["seconds": 0.5]), fault("poll", "slow", 0.005, ["seconds": 5]),
            fault("poll", "not_found", 0.01), fault("poll", "failed", 0.01),
            fault("poll", "sensitive", 0.003),
        ]
        + ["html502", "half_body", "drop", "missing_then_found", "truncated", "html", "empty", "expired"]
        .map { fault("asset", $0, 0.01) }
        + [
            fault("asset", "slow", 0.02, ["seconds": 0.3]),
            fault("callback", "lost", 0.15), fault("callback", "duplicate", 0.15),
            fault("callback", "late", 0.1, ["seconds": 2]), fault("callback", "forged", 0.05),
        ]

    private static let file = ["html502", "half_body", "drop", "not_found"].map { fault("file", $0, 0.02) }
}
