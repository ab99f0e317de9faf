/// Rows, under a heading if they want one, each column as wide as its widest cell.
struct Table {
    private var rows: [[String]]

    init(_ heading: [String]? = nil) {
        rows = heading.map { [$0] } ?? []
    }

    mutating func add(_ row: [String]) { rows.append(row) }

    /// The lines, without spaces at their ends; on a terminal the last column is broken to fit.
    var lines: [String] { lines(width: Console.outputWidth) }

    /// The lines, of at most `width` columns where the last column can be broken for that.
    func lines(width: Int?) -> [String] {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in
            rows.map { column < $0.count ? Prose.columns($0[column]) : 0 }.max() ?? 0
        }
        // What is left for the last column; too little is no help.
        let left = widths.dropLast().reduce(0) { $0 + $1 + 2 }
        let room = width.map { max($0 - left, 24) }
        let indent = String(repeating: " ", count: left)
        return rows.flatMap { row in
            let cells = row.enumerated().map { column, cell in
                column == row.count - 1
                    ? cell
                    : cell + String(repeating: " ", count: widths[column] - Prose.columns(cell))
            }
            guard let room, row.count == columns, columns > 1, let last = cells.last,
                Prose.columns(last) > room
            else { return [cells.joined(separator: "  ")] }
            let parts = Prose.wrap(last, width: room)
            let first = (cells.dropLast() + parts.prefix(1)).joined(separator: "  ")
            return [first] + parts.dropFirst().map { indent + $0 }
        }
    }
}

/// A number as a person writes it, with at most `places` digits after the point.
func shortNumber(_ value: Double, places: Int = 1) -> String {
    var scale = 1.0
    for _ in 0..<places { scale *= 10 }
    let rounded = (value * scale).rounded() / scale
    return rounded == rounded.rounded() && abs(rounded) < 1e15 ? "\(Int64(rounded))" : "\(rounded)"
}
