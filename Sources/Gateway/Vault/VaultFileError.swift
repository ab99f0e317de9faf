package import Threads

/// Why a vault's file cannot be used.
package struct VaultFileError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong.
    package enum Reason: Sendable, Equatable {
        /// There is none.
        case missing
        /// There is one already, where a new one was to be made.
        case exists
        /// It is a folder, a pipe or something else.
        case notAFile
        /// It is larger than any vault.
        case tooLarge
        /// Others than its owner may read or write it; its permission bits.
        case open(mode: UInt32)
        /// It belongs to another user.
        case foreign(owner: UInt32)
        /// Another process has been writing for a long time.
        case busy
        /// The system refused.
        case system(SystemError)
        /// What is in it.
        case content(VaultError)
    }

    /// The file, as the operator named it.
    package let path: String
    /// What is wrong with it.
    package let reason: Reason

    /// Something that is wrong with a file.
    package init(_ path: String, _ reason: Reason) {
        self.path = path
        self.reason = reason
    }

    /// Path and fault, without what to do about it.
    package var complaint: String {
        let fault =
            switch reason {
            case .missing: "is not there"
            case .exists: "is there already, and nothing is overwritten"
            case .notAFile: "is not a file"
            case .tooLarge: "is too large to be a vault"
            case .open(let mode): "can be read or written by others (mode \(Self.octal(mode)))"
            case .foreign(let owner): "belongs to another user (\(owner))"
            case .busy: "is being written by another process"
            case .system(let error): "cannot be used: \(error.reason) (\(error.call))"
            case .content(let error): error.description
            }
        return "the vault \(path) \(fault)"
    }

    /// What to do about it.
    package var remedy: String {
        switch reason {
        case .missing: "make it with: soundgate vault init"
        case .exists: "add entries with: soundgate vault set NAME"
        case .notAFile, .tooLarge: "check the path"
        case .open: "chmod 600 \(path), and change the keys in it if somebody may have had it and its key"
        case .foreign: "chown it to the user that runs soundgate"
        case .busy: "try again"
        case .system: "check the path and its permissions"
        case .content(let error): error.remedy
        }
    }

    /// Whether the key is at fault, not the file.
    package var isAboutTheKey: Bool {
        if case .content(let error) = reason { error.isAboutTheKey } else { false }
    }

    package var description: String { "\(complaint); \(remedy)" }

    private static func octal(_ mode: UInt32) -> String {
        let digits = String(mode, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
