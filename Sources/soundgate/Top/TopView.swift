import JSON
import Telemetry

/// Draws a snapshot as lines of text, as wide as there is room.
struct TopView {
    /// A line, and whether it stands out.
    struct Line {
        enum Kind { case plain, strong, trouble }

        var text: String
        var kind = Kind.plain
    }

    let snapshot: TopSnapshot
    let origin: String
    let now: Timestamp
    /// What is wrong just now; the snapshot is an older one then.
    var trouble: String?

    /// All of it, each line cropped to a width where there is one.
    func lines(width: Int?) -> [Line] {
        var lines = [Line(text: title, kind: .strong)]
        if let trouble { lines.append(Line(text: terminalText(trouble), kind: .trouble)) }
        lines.append(Line(text: ""))
        lines += Self.rows(Self.providerHeading, snapshot.providers.map(provider))
        lines.append(Line(text: ""))
        let tasks = snapshot.running + snapshot.queued
        if tasks.isEmpty {
            lines.append(Line(text: "No task is under way."))
        } else {
            lines += Self.rows(Self.taskHeading, tasks.map(task))
            if snapshot.hasMore { lines.append(Line(text: "… and more")) }
        }
        guard let width else { return lines }
        return lines.map { Line(text: $0.text.cropped(to: width), kind: $0.kind) }
    }

    private var title: String {
        let time = now.description.dropFirst(11).prefix(8)
        let more = snapshot.hasMore ? " at least" : ""
        return terminalText(
            "\(origin)  \(time) UTC  \(snapshot.running.count) running, \(snapshot.queued.count) queued\(more)"
        )
    }

    private static func rows(_ heading: [String], _ rows: [(cells: [String], isTrouble: Bool)]) -> [Line] {
        let cells = [heading] + rows.map(\.cells)
        let widths = heading.indices.map { column in cells.map { $0[column].columns }.max() ?? 0 }
        return cells.enumerated().map { number, row in
            let padded = row.enumerated().map { column, cell in
                column == row.count - 1
                    ? cell : cell + String(repeating: " ", count: widths[column] - cell.columns)
            }
            let isTrouble = number > 0 && rows[number - 1].isTrouble
            return Line(
                text: padded.joined(separator: "  "),
                kind: number == 0 ? .strong : isTrouble ? .trouble : .plain
            )
        }
    }

    // MARK: Providers

    private static let providerHeading = [
        "PROVIDER", "STATE", "RUNNING", "WAITING", "CALLS/H", "SUCCESS", "TAKEN IN", "DONE IN", "KEYS",
    ]

    private func provider(_ json: JSONValue) -> (cells: [String], isTrouble: Bool) {
        let recent = json["recent"]
        let state = Self.state(json)
        let counts = [json["running"], json["waiting"], recent?["attempts"]].map { "\($0?.integer ?? 0)" }
        let rate = recent?["success_rate"]?.double.map { "\(shortNumber($0 * 100)) %" }
        let spans = [recent?["submit_seconds"], recent?["turnaround_seconds"]].map(Self.spread)
        let cells: [String] =
            [Self.text(json["name"]), state ?? "ok"] + counts + [rate ?? "-"] + spans + [Self.keys(json)]
        return (cells.map(terminalText), state != nil)
    }

    /// What keeps a provider from taking calls; `nil` when nothing does.
    private static func state(_ json: JSONValue) -> String? {
        if json["enabled"]?.bool == false { return "disabled" }
        let operations = json["operations"]?.array ?? []
        let shut = operations.filter { $0["breaker"]?.string.map { $0 != "closed" } ?? false }
        if !shut.isEmpty { return shut.count == operations.count ? "failing" : "partly failing" }
        let keys = json["credentials"]?.array ?? []
        let isLame = !keys.isEmpty && !keys.contains { $0["state"]?.string == "usable" }
        return isLame ? "no usable key" : nil
    }

    private static func keys(_ json: JSONValue) -> String {
        let keys = json["credentials"]?.array ?? []
        let words = keys.map { key in
            var text = "\(key["name"]?.string ?? "?") \(key["running"]?.integer ?? 0)"
            if let most = key["max_concurrent"]?.integer, most > 0 { text += "/\(most)" }
            if let state = key["state"]?.string, state != "usable" {
                text += " \(state.replacing("_", with: " "))"
            }
            if let left = key["balance"]?["amount"]?.double {
                text += ", \(shortNumber(left, places: 2)) \(key["balance"]?["unit"]?.string ?? "") left"
            }
            return text
        }
        return words.isEmpty ? "-" : words.joined(separator: "; ")
    }

    /// The median, and what 95 of a hundred are within.
    private static func spread(_ json: JSONValue?) -> String {
        guard let half = json?["p50"]?.double, let most = json?["p95"]?.double else { return "-" }
        return "\(span(half)) (\(span(most)))"
    }

    // MARK: Tasks

    private static let taskHeading = [
        "TASK", "STATUS", "AGE", "PROGRESS", "LEFT", "WHERE", "CLIENT", "PROMPT",
    ]

    private func task(_ json: JSONValue) -> (cells: [String], isTrouble: Bool) {
        let created = json["created_at"]?.string.flatMap { Timestamp($0) }
        let age = created.map { Double(max(0, now.milliseconds - $0.milliseconds)) / 1000 }
        let place = json["queue_position"]?.integer
        let attempts = json["attempts"]?.array?.count ?? 0
        let names = [json["provider"], json["operation"]].compactMap { $0?.string }
        let prompt = json["request"]?["prompt"]?.string ?? json["request"]?["lyrics"]?.string
        let progress = place.map { "\($0) before it" } ?? Self.bar(json["progress"]?.double ?? 0)
        let left = json["eta"]?.double.map(Self.span)
        var route = names.joined(separator: "/")
        if attempts > 1 { route += " (call \(attempts))" }
        let cells: [String] = [
            Self.text(json["id"]), Self.text(json["status"]), age.map(Self.span) ?? "-", progress,
            left ?? "-",
            route, json["client"]?.string ?? "-", prompt ?? "",
        ]
        return (cells.map(terminalText), false)
    }

    private static func bar(_ progress: Double) -> String {
        let done = Int((min(max(progress, 0), 1) * 10).rounded(.down))
        let percent = "\(Int((min(max(progress, 0), 1) * 100).rounded(.down))) %"
        return String(repeating: "█", count: done) + String(repeating: "░", count: 10 - done) + " " + percent
    }

    private static func text(_ json: JSONValue?) -> String { json?.string ?? "?" }

    /// Seconds, short.
    private static func span(_ seconds: Double) -> String {
        let seconds = min(max(seconds, 0), 1e12)
        if seconds < 10 { return "\(shortNumber(seconds)) s" }
        let whole = Int64(seconds.rounded())
        if whole < 120 { return "\(whole) s" }
        if whole < 7200 { return "\(whole / 60) min" }
        return "\(whole / 3600) h"
    }
}
