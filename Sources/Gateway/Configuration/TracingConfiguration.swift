package import Crypto

/// Which traces are recorded, and where they go.
package struct TracingConfiguration: Sendable, Equatable {
    /// The part of the traces that begin here which is recorded, 0–1; a trace that comes with a request was decided
    /// about by whoever began it.
    package var sample = 1.0
    /// Whether vendors are told of the trace that their calls belong to.
    package var propagatesUpstream = false
    /// What the spans are told under: `service.name`.
    package var service = "soundgate"
    /// The collector.
    package var otlp = OTLPConfiguration()

    /// The defaults; useless without a collector.
    package init() {}
}

/// A collector that takes OTLP over HTTP in JSON.
package struct OTLPConfiguration: Sendable, Equatable {
    /// The whole URL, as `https://collector.internal.example/v1/traces`.
    package var endpoint = ""
    /// Fields of each request by their names; their values may be secret.
    package var headers: [String: Secret<String>] = [:]
    /// A PEM file with the authorities that may vouch for the collector; `nil` for the system's.
    package var ca: String?

    /// The defaults; useless without an endpoint.
    package init() {}
}
