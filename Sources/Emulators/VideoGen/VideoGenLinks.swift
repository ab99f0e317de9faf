import Crypto

/// Signs links to files, and knows its own.
struct VideoGenLinks: Sendable {
    private let key = randomBytes(32)

    /// The path and query of a link that holds until a date in Unix seconds.
    func target(_ fileID: String, until expiry: Int64) -> String {
        "/signed/\(fileID).mp3?expires=\(expiry)&signature=\(signature(fileID, expiry))"
    }

    /// Whether the link is ours and holds at a date in Unix seconds.
    func isValid(_ fileID: String, expires: String?, signature: String?, at now: Int64) -> Bool {
        guard let expiry = expires.flatMap({ Int64($0) }), let signature else { return false }
        return constantTimeEquals(signature, self.signature(fileID, expiry)) && now < expiry
    }

    private func signature(_ fileID: String, _ expiry: Int64) -> String {
        HMACSHA256.authenticate(Array("\(fileID).\(expiry)".utf8), key: key).hex
    }
}
