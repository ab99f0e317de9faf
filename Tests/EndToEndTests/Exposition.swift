/// A page of metrics as a scraper reads it.
struct Exposition {
    /// A value with its name and labels.
    struct Sample {
        let name: String
        let labels: [String: String]
        let value: Double
    }

    let samples: [Sample]
    /// What each metric is, by its name.
    private(set) var kinds: [String: String] = [:]

    /// Reads a page; lines that are none of the format are left out, and counted.
    init(_ text: String) {
        var samples: [Sample] = []
        for line in text.split(separator: "\n") {
            if let match = line.wholeMatch(of: /# TYPE (\S+) (\S+)/) {
                kinds[String(match.1)] = String(match.2)
            } else if let match = line.wholeMatch(of: /([a-z_]+)(?:\{(.*)\})? (\S+)/) {
                let labels = (match.2 ?? "").matches(of: /([a-z_]+)="((?:[^"\\]|\\.)*)"/).map {
                    (String($0.1), String($0.2))
                }
                samples.append(
                    Sample(
                        name: String(match.1),
                        labels: Dictionary(labels) { $1 },
                        value: Double(match.3) ?? .nan
                    )
                )
            }
        }
        self.samples = samples
    }

    /// The sum of all series of a name that have these labels.
    func sum(_ name: String, _ labels: [String: String] = [:]) -> Double {
        samples.filter { sample in
            sample.name == name && labels.allSatisfy { sample.labels[$0.key] == $0.value }
        }
        .reduce(0) { $0 + $1.value }
    }

    /// The metric that a name in a query belongs to: a histogram stands under three names.
    func metric(of name: String) -> String? {
        if kinds[name] != nil { return name }
        for suffix in ["_bucket", "_sum", "_count"] where name.hasSuffix(suffix) {
            let base = String(name.dropLast(suffix.count))
            if kinds[base] == "histogram" { return base }
        }
        return nil
    }
}
