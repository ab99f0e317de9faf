package import HTTP

/// A call that ended without a complete answer.
package struct TransportFailure: Error, Sendable {
    package let delivery: Delivery
    package let reason: Reason
    /// What happened, for a log: never the request's fields, query or body.
    package let message: String
    /// libcurl's own result, 0 when the client itself ended the call.
    package let curlCode: Int
    /// The answer's status when its head was complete.
    package let status: Status?

    /// Whether the peer may have seen the request.
    package enum Delivery: Sendable, Equatable {
        /// Nothing of the request has left: it is safe to send it elsewhere, or again.
        case notSent
        /// Something may have left and no complete answer was read: the peer may or may not have acted.
        case unknown
    }

    /// What ended the call.
    package enum Reason: Sendable, Equatable {
        case badURL
        /// A field, method or option that cannot be sent.
        case badRequest
        case resolve
        case connect
        /// The address policy admitted none of the host's addresses.
        case addressRefused
        case tls
        case timeout(Phase)
        /// The peer closed or reset before the answer's head was complete.
        case closed
        /// The answer's head was complete, its content was not.
        case truncated
        case tooLarge
        /// The answer is not HTTP, or its head breaks the limits.
        case malformed
        case tooManyRedirects
        /// The sink refused the answer or failed to take it.
        case sink
        case cancelled
        /// The client is shut down, or libcurl has no memory or an internal fault.
        case unavailable
    }

    /// The part of a call that took too long.
    package enum Phase: Sendable, Equatable {
        case connect, send, firstByte, stall, total
    }

    /// How the message begins where the peer's certificate does not hold; what follows may be shown to anybody.
    package static let distrust = "the certificate of "

    /// A failure as found.
    package init(
        _ delivery: Delivery,
        _ reason: Reason,
        _ message: String,
        curlCode: Int = 0,
        status: Status? = nil
    ) {
        self.delivery = delivery
        self.reason = reason
        self.message = message
        self.curlCode = curlCode
        self.status = status
    }
}

extension TransportFailure: CustomStringConvertible {
    package var description: String {
        let place = delivery == .notSent ? "not sent" : "outcome unknown"
        return "\(message) (\(place)\(status.map { ", status \($0.code)" } ?? ""))"
    }
}
