import Configuration
import Crypto
import Glibc
import Telemetry
import Threads
import Vault

/// Where a secret goes that a vendor shows only once, made ready before it is asked for.
enum SecretKeeping {
    /// A new file.
    case file(SecretFile)
    /// The sealed vault, under this name; its keys have opened it just now.
    case vault(VaultFile, keys: [Secret<String>], VaultName)
    /// Nowhere: it is printed.
    case terminal

    /// The file that the command line names, else the configuration's vault, else the terminal.
    init(file path: String?, vault: VaultConfiguration?, provider: String) throws {
        if let path {
            self = .file(try SecretFile(creating: path))
            return
        }
        guard let vault, vault.hasFile else {
            self = .terminal
            return
        }
        let keys = vault.key.isEmpty ? [Secret(Environment[VaultConfiguration.keyVariable] ?? "")] : vault.key
        let file = VaultFile(path: vault.file)
        do {
            _ = try VaultOpening.open(file, keys: keys)
            guard let name = VaultName("\(provider)/webhook") else {
                throw CommandFailure(.dataError, "\(provider)/webhook is no name for a vault's entry")
            }
            self = .vault(file, keys: keys, name)
        } catch let error as VaultFileError {
            throw CommandFailure(error)
        }
    }

    /// Keeps the secret; the result is what the configuration writes for it.
    ///
    /// - Throws: why it could not be kept, in words for a person; it must be shown then, or it is lost.
    func keep(_ secret: Secret<String>, besides config: String) throws(NotKept) -> String {
        switch self {
        case .terminal: return secret.reveal { $0 }
        case .file(let file):
            do throws(SystemError) {
                try secret.reveal { secret throws(SystemError) in try file.keep(secret) }
            } catch {
                throw NotKept(reason: "cannot write \(file.path): \(error.reason)")
            }
            return "${file:\(Self.reference(to: file.path, from: config))}"
        case .vault(let file, let keys, let name):
            do {
                var isNew = false
                try file.update { sealed in
                    isNew = !sealed.names.contains(name)
                    var vault = try VaultOpening.open(sealed, of: file, keys: keys)
                    try vault.set(name, to: secret.withBytes { LockedBytes(copying: $0) }, at: .now())
                    return vault.sealed
                }
                Console.note("\(name) is \(isNew ? "added to" : "replaced in") \(file.path).")
            } catch {
                throw NotKept(reason: "cannot put \(name) into \(file.path): \(error)")
            }
            return "${vault:\(name)}"
        }
    }

    /// Why a secret was not kept.
    struct NotKept: Error { let reason: String }

    /// The file's path as the configuration has to spell it: a relative one begins at the configuration's folder there.
    private static func reference(to path: String, from config: String) -> String {
        guard !path.hasPrefix("/"), config.contains("/"), let resolved = realpath(path, nil) else {
            return path
        }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
