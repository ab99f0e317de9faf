import Glibc
import Testing
import Threads

/// A small disk of a gateway's own, which a test can fill and make read-only from outside.
///
/// It is a tmpfs in a mount namespace that only the gateway is in, and goes with it. Root is not needed where the system
/// lets anybody have a user namespace; in many containers it does not.
enum SmallDisk {
    /// Whether this machine allows it.
    static let isPossible = run(["unshare", "-Urm", "mount", "-t", "tmpfs", "none", "/mnt"]) == 0

    /// Why tests that want one are skipped.
    static let reason: Comment =
        "a tmpfs in a mount namespace of one's own is not allowed here (unshare -Urm)"

    /// The words that start a program with such a disk at a path below its working directory.
    ///
    /// The program takes the process over, so that its number stays the same.
    static func words(at path: String, size: String, then: String = ":") -> [String] {
        let script =
            #"mkdir -p "$1" && mount -t tmpfs -o size="$2" none "$1" && { eval "$3"; shift 3; exec "$@"; }"#
        return ["unshare", "-Urm", "sh", "-c", script, "sh", path, size, then]
    }

    /// A path as the program sees it, from outside.
    static func inside(_ program: Program, _ path: String) -> String {
        "/proc/\(program.process)/root\(path)"
    }

    /// Writes a file that leaves so many bytes of the disk.
    static func fill(_ path: String, leaving bytes: Int) throws {
        let file = try retryingSystemCall("open", subject: path) { open(path, O_WRONLY | O_CREAT, 0o600) }
        defer { close(file) }
        let block = [UInt8](repeating: 0, count: 64 << 10)
        var status = statvfs()
        while true {
            try retryingSystemCall("fstatvfs") { fstatvfs(file, &status) }
            let free = Int(status.f_bavail) * Int(status.f_frsize)
            let wanted = min(free - bytes, block.count)
            // The gateway writes meanwhile: what it has taken cannot be had.
            guard wanted > 0, write(file, block, wanted) > 0 else { return }
        }
    }

    /// Mounts a program's disk anew with other options.
    static func remount(_ program: Program, _ path: String, _ options: String) {
        let status = run([
            "nsenter", "-t", "\(program.process)", "-U", "--preserve-credentials", "-m", "mount", "-o",
            "remount,\(options)", path,
        ])
        #expect(status == 0)
    }

    /// Lets no file of a program be written beyond so many bytes; `nil` for no limit.
    ///
    /// The nearest to a failing disk that needs no rights at all.
    static func limitFiles(of program: Program, to bytes: Int?) {
        let limit = bytes.map { "\($0)" } ?? "unlimited"
        #expect(run(["prlimit", "--pid", "\(program.process)", "--fsize=\(limit):"]) == 0)
    }

    /// Runs a command of the system and returns its exit status, -1 when there is none.
    private static func run(_ words: [String]) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        var arguments = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var process: pid_t = 0
        guard posix_spawnp(&process, words[0], &actions, nil, &arguments, environ) == 0 else { return -1 }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        return status & 0x7F == 0 ? (status >> 8) & 0xFF : -1
    }
}
