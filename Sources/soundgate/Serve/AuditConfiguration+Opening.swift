import Audit
import Configuration
import Crypto
import Glibc
import Telemetry
import Threads

extension AuditConfiguration {
    /// Opens the file, in a folder that is made where it is not there.
    func open(log: Log) throws(SystemError) -> RecordFile {
        if let slash = file.lastIndex(of: "/"), slash != file.startIndex {
            let folder = String(file[..<slash])
            if mkdir(folder, 0o700) != 0, errno != EEXIST { throw SystemError("mkdir", subject: folder) }
        }
        return try RecordFile(path: file) { trouble in
            switch trouble {
            case .failing(let reason):
                log(.error, "the audit log cannot be written; records wait", ["reason": "\(reason)"])
            case .recovered(let lost):
                log(.notice, "the audit log is written again", ["lost": .init(lost)])
            case .abandoned(let count):
                log(.error, "records of the audit log were lost", ["count": .init(count)])
            }
        }
    }
}

extension AuditLog {
    /// The records of a file, with as many words as the configuration wants.
    init(_ file: RecordFile?, _ configuration: AuditConfiguration?) {
        let prompts: Prompts =
            switch configuration?.prompts ?? .none {
            case .none: .none
            case .hash: .hash(key: Self.key(configuration?.hashKey))
            case .full: .full
            }
        self.init(sink: file, prompts: prompts)
    }

    private static func key(_ configured: Secret<String>?) -> LockedBytes {
        configured?.withBytes { LockedBytes(copying: $0) } ?? LockedBytes(randomCount: 32)
    }
}
