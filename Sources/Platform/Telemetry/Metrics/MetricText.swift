/// Label names with their values, as they stand behind a metric's name.
package struct MetricLabels: Sendable, Equatable {
    private(set) var pairs: [(name: String, value: String)]

    /// Names and as many values.
    package init(_ names: [String] = [], _ values: [String] = []) {
        pairs = zip(names, values).map { ($0, $1) }
    }

    func adding(_ name: String, _ value: String) -> MetricLabels {
        var labels = self
        labels.pairs.append((name, value))
        return labels
    }

    package static func == (a: MetricLabels, b: MetricLabels) -> Bool {
        a.pairs.elementsEqual(b.pairs) { $0 == $1 }
    }
}

/// Metrics in the text format of Prometheus, version 0.0.4.
package struct MetricText: Sendable {
    /// What an answer with this text says of itself.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// What has been written so far, in UTF-8.
    package private(set) var bytes: [UInt8] = []

    /// Nothing yet.
    package init() {}

    /// Begins a family.
    mutating func head(_ name: String, _ help: String, _ kind: MetricKind) {
        append("# HELP \(name) ")
        escape(help, quotes: false)
        append("\n# TYPE \(name) \(kind.rawValue)\n")
    }

    /// Writes one value.
    package mutating func sample(_ name: String, _ labels: MetricLabels, _ value: Double) {
        append(name)
        if !labels.pairs.isEmpty {
            var separator = "{"
            for (name, value) in labels.pairs {
                append("\(separator)\(name)=\"")
                escape(value, quotes: true)
                append("\"")
                separator = ","
            }
            append("}")
        }
        append(" \(Self.number(value))\n")
    }

    /// A number as Go's `ParseFloat` reads it, without a point where it is whole.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        if value.magnitude < 1e15, value == value.rounded(.towardZero) { return "\(Int64(value))" }
        return "\(value)"
    }

    private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

    /// "`label_value` can be any sequence of UTF-8 characters, but the backslash (`\`), double-quote (`"`), and line
    /// feed (`\n`) characters have to be escaped"; in help texts the quote is not.
    private mutating func escape(_ text: String, quotes: Bool) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): append("\\\\")
            case UInt8(ascii: "\n"): append("\\n")
            case UInt8(ascii: "\"") where quotes: append("\\\"")
            default: bytes.append(byte)
            }
        }
    }
}
