import Glibc
package import Threads

/// The file of a vault on disk, which only its owner may read.
package struct VaultFile: Sendable {
    /// The file, as the operator named it.
    package let path: String

    /// Names a file; nothing is read.
    package init(path: String) { self.path = path }

    /// Reads and parses the file.
    ///
    /// Refuses one that others may read or write, or that another user owns, unless this process is root's.
    package func read() throws(VaultFileError) -> SealedVault {
        let content = try bytes()
        do throws(VaultError) {
            return try SealedVault(parsing: content)
        } catch {
            throw VaultFileError(path, .content(error))
        }
    }

    /// Makes the file, and the folders above it (0700); refuses to replace one.
    package func create(_ vault: SealedVault) throws(VaultFileError) {
        do throws(SystemError) {
            try Self.makeFolders(above: path)
        } catch {
            throw VaultFileError(path, .system(error))
        }
        let lock = try VaultLock(besides: path)
        defer { lock.release() }
        // Also a link that leads nowhere is there.
        var status = stat()
        guard lstat(path, &status) != 0 else { throw VaultFileError(path, .exists) }
        try replace(path, with: vault, like: nil)
    }

    /// Reads the file, lets `change` make a new vault of it and puts that in its place; meanwhile no other process does.
    package func update(_ change: (SealedVault) throws -> SealedVault) throws {
        let target = resolved
        let lock = try VaultLock(besides: target)
        defer { lock.release() }
        let vault = try change(read())
        var status = stat()
        guard stat(target, &status) == 0 else {
            throw VaultFileError(path, .system(SystemError("stat", subject: target)))
        }
        try replace(target, with: vault, like: status)
    }

    /// Through links to the file itself: a rename would replace the link.
    private var resolved: String {
        guard let resolved = realpath(path, nil) else { return path }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private func replace(_ target: String, with vault: SealedVault, like old: stat?) throws(VaultFileError) {
        var replacement = FileReplacement(of: target, with: vault.bytes, like: old)
        do throws(SystemError) {
            for step in FileReplacement.Step.allCases { try replacement.perform(step) }
        } catch {
            replacement.abandon()
            throw VaultFileError(path, .system(error))
        }
    }

    private func bytes() throws(VaultFileError) -> [UInt8] {
        let descriptor: Int32
        var status = stat()
        do throws(SystemError) {
            // Without blocking: a pipe would wait for a writer.
            descriptor = try retryingSystemCall("open", subject: path) {
                open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
            }
        } catch {
            throw VaultFileError(path, error.code == ENOENT ? .missing : .system(error))
        }
        defer { close(descriptor) }
        guard fstat(descriptor, &status) == 0 else {
            throw VaultFileError(path, .system(SystemError("fstat", subject: path)))
        }
        if let fault = fault(status) { throw VaultFileError(path, fault) }
        do throws(SystemError) {
            return try content(of: descriptor)
        } catch {
            throw VaultFileError(path, .system(error))
        }
    }

    private func content(of descriptor: Int32) throws(SystemError) -> [UInt8] {
        var content: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 64 << 10)
        while content.count <= SealedVault.mostBytes {
            let count = try retryingSystemCall("read", subject: path) {
                block.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            }
            if count == 0 { break }
            content += block[..<count]
        }
        return content
    }

    private func fault(_ status: stat) -> VaultFileError.Reason? {
        if status.st_mode & S_IFMT != S_IFREG { return .notAFile }
        if status.st_size > SealedVault.mostBytes { return .tooLarge }
        let user = geteuid()
        if status.st_uid != user, user != 0 { return .foreign(owner: status.st_uid) }
        if status.st_mode & 0o077 != 0 { return .open(mode: status.st_mode & 0o7777) }
        return nil
    }

    /// Brings the names in a path's folder to the disk.
    package static func syncFolder(of path: String) throws(SystemError) {
        let name = VaultLock.folder(of: path)
        let folder = try retryingSystemCall("open", subject: name) {
            open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        }
        defer { close(folder) }
        try retryingSystemCall("fsync", subject: name) { fsync(folder) }
    }

    /// Makes the folders that a path needs, for their owner alone (0700).
    package static func makeFolders(above path: String) throws(SystemError) {
        guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return }
        let folder = String(path[..<slash])
        if access(folder, F_OK) == 0 { return }
        try makeFolders(above: folder)
        guard mkdir(folder, 0o700) != 0, errno != EEXIST else { return }
        throw SystemError("mkdir", subject: folder)
    }
}
