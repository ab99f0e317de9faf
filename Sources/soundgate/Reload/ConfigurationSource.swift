import Configuration
import Crypto
import Glibc
import Threads

/// Where a gateway's configuration comes from: read at the start, and again whenever it may have changed.
struct ConfigurationSource: Sendable {
    /// The file; `nil` for the built-in defaults.
    let path: String?
    /// Where to listen instead of where the file says.
    let listen: ListenAddress?
    /// Values that are kept on another machine.
    let secrets: RemoteSecrets

    /// A configuration, and what the files that it came from looked like.
    struct Reading: Sendable {
        let configuration: Result<GatewayConfiguration, ConfigurationProblems>
        let paths: Set<String>
        let looks: FileWatch.Looks
    }

    /// Reads and checks everything; at a start, secrets that are far away are waited for.
    ///
    /// - Throws: `CommandFailure` for a file that cannot be read, and `TornReading` when one was changed meanwhile.
    func read(isStart: Bool = false) async throws -> Reading {
        var configuration = GatewayConfiguration(adapters: GatewayConfiguration.knownAdapters)
        guard let path else {
            if let listen { configuration.server.listen = [listen] }
            return Reading(configuration: Self.checked(configuration), paths: [], looks: [:])
        }
        let files = FilesRead()
        let result: Result<GatewayConfiguration, ConfigurationProblems>
        do {
            configuration = try await ConfigurationFile.load(
                path,
                secrets: secrets,
                isPatient: isStart,
                noting: files
            )
            if let listen { configuration.server.listen = [listen] }
            result = Self.checked(configuration)
        } catch let problems as ConfigurationProblems {
            result = .failure(problems)
        }
        guard files.areAsTheyWere else { throw TornReading() }
        return Reading(configuration: result, paths: files.paths, looks: files.looks)
    }

    /// The `--listen` of the command line may open what the file closes.
    private static func checked(
        _ configuration: GatewayConfiguration
    ) -> Result<GatewayConfiguration, ConfigurationProblems> {
        configuration.checkExposure().map { .failure(ConfigurationProblems([$0])) } ?? .success(configuration)
    }

    /// A file was changed while it was read.
    struct TornReading: Error {}
}

/// The files that a configuration was read from, with what each looked like before it was opened.
final class FilesRead: Sendable {
    private let stamps = Guarded(FileWatch.Looks())
    private let noted = Guarded(Set<String>())

    /// Looks at a file that is about to be opened.
    func note(_ path: String) {
        guard noted.withLock({ $0.insert(path).inserted }) else { return }
        let stamp = FileWatch.Stamp(ofFile: path)
        stamps.withLock { $0[path] = stamp }
    }

    /// Those that are not there included.
    var paths: Set<String> { noted.withLock { $0 } }
    var looks: FileWatch.Looks { stamps.withLock { $0 } }

    var areAsTheyWere: Bool { FileWatch.looks(at: paths) == looks }
}

extension FileWatch {
    /// What these files look like now.
    static func looks(at paths: some Sequence<String>) -> Looks {
        paths.reduce(into: [:]) { $0[$1] = Stamp(ofFile: $1) }
    }
}

extension FileWatch.Stamp {
    /// What a file looks like, behind links; `nil` when there is none.
    init?(ofFile path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        // By the bytes: to which module the fields belong depends on what else the compiler has seen.
        func nanoseconds(_ time: timespec) -> Int64 {
            withUnsafeBytes(of: time) { bytes in
                let words = bytes.bindMemory(to: Int64.self)
                return words[0] &* 1_000_000_000 &+ words[1]
            }
        }
        self.init(
            device: UInt64(status.st_dev),
            inode: UInt64(status.st_ino),
            size: Int64(status.st_size),
            modified: nanoseconds(status.st_mtim),
            changed: nanoseconds(status.st_ctim)
        )
    }
}
