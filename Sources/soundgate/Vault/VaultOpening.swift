import Configuration
import Crypto
import Vault

/// Opens the vault that a configuration names.
enum VaultOpening {
    /// The vault's entries, each unsealed when it is asked for.
    static func secrets(_ configuration: VaultConfiguration) throws(VaultRefusal) -> VaultSecrets {
        let file = VaultFile(path: configuration.file)
        let vault: UnlockedVault
        do throws(VaultFileError) {
            vault = try open(file, keys: configuration.key)
        } catch {
            throw VaultRefusal(error)
        }
        return VaultSecrets(names: vault.sealed.names.map(\.text)) { name throws(VaultRefusal) in
            let value: LockedBytes?
            do throws(VaultError) {
                value = try VaultName(name).flatMap { entry throws(VaultError) in try vault.value(of: entry) }
            } catch {
                throw VaultRefusal(VaultFileError(file.path, .content(error)))
            }
            guard let value else {
                throw VaultRefusal("the vault has nothing called \"\(name)\"", remedy: "use one of its names")
            }
            return Secret(value)
        }
    }

    /// The vault, opened with the first key that fits.
    static func open(_ file: VaultFile, keys: [Secret<String>]) throws(VaultFileError) -> UnlockedVault {
        try open(try file.read(), of: file, keys: keys)
    }

    /// What was read, opened with the first key that fits.
    static func open(
        _ sealed: SealedVault,
        of file: VaultFile,
        keys: [Secret<String>]
    ) throws(VaultFileError) -> UnlockedVault {
        do throws(VaultError) {
            var understood: [VaultKey] = []
            for key in keys { understood.append(try VaultKey(key)) }
            return try UnlockedVault(sealed, keys: understood)
        } catch {
            throw VaultFileError(file.path, .content(error))
        }
    }
}

extension VaultRefusal {
    fileprivate init(_ error: VaultFileError) {
        self.init(error.complaint, remedy: error.remedy, isAboutTheKey: error.isAboutTheKey)
    }
}

extension CommandFailure {
    /// Why a vault could not be used, for the person who wanted to.
    init(_ error: VaultFileError) {
        let status: ExitStatus =
            switch error.reason {
            case .missing: .noInput
            case .exists, .system: .cannotCreate
            case .open, .foreign: .noPermission
            case .busy: .temporaryFailure
            case .notAFile, .tooLarge: .dataError
            case .content(let content): content.isAboutTheKey ? .noPermission : .dataError
            }
        self.init(status, error.description)
    }
}
