import HTTP
package import HTTPServer
import Telemetry
import Threads

/// What is measured at the front: answers, who is turned away and why, who waits.
///
/// No label holds anything that a client chose: routes are patterns, methods and codes are the gateway's own words.
struct FrontMetrics: Sendable {
    /// From the end of a request's head to the end of its answer; a wait that was asked for is part of it.
    private let duration: MetricFamily<Histogram>
    private let known = Guarded<[Place: Histogram]>([:])
    /// Bytes of answers' bodies.
    private let bytes: Counter
    /// Requests that could not be read.
    private let malformed: MetricFamily<Counter>
    /// Requests whose handler is at work.
    let inFlight: Gauge
    /// Answers that were problems, by their code.
    let problems: MetricFamily<Counter>
    /// What limits that are not enforced would have refused.
    let spared: MetricFamily<Counter>
    private let waiting: Gauge
    private let refusedWaits: Counter
    private let mostTasks: Gauge

    init(_ registry: MetricRegistry) {
        duration = registry.histogram(
            "soundgate_http_request_duration_seconds",
            "Time from the end of a request's head to the end of its answer; waits that were asked for count.",
            labels: ["method", "route", "status_class"],
            buckets: .answers
        )
        bytes =
            registry.counter("soundgate_http_response_body_bytes_total", "Bytes of answers' bodies.")[]
        malformed = registry.counter(
            "soundgate_http_malformed_requests_total",
            "Requests that could not be read, by the status they got.",
            labels: ["code"]
        )
        inFlight =
            registry.gauge(
                "soundgate_http_requests_in_flight",
                "Requests whose answer has not begun yet."
            )[]
        problems = registry.counter(
            "soundgate_http_problems_total",
            "Answers that were problems, by their code: who was refused, and why.",
            labels: ["code"]
        )
        spared = registry.counter(
            "soundgate_limits_spared_total",
            "Requests that a limit which is not enforced would have refused, by code.",
            labels: ["code"]
        )
        waiting =
            registry.gauge("soundgate_http_waits", "Event streams and waits for a task's end under way.")[]
        refusedWaits =
            registry.counter(
                "soundgate_http_waits_refused_total",
                "Event streams that were refused, and waits that were answered at once, for want of a place."
            )[]
        mostTasks =
            registry.gauge(
                "soundgate_tasks_limit",
                "Tasks that may be under way before new ones are refused."
            )[]
    }

    /// Has who waits looked up whenever somebody asks, and how many tasks there may be.
    func watch(_ waits: WaitBook, mostTasks most: @escaping @Sendable () -> Int, in registry: MetricRegistry)
    {
        registry.collect { [waiting, refusedWaits, mostTasks] in
            waiting.set(Double(waits.count))
            refusedWaits.follow(waits.refusals)
            mostTasks.set(Double(most()))
        }
    }

    /// Takes in an answer that was sent, or cut off.
    func take(_ record: AccessRecord) {
        bytes.add(record.bytes)
        guard let method = record.method else { return malformed["\(record.status.code)"].add() }
        let place = Place(
            route: record.route,
            method: Self.methods.firstIndex(of: method) ?? Self.methods.count,
            family: min(record.status.code / 100, 9)
        )
        series(place).observe(record.duration)
    }

    /// Where an answer is counted: one text to hash instead of three, for every request passes here.
    private struct Place: Hashable {
        let route: String?
        /// Methods are tokens of the client's choice: those that nobody answers are one.
        let method: Int
        let family: Int
    }

    private static let methods: [Method] = [.get, .post, .delete, .head, .options, .put, .patch]

    private func series(_ place: Place) -> Histogram {
        known.withLock { known in
            if let series = known[place] { return series }
            let isKnown = Self.methods.indices.contains(place.method)
            let method = isKnown ? Self.methods[place.method].rawValue : "other"
            let series = duration[method, place.route ?? "none", "\(place.family)xx"]
            known[place] = series
            return series
        }
    }
}

extension Gateway {
    /// Takes in an answer that the server has sent.
    package func answered(_ record: AccessRecord) { measures.take(record) }
}
