package import Crypto

/// A bucket of an object store that speaks S3, for audio.
package struct S3Configuration: Sendable, Equatable {
    /// How a bucket stands in a URL.
    package enum Style: String, Sendable, CaseIterable {
        case path
        case virtualHost = "virtual_host"
    }

    /// How audio gets to those who ask for it.
    package enum Delivery: String, Sendable, CaseIterable {
        /// Through the gateway.
        case proxy
        /// By an address of the store that is good for a time.
        case redirect
    }

    /// Who removes audio that no task has.
    package enum Removal: String, Sendable, CaseIterable {
        case gateway
        /// Nobody here: the bucket has rules of its own.
        case bucket
    }

    /// Where the store is, without a slash at its end; `nil` for Amazon's, in the region.
    package var endpoint: String?
    package var region = ""
    package var bucket = ""
    /// What every key begins with.
    package var prefix = ""
    package var style = Style.virtualHost
    package var accessKeyID = Secret("")
    package var secretAccessKey = Secret("")
    /// The third part of credentials that end by themselves.
    package var sessionToken: Secret<String>?
    /// A PEM file with the authorities that may vouch for the store; `nil` for the system's.
    package var ca: String?
    package var deliver = Delivery.proxy
    /// How long an address is good that somebody is redirected to.
    package var presignFor: Duration = .seconds(300)
    /// The store as callers see it; `nil` for as the gateway does.
    package var publicEndpoint: String?
    /// Audio longer than that is sent in parts, in bytes.
    package var multipartAbove = 16 << 20
    /// The length of a part, in bytes.
    package var partSize = 8 << 20
    package var removal = Removal.gateway

    /// The defaults; useless without a bucket and credentials.
    package init() {}

    /// Where the store is.
    package var address: String { endpoint ?? "https://s3.\(region).amazonaws.com" }
}
