package import Crypto

/// What an account of a store is known by.
package struct S3Credentials: Sendable, Equatable {
    package var accessKeyID: Secret<String>
    package var secretAccessKey: Secret<String>
    /// The third part of credentials that end by themselves.
    package var sessionToken: Secret<String>?

    /// Credentials from their parts.
    package init(
        accessKeyID: Secret<String>,
        secretAccessKey: Secret<String>,
        sessionToken: Secret<String>? = nil
    ) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
    }
}
