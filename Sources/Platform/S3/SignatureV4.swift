import Crypto
import HTTP

/// The rules of AWS Signature Version 4, as S3 has them: a request, a time and credentials in, a signature out.
///
/// Nothing here reads a clock or sends anything. In S3 a path is encoded once and never normalized.
package struct SignatureV4: Sendable {
    /// What is signed of a request, before any encoding.
    package struct Subject: Sendable {
        package var method: String
        /// The path, percent-encoded already.
        package var path: String
        /// Names and values of the query, not encoded.
        package var query: [(name: String, value: String)]
        /// Every field that is signed, `host` among them.
        package var fields: [(name: String, value: String)]
        /// The content's SHA-256 in hexadecimal digits, or `UNSIGNED-PAYLOAD`.
        package var payload: String

        /// A request by its parts.
        package init(
            method: String,
            path: String,
            query: [(name: String, value: String)] = [],
            fields: [(name: String, value: String)],
            payload: String
        ) {
            self.method = method
            self.path = path
            self.query = query
            self.fields = fields
            self.payload = payload
        }
    }

    /// What stands for a content that is not signed.
    package static let unsigned = "UNSIGNED-PAYLOAD"
    /// What stands for no content.
    package static let empty = SHA256.hash([]).hex
    private static let algorithm = "AWS4-HMAC-SHA256"

    package let region: String
    package let service: String

    /// The rules for a region of a service.
    package init(region: String, service: String = "s3") {
        self.region = region
        self.service = service
    }

    // MARK: Results

    /// The value of `Authorization`.
    package func authorization(_ subject: Subject, at time: AmzTimestamp, _ credentials: S3Credentials)
        -> String
    {
        let names = Self.fields(subject.fields).names
        let signature = signature(subject, at: time, credentials)
        let account = credentials.accessKeyID.reveal { $0 }
        return
            "\(Self.algorithm) Credential=\(account)/\(scope(time)),SignedHeaders=\(names),Signature=\(signature)"
    }

    /// The query of a URL that may be used by whoever has it, until so many seconds after `time`.
    ///
    /// The subject's query is that of the request without the signature; its payload is not looked at.
    package func presignedQuery(
        _ subject: Subject,
        at time: AmzTimestamp,
        for seconds: Int,
        _ credentials: S3Credentials
    ) -> String {
        var subject = subject
        subject.payload = Self.unsigned
        subject.query += [
            ("X-Amz-Algorithm", Self.algorithm),
            ("X-Amz-Credential", "\(credentials.accessKeyID.reveal { $0 })/\(scope(time))"),
            ("X-Amz-Date", "\(time)"),
            ("X-Amz-Expires", "\(seconds)"),
            ("X-Amz-SignedHeaders", Self.fields(subject.fields).names),
        ]
        if let token = credentials.sessionToken {
            subject.query.append(("X-Amz-Security-Token", token.reveal { $0 }))
        }
        let signature = signature(subject, at: time, credentials)
        return Self.query(subject.query) + "&X-Amz-Signature=\(signature)"
    }

    // MARK: Steps

    /// The request in the one form that both sides come to.
    package func canonicalRequest(_ subject: Subject) -> String {
        let fields = Self.fields(subject.fields)
        return [
            subject.method, subject.path, Self.query(subject.query), fields.lines, fields.names,
            subject.payload,
        ].joined(separator: "\n")
    }

    /// What the key is used on.
    package func stringToSign(_ subject: Subject, at time: AmzTimestamp) -> String {
        [Self.algorithm, "\(time)", scope(time), SHA256.hash(canonicalRequest(subject)).hex]
            .joined(separator: "\n")
    }

    /// The signature itself, in hexadecimal digits.
    package func signature(_ subject: Subject, at time: AmzTimestamp, _ credentials: S3Credentials) -> String
    {
        let first = credentials.secretAccessKey.reveal { Array("AWS4\($0)".utf8) }
        let key = [time.day, region, service, "aws4_request"].reduce(first) { key, word in
            HMACSHA256.authenticate(Array(word.utf8), key: key).bytes
        }
        return HMACSHA256.authenticate(Array(stringToSign(subject, at: time).utf8), key: key).hex
    }

    private func scope(_ time: AmzTimestamp) -> String { "\(time.day)/\(region)/\(service)/aws4_request" }

    /// Pairs encoded, sorted by their encoded names and joined.
    static func query(_ pairs: [(name: String, value: String)]) -> String {
        pairs.map { (PercentEncoding.encode($0.name), PercentEncoding.encode($0.value)) }
            .sorted { $0 < $1 }
            .map { "\($0)=\($1)" }.joined(separator: "&")
    }

    /// A path with everything encoded but its slashes.
    static func path(_ path: String) -> String {
        path.split(separator: "/", omittingEmptySubsequences: false)
            .map { PercentEncoding.encode(String($0)) }.joined(separator: "/")
    }

    /// Lower-case names in order, each with its value; each line ends with a line break.
    private static func fields(_ fields: [(name: String, value: String)]) -> (lines: String, names: String) {
        let sorted = fields.map { ($0.name.asciiLowercased, trimmed($0.value)) }.sorted { $0.0 < $1.0 }
        return (
            sorted.map { "\($0):\($1)\n" }.joined(), sorted.map(\.0).joined(separator: ";")
        )
    }

    /// Without blanks at the ends, and with one space where there are several.
    private static func trimmed(_ value: String) -> String {
        value.split { $0 == " " || $0 == "\t" }.joined(separator: " ")
    }
}
