import EventLoop
import Sound

/// What came of a run.
package struct Report: Sendable {
    /// What the machine took for it; another for each run.
    struct Timing: Sendable {
        let beginning: Duration
        let running: Duration
        let windows: UInt64
        /// Bytes of each task when the run began, whatever holds them, and of one kept whole.
        var bytesPerTask = 0
        var bytesWhole = 0
        var mostBytes = 0
    }

    let parameters: Parameters
    /// Simulated, in nanoseconds.
    let time: UInt64
    let isCut: Bool
    /// Each gateway's counts.
    let tallies: [Tally]
    let database: Database
    let auditor: Auditor
    let died: Int
    let outlived: Int
    var timing: Timing

    /// How often each rule was broken.
    package var breaches: [Rule: Int] { auditor.breaches }
    /// Tasks that have ended.
    package var ended: Int { auditor.ended }
    /// Tasks that were taken over from processes that died.
    package var takenOver: Int { tallies.reduce(0) { $0 + Int($1.adopted) } }

    private var sum: Tally {
        var sum = Tally()
        for tally in tallies { sum.add(tally) }
        return sum
    }

    // MARK: Words

    /// What was found; the same for the same parameters.
    package var findings: String {
        let sum = sum
        let tasks = Double(max(auditor.ended, 1))
        // The last few only wait for their deadline, in a house that is quiet: they are no part of the means.
        let near = auditor.nearEnd == 0 ? time : auditor.nearEnd
        let events = sum.eventRate.mean(until: near)
        func mean(_ rate: PerSecond) -> String { Self.number(rate.mean(until: near)) }
        func part(_ count: UInt64) -> String {
            Self.number(events * Double(count) / Double(max(sum.events, 1)))
        }
        var table = Table()
        table.add("simulated time", Self.clock(time) + (isCut ? ", cut off" : ""))
        table.add("99 % of the tasks had ended", "after \(Self.clock(near)); means are until then")
        table.add("tasks", "\(Self.number(parameters.tasks)), \(Self.number(auditor.ended)) ended")
        let words: [TaskStatus] = [.succeeded, .failed, .canceled]
        let ends = words.map { "\($0.rawValue) \(Self.number(auditor.endedBy[$0] ?? 0))" }
        table.add("ended as", ends.joined(", "))
        table.add("events", "\(Self.number(sum.events)), \(Self.number(events))/s")
        table.add(
            "events of task machines",
            "\(Self.number(sum.steps)), \(Self.places(Double(sum.steps) / tasks, 2)) a task"
        )
        table.add(
            "heap operations",
            "\(Self.number(sum.pushes + sum.pops)), \(part(sum.pushes + sum.pops))/s"
        )
        table.add(
            "commits of tasks",
            "\(Self.number(sum.commits)), \(Self.places(Double(sum.commits) / tasks, 2)) a task besides its create"
        )
        table.add(
            "commits/s, all gateways",
            "mean \(mean(database.commits)), peak \(Self.number(database.commits.most)), webhooks and shares too"
        )
        let one = tallies.map(\.commitRate.most).max() ?? 0
        table.add(
            "commits of tasks/s, one gateway",
            "mean \(Self.places(sum.commitRate.mean(until: near) / Double(parameters.replicas), 1)), peak \(one)"
        )
        table.add("commit, p50 / p99 / max", Self.spans(database.commitTime))
        table.add("database at work", Self.percent(database.load(until: near)))
        table.add(
            "polls",
            "\(Self.number(sum.polls)), \(Self.places(Double(sum.polls) / tasks, 2)) a task, \(part(sum.polls))/s"
        )
        table.add("poll lateness, p50 / p99 / max", Self.spans(sum.lateness))
        table.add("vendor calls/s", "mean \(mean(sum.calls)), peak \(Self.number(sum.calls.most))")
        table.add(
            "most jobs at once with one key",
            "\(Self.number(auditor.mostAtWork)) of \(Self.number(parameters.places))"
        )
        table.add("most jobs that nobody knew of", Self.number(auditor.mostOutside))
        if parameters.rate > 0 {
            let lapsed = sum.reserved > sum.used ? sum.reserved - sum.used : 0
            table.add(
                "starts reserved / used / lapsed",
                "\(Self.number(sum.reserved)) / \(Self.number(sum.used)) / \(Self.number(lapsed))"
            )
            table.add("creates closer at the vendor's door", Self.number(auditor.hastyArrivals))
        }
        table.add(
            "questions about shares",
            "\(Self.number(sum.shareQuestions)), \(part(sum.shareQuestions))/s"
        )
        table.add(
            "webhooks delivered / tried / dead / left",
            [sum.delivered, sum.hooks, sum.dead, UInt64(database.outbox.pending)].map { Self.number($0) }
                .joined(" / ")
        )
        table.add("webhook lag to the first try", Self.spans(sum.hookLag))
        table.add("webhook lag to the delivery", Self.spans(sum.deliveryLag))
        table.add("gateways that died", "\(died)" + (outlived > 0 ? ", \(outlived) lost their lease" : ""))
        for takeover in database.takeovers where takeover.tasks > 0 {
            table.add(
                "  taken over",
                "\(Self.number(takeover.tasks)) tasks: first \(Self.seconds(takeover.first)), "
                    + "last \(Self.seconds(takeover.last)) after the death"
            )
        }
        return table.text + "\n" + judgement
    }

    private var judgement: String {
        var lines = Rule.allCases.map { rule in
            let count = auditor.breaches[rule] ?? 0
            guard count > 0 else { return "holds   \(rule.rawValue)" }
            return "BROKEN  \(rule.rawValue): \(Self.number(count)) times"
        }
        lines += auditor.firstBreaches.map { "        \($0)" }
        return lines.joined("\n") + "\n"
    }

    /// What the machine took for it.
    package var timings: String {
        let sum = sum
        let running = Double(timing.running.wholeNanoseconds) / 1e9
        var table = Table()
        table.add(
            "this machine took",
            "\(Self.places(running, 1)) s, and \(Self.seconds(timing.beginning.wholeNanoseconds)) to begin; "
                + "\(Self.number(timing.windows)) windows"
        )
        table.add("events/s", Self.number(Double(sum.events) / max(running, 1e-9)))
        table.add("an event in the task machine", "\(Self.number(sum.stepTime.mean)) ns")
        table.add("a record built from its row", "\(Self.number(sum.rebuildTime.mean)) ns")
        table.add("a heap operation", "\(Self.number(sum.heapTime.mean)) ns")
        table.add(
            "memory a task, at the beginning",
            "\(Self.number(timing.bytesPerTask)) bytes, all structures"
        )
        table.add(
            "a row; a machine kept whole",
            "\(MemoryLayout<Row>.stride) bytes; \(timing.bytesWhole) bytes"
        )
        table.add("memory, most", "\(Self.number(timing.mostBytes >> 20)) MiB")
        return table.text
    }

    // MARK: Numbers

    private struct Table {
        private var rows: [(String, String)] = []

        mutating func add(_ name: String, _ value: String) { rows.append((name, value)) }

        var text: String {
            let width = (rows.map(\.0.count).max() ?? 0) + 2
            return rows.map { name, value in
                name + String(repeating: " ", count: width - name.count) + value + "\n"
            }
            .joined()
        }
    }

    static func number(_ value: some BinaryInteger) -> String {
        var digits = Array(String(value))
        for place in stride(from: digits.count - 3, to: 0, by: -3) { digits.insert(",", at: place) }
        return String(digits)
    }

    static func number(_ value: Double) -> String { number(Int(value.rounded())) }

    static func places(_ value: Double, _ count: Int) -> String {
        let factor = (0..<count).reduce(1) { whole, _ in whole * 10 }
        let scaled = Int((value * Double(factor)).rounded())
        let fraction = String(scaled % factor)
        return "\(number(scaled / factor))." + String(repeating: "0", count: count - fraction.count)
            + fraction
    }

    private static func percent(_ part: Double) -> String { places(part * 100, 1) + " %" }

    private static func spans(_ histogram: Histogram) -> String {
        guard histogram.count > 0 else { return "-" }
        let summary = histogram.summary
        return [summary.p50, summary.p99, summary.most].map { places($0, 1) }.joined(" / ") + " ms"
    }

    private static func seconds(_ nanoseconds: UInt64) -> String {
        places(Double(nanoseconds) / 1e9, 1) + " s"
    }

    /// Hours, minutes and seconds.
    package static func clock(_ nanoseconds: UInt64) -> String {
        let seconds = Int(nanoseconds / 1_000_000_000)
        return [seconds / 3600, seconds / 60 % 60, seconds % 60]
            .map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(":")
    }
}

extension Sequence<String> {
    fileprivate func joined(_ separator: String = "") -> String { joined(separator: separator) }
}
