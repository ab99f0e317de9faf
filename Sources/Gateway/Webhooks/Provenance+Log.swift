package import Sound
package import Telemetry

extension Provenance {
    /// What a line of the log says of whatever is done for a request: its id, and that of its trace.
    package var logFields: LogFields {
        let trace = TraceContext(traceparent: traceparent)?.trace
        return ["request_id": "\(requestID)", "trace_id": trace.map { "\($0)" }]
    }
}
