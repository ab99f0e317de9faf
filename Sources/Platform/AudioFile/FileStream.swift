import CSndFile
import Glibc

/// A file descriptor as libsndfile's virtual I/O sees it.
///
/// libsndfile's own file layer forgets some write errors of the Ogg and MP3 encoders (a full disk looks like success), so
/// every call goes through here and the first failure is kept.
@safe final class FileStream {
    let descriptor: Int32
    /// The first `errno` that a call left, or 0.
    private(set) var failure: Int32 = 0

    init(reading path: String) throws(AudioFileError) {
        descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system(call: "open", code: errno) }
    }

    /// Creates the file or empties it; readable as well, because Ogg pages are read again at the end.
    init(writing path: String) throws(AudioFileError) {
        descriptor = unsafe open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .system(call: "open", code: errno) }
    }

    deinit { _ = close(descriptor) }

    /// The file's size in bytes.
    var length: Int {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            note(errno)
            return 0
        }
        return Int(status.st_size)
    }

    /// Throws the first failure that was kept.
    func check(_ call: String) throws(AudioFileError) {
        if failure != 0 { throw .system(call: call, code: failure) }
    }

    /// Up to `count` bytes at `offset`; fewer only at the end of the file.
    ///
    /// The file position stays.
    func bytes(at offset: Int, count: Int) throws(AudioFileError) -> [UInt8] {
        var failed: Int32 = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: max(count, 0)) { buffer, filled in
            while filled < buffer.count {
                let got = unsafe pread(
                    descriptor,
                    buffer.baseAddress?.advanced(by: filled),
                    buffer.count - filled,
                    off_t(offset + filled)
                )
                if got < 0 {
                    if errno == EINTR { continue }
                    failed = errno
                    return
                }
                if got == 0 { return }
                filled += got
            }
        }
        guard failed == 0 else { throw .system(call: "pread", code: failed) }
        return bytes
    }

    /// Writes all of `bytes` at `offset`.
    ///
    /// The file position stays.
    func replace(at offset: Int, with bytes: [UInt8]) throws(AudioFileError) {
        var done = 0
        while done < bytes.count {
            let put = unsafe bytes.withUnsafeBytes { buffer in
                unsafe pwrite(
                    descriptor,
                    buffer.baseAddress?.advanced(by: done),
                    buffer.count - done,
                    off_t(offset + done)
                )
            }
            if put < 0 && errno == EINTR { continue }
            guard put > 0 else { throw .system(call: "pwrite", code: put < 0 ? errno : EIO) }
            done += put
        }
    }

    fileprivate func seek(_ offset: Int, _ whence: Int32) -> Int {
        let position = lseek(descriptor, off_t(offset), whence)
        if position < 0 { note(errno) }
        return Int(position)
    }

    fileprivate func read(into buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
        while true {
            let got = unsafe Glibc.read(descriptor, buffer, count)
            if got >= 0 { return got }
            if errno == EINTR { continue }
            note(errno)
            return 0
        }
    }

    fileprivate func write(from buffer: UnsafeRawPointer?, _ count: Int) -> Int {
        var done = 0
        while done < count {
            let put = unsafe Glibc.write(descriptor, buffer?.advanced(by: done), count - done)
            if put < 0 && errno == EINTR { continue }
            guard put > 0 else {
                note(put < 0 ? errno : EIO)
                return done
            }
            done += put
        }
        return done
    }

    private func note(_ code: Int32) {
        if failure == 0 { failure = code }
    }
}

extension FileStream {
    /// Opens a libsndfile handle on this stream, which must outlive the handle.
    ///
    /// The manual: "`sf_open_virtual` … the virtual file I/O struct is copied", so a local one will do; the user pointer isn't owned.
    func openHandle(mode: Int, _ info: inout SF_INFO) -> OpaquePointer? {
        var calls = unsafe SF_VIRTUAL_IO(
            get_filelen: { user in unsafe sf_count_t(stream(user)?.length ?? 0) },
            seek: { offset, whence, user in unsafe sf_count_t(stream(user)?.seek(Int(offset), whence) ?? -1)
            },
            read: { buffer, count, user in
                unsafe sf_count_t(stream(user)?.read(into: buffer, Int(count)) ?? 0)
            },
            write: { buffer, count, user in
                unsafe sf_count_t(stream(user)?.write(from: buffer, Int(count)) ?? 0)
            },
            tell: { user in unsafe sf_count_t(stream(user)?.seek(0, SEEK_CUR) ?? -1) }
        )
        return unsafe sf_open_virtual(&calls, Int32(mode), &info, Unmanaged.passUnretained(self).toOpaque())
    }
}

/// The stream behind a callback's user pointer.
private func stream(_ user: UnsafeMutableRawPointer?) -> FileStream? {
    unsafe user.map { unsafe Unmanaged<FileStream>.fromOpaque($0).takeUnretainedValue() }
}

/// libsndfile's words for the last error of a handle, or of the last open that failed.
func libraryMessage(_ handle: OpaquePointer?) -> String {
    unsafe sf_strerror(handle).map { unsafe String(cString: $0) } ?? "unknown error"
}
