import Configuration
import Crypto
import Glibc
import Telemetry
import Threads
import Vault

/// Writes a first configuration and what belongs to it, the configuration last.
struct FirstFiles {
    let setup: FirstSetup
    let places: FirstPlaces
    let text: String
    let isForced: Bool

    /// Makes everything; the result is the files that were made or changed.
    func write() throws -> [String] {
        var made: [String] = []
        do {
            if setup.wantsVault { made += try fillVault() }
            if setup.keys == .file { made += try writeKeys() }
        } catch let error as VaultFileError {
            throw CommandFailure(error)
        } catch let error as VaultError {
            throw CommandFailure(.noPermission, "a vault \(error.description); \(error.remedy)")
        }
        try writeConfiguration()
        return made + [places.config]
    }

    // MARK: Keys

    private func fillVault() throws -> [String] {
        let file = VaultFile(path: places.vault)
        let keyPath = places.inFolder(FirstPlaces.vaultKey)
        let hadKey = access(keyPath, F_OK) == 0
        if access(places.vault, F_OK) != 0 {
            do throws(SystemError) {
                try VaultFile.makeFolders(above: places.vault)
            } catch {
                throw CommandFailure(.cannotCreate, "cannot create \(places.vault): \(error.reason)")
            }
            try KeyFile.readOrMake(keyPath) { try file.create(try UnlockedVault(newWith: $0).sealed) }
        }
        let keys = [try KeyFile.read(keyPath)]
        try file.update { sealed in
            var vault = try VaultOpening.open(sealed, of: file, keys: keys)
            for vendor in setup.vendors {
                guard let key = vendor.key, let name = VaultName(vendor.entry) else { continue }
                try vault.set(name, to: key.withBytes { LockedBytes(copying: $0) }, at: .now())
            }
            return vault.sealed
        }
        return [places.vault] + (hadKey ? [] : [keyPath])
    }

    private func writeKeys() throws -> [String] {
        var made: [String] = []
        for vendor in setup.vendors {
            guard let key = vendor.key else { continue }
            let path = places.inFolder(FirstPlaces.keyFile(vendor))
            do throws(SystemError) {
                try VaultFile.makeFolders(above: path)
                let file: SecretFile
                do throws(CommandFailure) {
                    file = try SecretFile(creating: path)
                } catch {
                    // Somebody made it since it was looked for: theirs is as good.
                    continue
                }
                try key.reveal { key throws(SystemError) in try file.keep(key) }
            } catch {
                throw CommandFailure(.cannotCreate, "cannot write \(path): \(error.reason)")
            }
            made.append(path)
        }
        return made
    }

    // MARK: The configuration

    /// Under another name first, so that nobody ever reads half of it.
    private func writeConfiguration() throws {
        let path = places.config
        let draft = "\(path).new-\(getpid())"
        do throws(SystemError) {
            try VaultFile.makeFolders(above: path)
            try writeDraft(draft)
            defer { unlink(draft) }
            if isForced {
                try retryingSystemCall("rename", subject: path) { rename(draft, path) }
            } else {
                try retryingSystemCall("link", subject: path) { link(draft, path) }
            }
            try VaultFile.syncFolder(of: path)
        } catch {
            let reason = error.code == EEXIST ? "it exists; --force replaces it" : error.reason
            throw CommandFailure(.cannotCreate, "cannot write \(path): \(reason)")
        }
    }

    private func writeDraft(_ path: String) throws(SystemError) {
        let descriptor = try retryingSystemCall("create", subject: path) {
            open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        }
        defer { close(descriptor) }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = try retryingSystemCall("write", subject: path) {
                rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            }
            rest = rest.dropFirst(count)
        }
        try retryingSystemCall("fsync", subject: path) { fsync(descriptor) }
    }
}
