/// Reads why a connection could not be made out of libpq's text, without quoting from it.
///
/// The text names hosts, users and parts of the URL; where a password was written with a `/` or an `@` in it, those are
/// parts of the password.
enum ConnectFailure {
    static func error(of text: String) -> PostgresError {
        // With PQERRORS_SQLSTATE the server's own report is `FATAL:  28P01`, at the end.
        if let code = sqlState(in: text) {
            let said = SQLState.meaning(of: code)
            return PostgresError(.noConnection, "no connection to PostgreSQL: \(said)", sqlState: code)
        }
        let reason = reasons.first { text.contains($0.sign) }?.reason ?? "the attempt failed"
        return PostgresError(.noConnection, "no connection to PostgreSQL: \(reason)")
    }

    private static func sqlState(in text: String) -> String? {
        for sign in ["FATAL:  ", "PANIC:  ", "ERROR:  "] {
            guard let start = text.utf8.lastRange(of: sign) else { continue }
            let code = text.utf8[start.upperBound...].prefix(5)
            let isCode =
                code.count == 5
                && code.allSatisfy {
                    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                        || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0)
                }
            if isCode { return String(decoding: code, as: UTF8.self) }
        }
        return nil
    }

    private static let reasons: [(sign: String, reason: String)] = [
        ("session is read-only", "the server only reads"),
        ("server is in hot standby mode", "the server only reads"),
        ("session is not read-only", "the server is not one that only reads"),
        ("server is not in hot standby mode", "the server is not one that only reads"),
        ("certificate verify failed", "its certificate is not to be trusted"),
        ("does not match host name", "its certificate is for another name"),
        ("could not get server's host name", "its certificate is for another name"),
        ("root certificate file", "the file of trusted certificates cannot be read"),
        ("certificate file", "the client's certificate cannot be used"),
        ("private key file", "the client's private key cannot be used"),
        ("server does not support SSL", "the server does not speak TLS"),
        ("SSL", "TLS failed"),
        ("no password supplied", "the server asks for a password, and there is none"),
        ("authentication method", "the server asks for a way to authenticate that is not to be had"),
        ("could not translate host name", "its name cannot be resolved"),
        ("Connection refused", "connection refused"),
        ("Connection timed out", "no answer in time"),
        ("timeout expired", "no answer in time"),
        ("No route to host", "no route to the host"),
        ("Network is unreachable", "the network is unreachable"),
        ("Connection reset by peer", "connection reset"),
        ("No such file or directory", "there is no such socket"),
        ("Permission denied", "the socket's permissions do not allow it"),
        ("server closed the connection unexpectedly", "the server closed the connection"),
        ("received invalid response", "that is no PostgreSQL server"),
        ("invalid", "the URL holds what libpq does not take"),
    ]
}

extension String.UTF8View {
    /// Where a text stands for the last time.
    fileprivate func lastRange(of text: String) -> Range<Index>? {
        let wanted = Array(text.utf8)
        var start = endIndex
        while true {
            if self[start...].starts(with: wanted) {
                return start..<index(start, offsetBy: wanted.count)
            }
            guard start > startIndex else { return nil }
            start = index(before: start)
        }
    }
}
