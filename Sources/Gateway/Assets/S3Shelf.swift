import Glibc
package import HTTP
package import S3
package import Sound
package import Threads

/// A bucket of a store that speaks S3, as a shelf: `PREFIXab/abcdef….mp3`.
package struct S3Shelf: AssetShelf {
    /// How the audio gets to those who ask for it.
    package enum Delivery: Sendable, Equatable {
        /// Through the gateway.
        case proxied
        /// From the store, by an address that is good for so long.
        case redirected(for: Duration)
    }

    /// What may change while the gateway runs.
    package struct Manner: Sendable, Equatable {
        package var delivery: Delivery
        /// The store as callers see it; `nil` for as the gateway does.
        package var publicPlace: S3Place?
        /// Whether gateways remove audio.
        package var isCleared: Bool

        /// A manner by its parts.
        package init(delivery: Delivery = .proxied, publicPlace: S3Place? = nil, isCleared: Bool = true) {
            self.delivery = delivery
            self.publicPlace = publicPlace
            self.isCleared = isCleared
        }
    }

    private let client: S3Client
    private let prefix: String
    private let pool: WorkerPool
    private let manner: Guarded<Manner>

    /// A shelf in the client's bucket.
    ///
    /// Every key begins with the prefix, which has a slash at its end where one is wanted; files are read on the pool.
    package init(client: S3Client, prefix: String, pool: WorkerPool, manner: Manner = Manner()) {
        self.client = client
        self.prefix = prefix
        self.pool = pool
        self.manner = Guarded(manner)
    }

    package var name: String { "s3://\(client.settings.place.bucket)/\(prefix)" }

    package var isCleared: Bool { manner.withLock(\.isCleared) }

    /// Goes by others from now on.
    package func adopt(_ credentials: S3Credentials, _ manner: Manner) {
        client.adopt(credentials)
        self.manner.withLock { $0 = manner }
    }

    /// Looks whether the store answers and knows us.
    package func check() async throws(ShelfError) {
        try await withShelf { () throws(S3Error) in _ = try await client.list(prefix, most: 1) }
    }

    // MARK: Putting and removing

    package func put(_ asset: AssetRecord, from path: String) async throws(ShelfError) {
        let pool = pool
        let content = S3Content(
            size: asset.bytes,
            sha256: asset.sha256,
            type: asset.format.contentType
        ) { range in
            try await pool.run { try Self.bytes(of: path, range) }
        }
        try await withShelf { () throws(S3Error) in try await client.put(key(of: asset), content) }
    }

    package func holds(_ asset: AssetRecord) async throws(ShelfError) -> Bool {
        let object = try await withShelf { () throws(S3Error) in try await client.head(key(of: asset)) }
        guard let object else { return false }
        return object.size == asset.bytes && object.sha256 ?? asset.sha256 == asset.sha256
    }

    package func remove(
        _ asset: AssetRecord,
        unless isWanted: @Sendable () async throws -> Bool
    ) async throws(ShelfError) {
        let key = key(of: asset)
        let object = try await withShelf { () throws(S3Error) in try await client.head(key) }
        guard let object else { return }
        guard let told = object.told else {
            throw ShelfError(.refused, "the store does not tell the time, so nothing can be removed safely")
        }
        do {
            if try await isWanted() { return }
        } catch {
            throw ShelfError(.unavailable, "nobody could tell whether it is wanted: \(error)")
        }
        // Signed with the time from before the question: when it is too late, the store itself refuses.
        try await withShelf { () throws(S3Error) in
            try await client.delete(key, told: told, within: ShelfTimes.removal)
        }
    }

    // MARK: Reading

    package func page(under byte: UInt8, after: String?) async throws(ShelfError) -> ShelfPage {
        let page = try await withShelf { () throws(S3Error) in
            try await client.list("\(prefix)\(Self.folder(byte))/", after: after)
        }
        return ShelfPage(
            files: page.objects.compactMap(file),
            next: page.next,
            now: page.told.map(Moment.init)
        )
    }

    package func bytes(of asset: AssetRecord, _ range: Range<Int64>) async throws(ShelfError) -> [UInt8] {
        try await withShelf { () throws(S3Error) in try await client.bytes(of: key(of: asset), range) }
    }

    package func read(
        _ asset: AssetRecord,
        _ range: Range<Int64>,
        _ take: @escaping ([UInt8]) async throws -> Void
    ) async throws(ShelfError) {
        try await withShelf { () throws(S3Error) in try await client.read(key(of: asset), range, take) }
    }

    package func address(of asset: AssetRecord, for method: Method, named name: String) -> String? {
        let manner = manner.withLock(\.self)
        guard case .redirected(let span) = manner.delivery else { return nil }
        return client.presigned(
            method,
            key(of: asset),
            at: manner.publicPlace,
            for: span,
            answer: [
                ("response-content-type", asset.format.contentType),
                ("response-content-disposition", "inline; filename=\"\(name)\""),
                ("response-cache-control", "private, max-age=86400"),
            ]
        )
    }

    /// Whether an object's content is still what its name says; reads all of it.
    package func isWhole(_ file: AssetFolder.File) async throws(ShelfError) -> Bool {
        do throws(ShelfError) {
            try await ShelfReading(self, file.asset, 0..<file.bytes).write { _ in }
            return true
        } catch {
            guard error.kind == .damaged else { throw error }
            return false
        }
    }

    // MARK: Names

    /// The key of an asset.
    package func key(of asset: AssetRecord) -> String {
        "\(prefix)\(asset.sha256.prefix(2))/\(asset.sha256).\(asset.format.rawValue)"
    }

    /// An object as a kept file; `nil` when it is not named like one of ours.
    private func file(_ object: S3Object) -> AssetFolder.File? {
        let name = object.key.split(separator: "/").last.map(String.init) ?? ""
        guard let (sha256, format) = AssetFolder.content(name: name) else { return nil }
        let asset = AssetRecord(sha256: sha256, format: format, bytes: object.size, duration: 0)
        guard key(of: asset) == object.key else { return nil }
        return AssetFolder.File(
            sha256: sha256,
            format: format,
            bytes: object.size,
            path: "s3://\(client.settings.place.bucket)/\(object.key)",
            modified: Moment(object.modified)
        )
    }

    private static func folder(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16)
        return digits.utf8.count == 1 ? "0\(digits)" : digits
    }

    private static func bytes(of path: String, _ range: Range<Int64>) throws(SystemError) -> [UInt8] {
        let descriptor = try retryingSystemCall("open", subject: path) { open(path, O_RDONLY | O_CLOEXEC) }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: range.count)
        var done = 0
        while done < bytes.count {
            let count = try retryingSystemCall("pread", subject: path) {
                bytes[done...].withUnsafeMutableBytes {
                    pread(descriptor, $0.baseAddress, $0.count, off_t(range.lowerBound) + off_t(done))
                }
            }
            if count == 0 { return Array(bytes.prefix(done)) }
            done += count
        }
        return bytes
    }

    private func withShelf<Result: Sendable>(_ body: () async throws(S3Error) -> Result)
        async throws(ShelfError)
        -> Result
    {
        do throws(S3Error) {
            return try await body()
        } catch {
            throw ShelfError(error)
        }
    }
}

extension ShelfError {
    fileprivate init(_ error: S3Error) {
        let kind: Kind =
            switch error.kind {
            case .missing: .missing
            case .unavailable: .unavailable
            case .damaged: .damaged
            case .cancelled: .cancelled
            case .local: .local
            case .noBucket, .denied, .malformed, .refused: .refused
            }
        self.init(kind, "the object store: \(error)")
    }
}

extension Moment {
    fileprivate init(_ date: HTTPDate) { self.init(milliseconds: date.secondsSinceEpoch * 1000) }
}
