/// The options of the program: what each is called, what it says, and which parameter it sets.
package enum OptionTable {
    private struct Option: Sendable {
        let name: String
        let placeholder: String
        let help: String
        let set: @Sendable (inout Parameters, String) -> Bool
    }

    /// What is wrong with a command line.
    package struct Refusal: Error, Equatable {
        package let words: String
    }

    private static let all: [Option] = [
        whole("tasks", "tasks in flight when it begins, all of them waiting for a place", \.tasks),
        whole("replicas", "gateways over one database", \.replicas),
        Option(name: "seed", placeholder: "N", help: "the same seed, the same numbers") { parameters, text in
            guard let seed = UInt64(text) else { return false }
            parameters.seed = seed
            return true
        },
        whole("deaths", "gateways that die; each is back after a while, with nothing", \.deaths),
        part("hours", "simulated hours after which it ends, whatever is left", \.hours),
        part("deadline", "hours that a task may take", \.deadlineHours),
        whole("keys", "vendors, each with one key that all gateways share", \.keys),
        whole("places", "jobs at once with a key, all gateways together", \.places),
        whole("rate", "starts a second with a key; 0 for no limit", \.rate),
        part("job", "the median of a job at the vendor, in seconds", \.jobSeconds),
        part("latency", "the median of a call to a vendor or a webhook, in milliseconds", \.latency),
        part("lost", "the share of creates whose answer is lost", \.lost),
        part("failed", "the share of jobs that fail", \.failed),
        part("callbacks", "the share of jobs of which the vendor tells by itself", \.callbacks),
        part("webhooks", "the share of tasks with a webhook address", \.webhooks),
        part("capacity", "commits a second that the database can do", \.capacity),
        part("commit", "the median of a commit without a queue, in milliseconds", \.commit),
        part("event-cost", "what an event costs a gateway's loop, in microseconds", \.eventCost),
        whole("threads", "threads; the numbers do not depend on it", \.threads),
        whole("verify", "compares one rest of so many with its record", \.verifyEvery),
        Option(
            name: "break",
            placeholder: "RULE",
            help: "breaks a rule, to see it found: "
                + Parameters.Breakage.allCases.map(\.rawValue).joined(separator: ", ")
        ) { parameters, text in
            parameters.breakage = Parameters.Breakage(rawValue: text)
            return parameters.breakage != nil
        },
    ]

    private static func whole(
        _ name: String,
        _ help: String,
        _ path: any WritableKeyPath<Parameters, Int> & Sendable
    ) -> Option {
        Option(name: name, placeholder: "N", help: help) { parameters, text in
            guard let value = Int(text.filter { $0 != "_" && $0 != "," }) else { return false }
            parameters[keyPath: path] = value
            return true
        }
    }

    private static func part(
        _ name: String,
        _ help: String,
        _ path: any WritableKeyPath<Parameters, Double> & Sendable
    ) -> Option {
        Option(name: name, placeholder: "X", help: help) { parameters, text in
            guard let value = Double(text), value.isFinite else { return false }
            parameters[keyPath: path] = value
            return true
        }
    }

    /// Every option, with what it is unless told.
    package static var help: String {
        let defaults = Parameters()
        let usual: [String: String] = [
            "tasks": "\(defaults.tasks)", "replicas": "\(defaults.replicas)", "seed": "\(defaults.seed)",
            "deaths": "\(defaults.deaths)", "hours": "\(defaults.hours)",
            "deadline": "\(defaults.deadlineHours)",
            "keys": "\(defaults.keys)", "places": "\(defaults.places)", "rate": "\(defaults.rate)",
            "job": "\(defaults.jobSeconds)", "latency": "\(defaults.latency)", "lost": "\(defaults.lost)",
            "failed": "\(defaults.failed)", "callbacks": "\(defaults.callbacks)",
            "webhooks": "\(defaults.webhooks)", "capacity": "\(defaults.capacity)",
            "commit": "\(defaults.commit)", "event-cost": "\(defaults.eventCost)",
            "threads": "\(defaults.threads)", "verify": "\(defaults.verifyEvery)",
        ]
        let lines = all.map { option in
            let head = "  --\(option.name) \(option.placeholder)"
            let tail = usual[option.name].map { " (\($0))" } ?? ""
            return head + String(repeating: " ", count: max(2, 20 - head.count)) + option.help + tail
        }
        return """
            Usage: soundgate-simulate [--tasks N] [--replicas N] [--seed N] [--deaths N] [--hours X] …

            Simulates gateways over one database: claims, polls and webhooks, by the gateway's own rules and on a clock
            of its own. Vendors, network and database are models. Ends with 1 when a rule was broken.

            \(lines.joined(separator: "\n"))
              --help            these words

            Ctrl-C ends it with what is known so far.

            """
    }

    /// What a command line asks for; `nil` when it asks for help.
    package static func parameters(_ arguments: [String]) throws(Refusal) -> Parameters? {
        var parameters = Parameters()
        var rest = arguments[...]
        while let word = rest.popFirst() {
            if word == "--help" || word == "-h" { return nil }
            let pieces = word.split(separator: "=", maxSplits: 1).map(String.init)
            guard let option = all.first(where: { "--\($0.name)" == pieces[0] }) else {
                throw Refusal(words: "there is no option \(word)")
            }
            guard let value = pieces.count > 1 ? pieces[1] : rest.popFirst() else {
                throw Refusal(words: "\(word) wants a value")
            }
            guard option.set(&parameters, value) else {
                throw Refusal(words: "--\(option.name) cannot be \(value)")
            }
        }
        if let problem = parameters.problem { throw Refusal(words: problem) }
        return parameters
    }
}
