import JSON
import Sound
import Tasks
import Timing

/// Writes usage as callers see it, and what it comes to.
struct UsageWire {
    let query: UsageQuery
    let lines: [UsageLine]

    private var from: Moment { UsageQuery.start(of: query.hours.lowerBound) }
    private var to: Moment { UsageQuery.start(of: query.hours.upperBound) }

    func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("from", stamp(from))
        json.member("to", stamp(to))
        json.member("interval", query.interval.rawValue)
        json.key("data")
        json.beginArray()
        for line in lines {
            json.beginObject()
            json.member("start", stamp(UsageQuery.start(of: line.hour)))
            json.member("provider", line.name?.provider)
            json.member("operation", line.name?.operation)
            json.member("client", line.client)
            write(line.figures, line.costs.map { (line.name?.provider, $0) }, to: &json)
            json.endObject()
        }
        json.endArray()
        json.key("totals")
        json.beginObject()
        write(lines.reduce(into: UsageFigures()) { $0 += $1.figures }, costs, to: &json)
        json.endObject()
        json.endObject()
    }

    private func write(
        _ figures: UsageFigures,
        _ costs: [(provider: String?, cost: UsageLine.Cost)],
        to json: inout JSONWriter
    ) {
        json.member("tasks", figures.tasks)
        json.member("succeeded", figures.succeeded)
        json.member("failed", figures.failed)
        json.member("canceled", figures.canceled)
        json.member("running", figures.running)
        json.member("attempts", figures.attempts)
        json.member("outputs", figures.outputs)
        json.member("audio_seconds", Double(figures.audioMilliseconds) / 1e3)
        json.key("cost")
        json.beginArray()
        for (provider, cost) in costs {
            json.beginObject()
            json.member("provider", provider)
            json.member("unit", cost.unit)
            json.member("estimated", Double(cost.estimated) / 1e6)
            json.member("actual", Double(cost.actual) / 1e6)
            json.member("total", Double(cost.total) / 1e6)
            json.endObject()
        }
        json.endArray()
    }

    /// What everything cost: a credit of one provider is not one of another, so that each has its own sum.
    private var costs: [(provider: String?, cost: UsageLine.Cost)] {
        var sums: [Meter: UsageFigures] = [:]
        for line in lines {
            for cost in line.costs {
                var figures = UsageFigures()
                (figures.estimated, figures.actual, figures.total) = (cost.estimated, cost.actual, cost.total)
                sums[Meter(cost.unit, of: line.name?.provider), default: UsageFigures()] += figures
            }
        }
        let sorted = sums.sorted {
            ($0.key.provider ?? "", $0.key.unit) < ($1.key.provider ?? "", $1.key.unit)
        }
        return sorted.map { meter, sum in
            let cost = UsageLine.Cost(
                unit: meter.unit,
                estimated: sum.estimated,
                actual: sum.actual,
                total: sum.total
            )
            return (meter.provider, cost)
        }
    }
}

extension UsageWire {
    /// One line for each row, and one more without any count for each further unit, so that every column adds up.
    var table: CSVTable {
        var table = CSVTable([
            "start", "provider", "operation", "client", "tasks", "succeeded", "failed", "canceled", "running",
            "attempts", "outputs", "audio_seconds", "unit", "estimated", "actual", "total",
        ])
        for line in lines {
            let place = [
                stamp(UsageQuery.start(of: line.hour)), line.name?.provider ?? "", line.name?.operation ?? "",
                line.client ?? "",
            ]
            var figures = line.figures
            for cost in line.costs.isEmpty ? [nil] : line.costs.map(Optional.some) {
                let counts = [
                    figures.tasks, figures.succeeded, figures.failed, figures.canceled, figures.running,
                    figures.attempts, figures.outputs,
                ]
                let costs = [cost?.estimated ?? 0, cost?.actual ?? 0, cost?.total ?? 0]
                table.add(
                    place + counts.map(String.init)
                        + [decimal(figures.audioMilliseconds, places: 3), cost?.unit ?? ""]
                        + costs.map { decimal($0, places: 6) }
                )
                figures = UsageFigures()
            }
        }
        return table
    }

    /// What a file of it is called; the last day is one that is in it.
    var fileName: String {
        let last = to.advanced(by: .milliseconds(-1))
        return "soundgate-usage-\(stamp(from).prefix(10))-\(stamp(last).prefix(10)).csv"
    }

    /// A whole number of parts as a decimal, without needless zeros.
    private func decimal(_ parts: Int64, places: Int) -> String {
        let digits = String(parts.magnitude)
        let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
        var text = "\(padded.dropLast(places)).\(padded.suffix(places))"
        while text.hasSuffix("0") { text.removeLast() }
        if text.hasSuffix(".") { text.removeLast() }
        return parts < 0 ? "-" + text : text
    }
}
