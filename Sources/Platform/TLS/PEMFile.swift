import COpenSSL
import Glibc
import Threads

/// A PEM file in memory, wiped when nobody needs it any more: it may hold a key.
@safe final class PEMFile {
    let part: TLSFiles.Part
    let path: String
    /// The permission bits.
    let mode: UInt32
    private let bytes: UnsafeMutableRawBufferPointer

    /// More than any chain has, and far less than a file that is named by mistake may have.
    private static let mostBytes = 1 << 20

    /// Reads the whole file.
    init(_ path: String, as part: TLSFiles.Part) throws(TLSFileError) {
        self.part = part
        self.path = path
        let complain = { (complaint: String, remedy: String) in
            TLSFileError(part: part, path: path, complaint: complaint, remedy: remedy)
        }
        let descriptor: Int32
        do throws(SystemError) {
            descriptor = try retryingSystemCall("open") {
                unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
            }
        } catch {
            throw complain("cannot be read (\(error.reason))", "check the path and its permissions")
        }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw complain("is no file", "name a file in PEM form")
        }
        let size = Int(status.st_size)
        guard size <= Self.mostBytes else {
            throw complain("has \(size) bytes, far more than a certificate", "check the path")
        }
        mode = UInt32(status.st_mode & 0o7777)
        unsafe bytes = .allocate(byteCount: size, alignment: 1)
        var done = 0
        do throws(SystemError) {
            while done < size {
                let count = try retryingSystemCall("read") {
                    unsafe read(descriptor, bytes.baseAddress?.advanced(by: done), size - done)
                }
                guard count > 0 else { break }
                done += count
            }
        } catch {
            throw complain("cannot be read (\(error.reason))", "check the disk")
        }
        // Of a file that shrank meanwhile the rest must not be whatever memory held.
        unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[done...]).initializeMemory(
            as: UInt8.self,
            repeating: 0
        )
    }

    deinit {
        // "OPENSSL_cleanse() fills … with a string of 0's"; unlike memset it is not optimised away.
        if let start = unsafe bytes.baseAddress { unsafe OPENSSL_cleanse(start, bytes.count) }
        unsafe bytes.deallocate()
    }

    /// What is wrong with it.
    func error(_ complaint: String, remedy: String) -> TLSFileError {
        TLSFileError(part: part, path: path, complaint: complaint, remedy: remedy)
    }

    // MARK: Contents

    /// Every certificate in it, in its order; at least one.
    func certificates() throws(TLSFileError) -> [Certificate] {
        ERR_clear_error()
        let source = unsafe BIO_new_mem_buf(bytes.baseAddress, Int32(bytes.count))
        defer { unsafe BIO_free(source) }
        var found: [Certificate] = []
        while let certificate = unsafe PEM_read_bio_X509(source, nil, nil, nil) {
            found.append(unsafe Certificate(owning: certificate))
        }
        // "PEM_R_NO_START_LINE" is how the end of the file shows.
        let code = ERR_peek_last_error()
        ERR_clear_error()
        let isEnd =
            OpenSSLError.library(of: code) == ERR_LIB_PEM
            && OpenSSLError.reason(of: code) == PEM_R_NO_START_LINE
        guard code == 0 || isEnd else {
            throw error(
                "holds a damaged certificate after \(found.count) good ones (\(OpenSSLError.text(code)))",
                remedy: "copy it again, in PEM form"
            )
        }
        guard !found.isEmpty else {
            throw error(
                contains("PRIVATE KEY-----")
                    ? "holds a private key and no certificate" : "holds no certificate",
                remedy: "name a file with -----BEGIN CERTIFICATE-----"
            )
        }
        return found
    }

    /// The first private key in it.
    func privateKey() throws(TLSFileError) -> PrivateKey {
        ERR_clear_error()
        let source = unsafe BIO_new_mem_buf(bytes.baseAddress, Int32(bytes.count))
        defer { unsafe BIO_free(source) }
        // Without a callback OpenSSL would ask for a passphrase at the terminal.
        let key = unsafe PEM_read_bio_PrivateKey(source, nil, { _, _, _, _ in -1 }, nil)
        let code = ERR_peek_last_error()
        ERR_clear_error()
        if let key = unsafe key { return unsafe PrivateKey(owning: key) }
        if contains("ENCRYPTED") {
            throw error(
                "is locked with a passphrase",
                remedy: "unlock it with: openssl pkey -in FILE -out tls.key"
            )
        }
        guard contains("PRIVATE KEY-----") else {
            throw error("holds no private key", remedy: "name a file with -----BEGIN PRIVATE KEY-----")
        }
        throw error(
            "holds a damaged private key (\(OpenSSLError.text(code)))",
            remedy: "copy it again, in PEM form"
        )
    }

    private func contains(_ text: String) -> Bool {
        let wanted = Array(text.utf8)
        guard unsafe bytes.count >= wanted.count else { return false }
        return unsafe (0...bytes.count - wanted.count).contains { start in
            unsafe bytes[start..<start + wanted.count].elementsEqual(wanted)
        }
    }
}
