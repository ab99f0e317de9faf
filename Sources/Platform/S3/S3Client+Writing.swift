import Crypto
import HTTP
import HTTPClient
import Telemetry

/// Something to be kept as an object.
package struct S3Content: Sendable {
    /// In bytes.
    package var size: Int64
    /// The SHA-256 of all of it, in hexadecimal digits.
    package var sha256: String
    /// Its media type.
    package var type: String
    /// Reads a part of it.
    package var read: @Sendable (Range<Int64>) async throws -> [UInt8]

    /// A content by its parts.
    package init(
        size: Int64,
        sha256: String,
        type: String,
        read: @escaping @Sendable (Range<Int64>) async throws -> [UInt8]
    ) {
        self.size = size
        self.sha256 = sha256
        self.type = type
        self.read = read
    }
}

extension S3Client {
    /// Puts an object, whole or not at all; one that is there under this key is replaced.
    ///
    /// Each piece is signed with its hash, so the store takes no other bytes than were read, and all of them together
    /// must be what `content` says they are. At most one part of it is in memory.
    ///
    /// - Throws: `.local` when the content cannot be read or is another one than it says.
    package func put(_ key: String, _ content: S3Content) async throws(S3Error) {
        let settings = settings
        guard content.size > settings.multipartAbove else {
            return try await places.withPlace { () throws(S3Error) in try await putWhole(key, content) }
        }
        let upload = try await create(key, content)
        do throws(S3Error) {
            let parts = try await sendParts(of: content, to: key, upload, settings)
            try await complete(key, upload, parts, content)
        } catch {
            // Of its own: the parts cost money until they are gone, and a cancelled task could make no call.
            await Task { await self.abort(key, upload) }.value
            throw error
        }
    }

    private func putWhole(_ key: String, _ content: S3Content) async throws(S3Error) {
        let bytes = try await read(content, 0..<content.size)
        let digest = SHA256.hash(bytes)
        guard digest.hex == content.sha256 else { throw Self.changed }
        let checksum = Base64.standard.encode(digest.bytes)
        var call = Call(operation: .put, method: .put, key: key, body: bytes, payload: digest.hex)
        call.fields = [
            ("content-type", content.type), (S3Object.hashField, content.sha256),
            ("x-amz-checksum-sha256", checksum),
        ]
        call.judge = { response in
            guard let told = response.fields["x-amz-checksum-sha256"], told != checksum else { return nil }
            return S3Error(.damaged, "the store has other bytes than were sent")
        }
        _ = try await send(call)
    }

    // MARK: In parts

    private func create(_ key: String, _ content: S3Content) async throws(S3Error) -> String {
        var call = Call(operation: .create, method: .post, key: key, query: [("uploads", "")])
        call.fields = [("content-type", content.type), (S3Object.hashField, content.sha256)]
        let response = try await send(call)
        guard let document = try? XMLElement(parsing: response.body),
            document.name == "InitiateMultipartUploadResult",
            let upload = document.text(of: "UploadId"), !upload.isEmpty
        else { throw S3Error(.malformed, "the store gave no id for an upload in parts") }
        return upload
    }

    /// Sends one part after another; the result are their tags.
    private func sendParts(
        of content: S3Content,
        to key: String,
        _ upload: String,
        _ settings: Settings
    ) async throws(S3Error) -> [String] {
        // No store takes more than ten thousand.
        let length = max(Int64(settings.partSize), (content.size + 9999) / 10_000)
        var hash = SHA256()
        var tags: [String] = []
        for start in stride(from: 0, to: content.size, by: Int64.Stride(length)) {
            let range = start..<min(start + length, content.size)
            let number = tags.count + 1
            let (tag, bytes) = try await places.withPlace { () throws(S3Error) in
                let bytes = try await read(content, range)
                return (try await sendPart(number, bytes, to: key, upload), bytes)
            }
            hash.update(bytes)
            tags.append(tag)
        }
        guard hash.finalize().hex == content.sha256 else { throw Self.changed }
        return tags
    }

    private func sendPart(_ number: Int, _ bytes: [UInt8], to key: String, _ upload: String)
        async throws(S3Error) -> String
    {
        var call = Call(
            operation: .part,
            method: .put,
            key: key,
            body: bytes,
            payload: SHA256.hash(bytes).hex
        )
        call.query = [("partNumber", "\(number)"), ("uploadId", upload)]
        let response = try await send(call)
        guard let tag = response.fields["etag"], !tag.isEmpty else {
            throw S3Error(.malformed, "the store gave no tag for a part")
        }
        return tag
    }

    private func complete(_ key: String, _ upload: String, _ tags: [String], _ content: S3Content)
        async throws(S3Error)
    {
        let parts = tags.enumerated().map { index, tag in
            "<Part><PartNumber>\(index + 1)</PartNumber><ETag>\(Self.escaped(tag))</ETag></Part>"
        }
        let text =
            "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\(parts.joined())</CompleteMultipartUpload>"
        let body = Array(text.utf8)
        var call = Call(
            operation: .complete,
            method: .post,
            key: key,
            body: body,
            payload: SHA256.hash(body).hex
        )
        call.query = [("uploadId", upload)]
        call.fields = [("content-type", "application/xml")]
        // It may take minutes, so the store begins its answer before it knows how that ends.
        call.judge = { response in
            guard let document = try? XMLElement(parsing: response.body) else {
                return S3Error(.unavailable, "the store's word on an upload cannot be read")
            }
            guard document.name == "Error" else { return nil }
            let code = document.text(of: "Code") ?? ""
            let isOurs = ["InvalidPart", "InvalidPartOrder", "EntityTooSmall"].contains(code)
            return S3Error(
                isOurs ? .refused : .unavailable,
                "the store could not put the parts together",
                code: code,
                status: response.status
            )
        }
        do throws(S3Error) {
            _ = try await send(call)
        } catch {
            // An answer that was lost leaves no upload behind, but the object.
            guard error.kind == .missing else { throw error }
            guard let object = try await head(key), object.size == content.size,
                object.sha256 == content.sha256
            else { throw error }
        }
    }

    private func abort(_ key: String, _ upload: String) async {
        do throws(S3Error) {
            _ = try await send(
                Call(operation: .abort, method: .delete, key: key, query: [("uploadId", upload)])
            )
        } catch {
            guard error.kind != .missing else { return }
            log(
                .warning,
                "parts of an upload stay with the object store; let the bucket end such uploads by itself",
                ["key": "\(key)", "reason": "\(error)"]
            )
        }
    }

    // MARK: Steps

    private static let changed = S3Error(.local, "what was to be sent is not what it was when it was kept")

    private func read(_ content: S3Content, _ range: Range<Int64>) async throws(S3Error) -> [UInt8] {
        let bytes: [UInt8]
        do {
            bytes = try await content.read(range)
        } catch {
            throw S3Error(.local, "what was to be sent cannot be read: \(error)")
        }
        guard bytes.count == range.count else { throw Self.changed }
        return bytes
    }

    private static func escaped(_ text: String) -> String {
        var out = ""
        for character in text {
            switch character {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            default: out.append(character)
            }
        }
        return out
    }
}
