package import HTTP
import HTTPClient

/// Why a store did not do what it was asked for.
///
/// The description never holds a key, a signature or a URL's query.
package struct S3Error: Error, Sendable, Equatable, CustomStringConvertible {
    /// What it means for whoever asked.
    package enum Kind: String, Sendable, Equatable {
        /// There is no such object.
        case missing
        /// There is no such bucket.
        case noBucket = "no_bucket"
        /// The credentials are wrong, have ended, or may not do this.
        case denied
        /// The store is too busy, has failed, or cannot be reached: later it may work.
        case unavailable
        /// What arrived is not what was sent, or what came is not what was kept.
        case damaged
        /// The answer is none that a store gives.
        case malformed
        /// The caller's own side failed: a file that cannot be read, or a sink.
        case local
        /// The caller no longer wants it.
        case cancelled
        /// Anything else that it refused.
        case refused
    }

    package let kind: Kind
    /// The store's own word, as `SlowDown`; `nil` when it gave none.
    package let code: String?
    package let status: Status?
    package let message: String
    /// How long the store wants to be left alone.
    package let retryAfter: Duration?

    /// A failure by its parts.
    package init(
        _ kind: Kind,
        _ message: String,
        code: String? = nil,
        status: Status? = nil,
        retryAfter: Duration? = nil
    ) {
        self.kind = kind
        self.message = message
        self.code = code
        self.status = status
        self.retryAfter = retryAfter
    }

    /// Whether the same call may succeed in a moment.
    package var isTransient: Bool { kind == .unavailable || kind == .damaged }

    /// Whether the store holds the request's time for wrong.
    package var isSkewed: Bool {
        code == "RequestTimeTooSkewed"
            || (code == "AccessDenied" && message.asciiLowercased.contains("expired"))
    }

    package var description: String {
        let facts = [status.map { "status \($0.code)" }, code].compactMap(\.self)
        return facts.isEmpty ? message : "\(message) (\(facts.joined(separator: ", ")))"
    }
}

extension S3Error {
    /// A refusal as it came: by its code where it has one, else by its status.
    ///
    /// Of the body only the code and the message are read: for a wrong signature it holds what was signed.
    init(_ status: Status, _ fields: Fields, body: [UInt8]) {
        let error = (try? XMLElement(parsing: body)).flatMap { $0.name == "Error" ? $0 : nil }
        let code = error?.text(of: "Code").map { String($0.prefix(64)) }
        let message = error?.text(of: "Message").map { String($0.prefix(200)) }
        self.init(
            Self.kind(code, status),
            message ?? "the store refused it",
            code: code,
            status: status,
            retryAfter: fields["retry-after"].flatMap { Int64($0) }.map { .seconds(min(max($0, 0), 3600)) }
        )
    }

    /// A call that ended without an answer.
    init(_ failure: TransportFailure) {
        switch failure.reason {
        case .cancelled: self.init(.cancelled, failure.message)
        case .sink: self.init(.local, failure.message, status: failure.status)
        case .badURL, .badRequest, .addressRefused: self.init(.refused, failure.message)
        // A certificate does not become better within seconds, but it may within minutes.
        case .tooLarge, .malformed: self.init(.malformed, failure.message, status: failure.status)
        default: self.init(.unavailable, failure.message, status: failure.status)
        }
    }

    private static func kind(_ code: String?, _ status: Status) -> Kind {
        switch code {
        case "NoSuchKey", "NoSuchUpload", "NoSuchVersion": return .missing
        case "NoSuchBucket": return .noBucket
        case "BadDigest", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch", "IncompleteBody",
            "InvalidDigest":
            return .damaged
        case "SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout", "OperationAborted",
            "Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequests", "503 SlowDown":
            return .unavailable
        default: break
        }
        return switch status.code {
        case 404: .missing
        case 401, 403: .denied
        case 408, 429, 500...: .unavailable
        default: .refused
        }
    }
}
