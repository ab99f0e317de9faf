import CLinux
import Glibc
package import HTTP
package import Threads

/// A regular file held open for sending.
///
/// Opening and asking for the size touch the disk's metadata only, which a local disk answers from memory as a rule;
/// a caller with slower storage opens on a worker thread.
@safe package final class OpenFile: Sendable {
    let descriptor: Int32
    /// In bytes, when it was opened.
    package let size: Int64
    package let modified: HTTPDate

    /// Opens a file for reading; a directory or device is refused with `EINVAL`.
    package init(path: String) throws(SystemError) {
        let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK
        let descriptor = try retryingSystemCall("open", subject: path) { unsafe Glibc.open(path, flags) }
        var status = stat()
        let result = unsafe fstat(descriptor, &status)
        guard result == 0, status.st_mode & S_IFMT == S_IFREG else {
            let code = result == 0 ? EINVAL : errno
            close(descriptor)
            throw SystemError("fstat", subject: path, code: code)
        }
        self.descriptor = descriptor
        size = Int64(status.st_size)
        modified = HTTPDate(secondsSinceEpoch: Int64(status.st_mtim.tv_sec))
    }

    deinit { close(descriptor) }
}

/// A part of an open file, as a body.
package struct FileBody: Sendable {
    let file: OpenFile
    /// Which bytes of the file are sent.
    package let range: Range<Int64>

    /// The whole file, or a part of it.
    package init(_ file: OpenFile, range: Range<Int64>? = nil) {
        self.file = file
        self.range = (range ?? 0..<file.size).clamped(to: 0..<file.size)
    }

    func bytes() throws(SystemError) -> [UInt8] {
        var out = [UInt8](repeating: 0, count: range.count)
        var done = 0
        while done < out.count {
            let count = try retryingSystemCall("pread") {
                unsafe out.withUnsafeMutableBytes { buffer in
                    unsafe pread(
                        file.descriptor,
                        buffer.baseAddress?.advanced(by: done),
                        buffer.count - done,
                        off_t(range.lowerBound) + off_t(done)
                    )
                }
            }
            guard count > 0 else { throw SystemError("pread", code: EIO) }
            done += count
        }
        return out
    }
}

extension Response {
    /// Answers a `GET` or `HEAD` with a file: conditions first, then `Range`.
    ///
    /// Gives 200, 206, 304, 412 or 416, always with `ETag`, `Last-Modified` and `Accept-Ranges`.
    package static func file(
        _ file: OpenFile,
        contentType: String,
        entityTag: EntityTag?,
        for request: Request,
        fields: Fields = [:]
    ) -> Response {
        var (response, range) = part(
            of: file.size,
            modified: file.modified,
            contentType: contentType,
            entityTag: entityTag,
            for: request,
            fields: fields
        )
        if let range { response.body = .file(FileBody(file, range: range)) }
        return response
    }

    /// The head of an answer to a `GET` or `HEAD` for something that has so many bytes, by the same rules, and which of
    /// them are to be its body; `nil` for none at all.
    package static func part(
        of size: Int64,
        modified: HTTPDate?,
        contentType: String,
        entityTag: EntityTag?,
        for request: Request,
        fields: Fields = [:]
    ) -> (head: Response, range: Range<Int64>?) {
        var response = Response(.ok, fields: fields)
        response.fields["Accept-Ranges"] = "bytes"
        response.fields["Last-Modified"] = modified?.description
        if let entityTag { response.fields["ETag"] = entityTag.description }
        let condition = Preconditions.evaluate(
            method: request.method,
            fields: request.fields,
            entityTag: entityTag,
            lastModified: modified
        )
        switch condition {
        case .notModified: return (response.with(.notModified), nil)
        case .failed: return (response.with(.preconditionFailed), nil)
        case .proceed: break
        }
        response.fields["Content-Type"] = contentType
        guard request.method == .get else { return (response, 0..<size) }
        let part = ByteRange.select(
            request.fields,
            size: size,
            entityTag: entityTag,
            lastModified: modified
        )
        response.fields["Content-Range"] = part.contentRange(size: size)
        switch part {
        case .whole: return (response, 0..<size)
        case .unsatisfiable: return (response.with(.rangeNotSatisfiable), nil)
        case .partial(let range): return (response.with(.partialContent), range)
        }
    }

    private func with(_ status: Status) -> Response {
        var response = self
        response.status = status
        return response
    }
}
