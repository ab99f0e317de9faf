/// One field of one secret, as the server has it.
package struct SecretName: Sendable, Hashable, CustomStringConvertible {
    /// Where the KV engine (version 2) is mounted.
    package let mount: String
    /// The secret below it.
    package let path: String
    /// One of its fields.
    package let field: String

    /// A field by its place.
    package init(mount: String, path: String, field: String) {
        self.mount = mount
        self.path = path
        self.field = field
    }

    /// `mount/path#field`.
    package var description: String { "\(mount)/\(path)#\(field)" }

    var secret: Secret { Secret(mount: mount, path: path) }

    /// A secret with all its fields: what one call reads.
    struct Secret: Hashable {
        let mount: String
        let path: String
    }
}
