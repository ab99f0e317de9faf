package import HTTP

/// What a store tells of an object.
package struct S3Object: Sendable, Equatable {
    package let key: String
    /// In bytes.
    package let size: Int64
    /// By the store's clock, to the second.
    package let modified: HTTPDate
    /// The content's SHA-256 in hexadecimal digits, where whoever put it there said so.
    package let sha256: String?
    /// The store's clock when it told this; `nil` in a list.
    package let told: HTTPDate?

    /// An object by its parts.
    package init(
        key: String,
        size: Int64,
        modified: HTTPDate,
        sha256: String? = nil,
        told: HTTPDate? = nil
    ) {
        self.key = key
        self.size = size
        self.modified = modified
        self.sha256 = sha256
        self.told = told
    }
}

/// A part of a list of objects.
package struct S3Page: Sendable, Equatable {
    package var objects: [S3Object]
    /// What the next part is asked for with; `nil` for the last one.
    package var next: String?
    /// The store's clock when it told this.
    package var told: HTTPDate?
}

extension S3Object {
    /// The field that the content's hash is kept in.
    static let hashField = "x-amz-meta-sha256"

    /// An object from the answer to a `HEAD`.
    init?(key: String, _ fields: Fields) {
        guard let size = fields["content-length"].flatMap({ Int64($0) }), size >= 0,
            let modified = fields["last-modified"].flatMap({ HTTPDate(parsing: $0) })
        else { return nil }
        self.init(
            key: key,
            size: size,
            modified: modified,
            sha256: fields[Self.hashField],
            told: fields["date"].flatMap { HTTPDate(parsing: $0) }
        )
    }
}

extension S3Page {
    /// A part of a list from the answer's document.
    init?(_ document: XMLElement, told: HTTPDate?) {
        guard document.name == "ListBucketResult" else { return nil }
        var objects: [S3Object] = []
        for entry in document.all("Contents") {
            guard let key = entry.text(of: "Key"), let size = entry.text(of: "Size").flatMap({ Int64($0) }),
                let modified = entry.text(of: "LastModified").flatMap(Self.date)
            else { return nil }
            objects.append(S3Object(key: key, size: size, modified: modified))
        }
        let isCut = document.text(of: "IsTruncated") == "true"
        let next = document.text(of: "NextContinuationToken")
        guard !isCut || next != nil else { return nil }
        self.init(objects: objects, next: isCut ? next : nil, told: told)
    }

    /// `2009-10-12T17:50:30.000Z`.
    private static func date(_ text: String) -> HTTPDate? {
        let parts = text.split { $0 == "-" || $0 == "T" || $0 == "." || $0 == "Z" }
        let months = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ]
        guard text.hasSuffix("Z"), 4...5 ~= parts.count, let month = Int(parts[1]), 1...12 ~= month else {
            return nil
        }
        return HTTPDate(parsing: "Thu, \(parts[2]) \(months[month - 1]) \(parts[0]) \(parts[3]) GMT")
    }
}
