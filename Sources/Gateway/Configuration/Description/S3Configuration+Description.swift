import Crypto
import JSON
import YAML

extension S3Configuration {
    /// The keys of `assets.s3`.
    static var section: Section<S3Configuration> {
        Section("A bucket of an object store that speaks S3.", S3Configuration(), place + secrets + manner)
    }

    private static var place: [Field<S3Configuration>] {
        [
            Field(
                "endpoint",
                \.endpoint,
                .webAddress,
                "Where the store is, as https://minio.internal.example:9000; Amazon's in the region when not set",
                needsRestart: true
            ),
            Field(
                "region",
                \.region,
                .text,
                "The region that calls are signed for, as eu-central-1; for most other stores us-east-1",
                required: true,
                needsRestart: true
            ),
            Field(
                "bucket",
                \.bucket,
                .bucket,
                "The bucket, which must exist",
                required: true,
                needsRestart: true
            ),
            Field(
                "prefix",
                \.prefix,
                .keyPrefix,
                "What every key begins with, as audio/; nothing else may be under it",
                needsRestart: true
            ),
            Field(
                "style",
                \.style,
                .choice(what: "a style"),
                "Where the bucket stands in a URL: virtual_host (bucket.host) or path (host/bucket)",
                needsRestart: true
            ),
            Field(
                "ca",
                \.ca,
                .authorityFile,
                "A PEM file of authorities to trust for the store instead of the system's; a relative path starts at this "
                    + "file's folder",
                needsRestart: true
            ),
        ]
    }

    private static var secrets: [Field<S3Configuration>] {
        [
            Field("access_key_id", \.accessKeyID, .storeSecret, "The account's key", required: true),
            Field("secret_access_key", \.secretAccessKey, .storeSecret, "Its secret", required: true),
            Field("session_token", \.sessionToken, .storeSecret, "The third part of temporary credentials"),
        ]
    }

    private static var manner: [Field<S3Configuration>] {
        [
            Field(
                "deliver",
                \.deliver,
                .choice(what: "a way of delivery"),
                "How audio gets to those who ask: proxy (through the gateway) or redirect (307 to a signed address)"
            ),
            Field(
                "presign_for",
                \.presignFor,
                .duration(in: .seconds(10) ... .seconds(7 * 86_400)),
                "How long a signed address is good"
            ),
            Field(
                "public_endpoint",
                \.publicEndpoint,
                .webAddress,
                "The store as callers see it, for signed addresses; the endpoint when not set"
            ),
            Field(
                "multipart_above",
                \.multipartAbove,
                .size(in: (5 << 20)...(1 << 30)),
                "Longer audio is sent in parts",
                needsRestart: true
            ),
            Field(
                "part_size",
                \.partSize,
                .size(in: (5 << 20)...(256 << 20)),
                "The length of such a part; some of them are in memory at once",
                needsRestart: true
            ),
            Field(
                "removal",
                \.removal,
                .choice(what: "who removes audio"),
                "Who removes audio that no task has: gateway, or bucket (rules of the bucket's own; the gateway removes nothing)"
            ),
        ]
    }
}

extension Shape<S3Configuration> {
    /// The section, with what belongs together.
    static var bucketSection: Shape {
        Shape.section(S3Configuration.section).checked { store, path, reader in
            guard !reader.hasProblem(within: path) else { return }
            if store.style == .virtualHost, store.bucket.contains("."), store.address.hasPrefix("https://") {
                reader.report(
                    reader.position(of: "\(path).bucket"),
                    "\(path).bucket",
                    "has a dot, so that no certificate holds for bucket.host",
                    remedy: "set style: path"
                )
            }
            for (key, address) in [("endpoint", store.endpoint), ("public_endpoint", store.publicEndpoint)] {
                guard let address, store.style == .virtualHost, Self.isAddress(address) else { continue }
                reader.report(
                    reader.position(of: "\(path).\(key)"),
                    "\(path).\(key)",
                    "is an address, before which no bucket can stand",
                    remedy: "set style: path"
                )
            }
        }
    }

    /// Whether a URL's host is an address, not a name.
    private static func isAddress(_ url: String) -> Bool {
        let authority = url.drop { $0 != "/" }.dropFirst(2).prefix { $0 != "/" }
        let host = authority.prefix { $0 != ":" }
        return authority.hasPrefix("[") || (!host.isEmpty && host.allSatisfy { $0.isNumber || $0 == "." })
    }
}

extension Shape<String> {
    /// A bucket's name.
    fileprivate static var bucket: Shape {
        .parsed(
            schema: ["type": "string", "pattern": "^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"],
            rendered: { .string($0) }
        ) { text throws(Malformed) in
            let bytes = Array(text.utf8)
            let isPlain = { (byte: UInt8) in (48...57).contains(byte) || (97...122).contains(byte) }
            guard (3...63).contains(bytes.count), isPlain(bytes[0]), isPlain(bytes[bytes.count - 1]),
                bytes.allSatisfy({ isPlain($0) || $0 == 45 || $0 == 46 })
            else {
                throw Malformed("is not a bucket's name", remedy: "use 3 to 63 of a-z, 0-9, '.' and '-'")
            }
            return text
        }
    }

    /// The beginning of keys: names and slashes.
    fileprivate static var keyPrefix: Shape {
        Shape(
            schema: ReferenceSchema.or([
                "type": "string", "pattern": "^([A-Za-z0-9._-][A-Za-z0-9._/-]{0,199})?$",
            ]),
            rendered: { .string($0) }
        ) { node, path, reader in
            guard let text = reader.text(node, path)?.text else { return nil }
            let isPlain = text.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (97...122).contains(byte | 0x20)
                    || [45, 46, 47, 95].contains(byte)
            }
            let parts = text.split(separator: "/")
            guard text.utf8.count <= 200, isPlain, !text.hasPrefix("/"), !text.contains("//"),
                !parts.contains("."), !parts.contains("..")
            else {
                reader.report(
                    node.position,
                    path,
                    "is no beginning of a key",
                    remedy: "use letters, digits, '.', '-', '_' and '/', as in audio/"
                )
                return nil
            }
            return text
        }
    }
}

extension Shape<Secret<String>> {
    /// A part of an account's credentials, which no message ever shows.
    fileprivate static var storeSecret: Shape {
        Shape(schema: ReferenceSchema.orSecret(["type": "string", "minLength": 1])) { node, path, reader in
            guard let secret = reader.secret(node, path) else { return nil }
            let isPlain = secret.withBytes { bytes in
                bytes.withUnsafeBytes { $0.allSatisfy { (0x21...0x7E).contains($0) } && !$0.isEmpty }
            }
            guard isPlain else {
                reader.report(
                    node.position,
                    path,
                    "is empty, or holds spaces, line breaks or other characters that no key has",
                    remedy: "check what was pasted"
                )
                return nil
            }
            return secret
        }
    }
}
