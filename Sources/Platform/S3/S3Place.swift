package import HTTP

/// Where the objects are: an endpoint, and a bucket there.
package struct S3Place: Sendable, Equatable {
    /// How a bucket stands in a URL.
    package enum Style: String, Sendable, CaseIterable {
        /// `https://host/bucket/key`: what most stores other than Amazon's want.
        case path
        /// `https://bucket.host/key`.
        case virtualHost = "virtual_host"
    }

    package var endpoint: HTTPURL
    package var region: String
    package var bucket: String
    package var style: Style

    /// A bucket by where it is.
    package init(endpoint: HTTPURL, region: String, bucket: String, style: Style) {
        self.endpoint = endpoint
        self.region = region
        self.bucket = bucket
        self.style = style
    }

    /// Scheme, host and port, the default port left out.
    package var origin: String { "\(endpoint.scheme.rawValue)://\(host)" }

    /// What stands in `Host`.
    package var host: String {
        let port = endpoint.port == endpoint.scheme.defaultPort ? nil : endpoint.port
        let name = style == .path ? endpoint.host : "\(bucket).\(endpoint.host)"
        return Authority(host: name, port: port).description
    }

    /// The encoded path of an object; of the bucket itself without a key.
    package func path(_ key: String?) -> String {
        var path = endpoint.path
        while path.hasSuffix("/") { path.removeLast() }
        if style == .path { path += "/\(PercentEncoding.encode(bucket))" }
        return key.map { "\(path)/\(SignatureV4.path($0))" } ?? (path.isEmpty ? "/" : path)
    }
}
