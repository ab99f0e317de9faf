import HTTP
import HTTPClient

/// A gateway that gave no answer.
struct Unreachable: Error {
    let origin: HTTPURL
    let failure: TransportFailure

    /// What a person is told: where nobody answers, and what to do.
    var commandFailure: CommandFailure {
        let isAbsent = failure.reason == .connect || failure.reason == .resolve
        let advice =
            if isAbsent {
                "Start one with \"soundgate serve\", or say where it is with --server URL."
            } else if failure.reason == .tls {
                "Name who vouches for the gateway's certificate with --ca FILE, or check the URL."
            } else {
                "See the gateway's log, or try again."
            }
        return CommandFailure(
            .unavailable,
            "no gateway answers at \(origin.origin) (\(failure.message))\n\(advice)"
        )
    }
}
