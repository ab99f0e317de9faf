import Glibc
import Threads

/// The shell between this process and a server: it starts it, waits for a word or for our end, and stops it.
struct Keeper: Sendable {
    private let process: pid_t
    private let words: Int32

    init(_ folder: String, as owner: PostgresServer.Owner?) throws {
        let control = "\(PostgresServer.programs)/pg_ctl -D \(folder)/data"
        // `read` fails when the pipe has ended without a word: then this process is gone, and the folder goes too.
        let script = """
            trap '' INT TERM HUP
            \(control) -w -t 60 -l \(folder)/server.log start >/dev/null 2>&1 </dev/null || { echo failed; exit 1; }
            echo ready
            exec >/dev/null 2>&1
            read -r how folder || { how=immediate; folder=\(folder); }
            \(control) -w -t 60 -m "$how" stop
            [ -z "$folder" ] || rm -rf "$folder"
            """
        let child = try PostgresServer.spawn(script, as: owner)
        process = child.process
        words = child.input
        let answer = PostgresServer.read(child.output)
        close(child.output)
        guard answer.contains("ready") else {
            close(words)
            var status: Int32 = 0
            while waitpid(process, &status, 0) < 0, errno == EINTR {}
            throw PostgresServer.Trouble(description: "the server does not start: see \(folder)/server.log")
        }
    }

    /// Stops the server, and removes its folder where one is named.
    func end(_ how: PostgresServer.Stop, removing folder: String?) {
        let line = Array("\(how.rawValue) \(folder ?? "")\n".utf8)
        _ = write(words, line, line.count)
        close(words)
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
    }
}

extension PostgresServer {
    /// Who the server runs as.
    struct Owner: Sendable {
        let name: String
        let user: uid_t
        let group: gid_t
    }

    /// Somebody without rights when we are root; `nil` for ourselves.
    static let owner: Owner? = {
        guard getuid() == 0 else { return nil }
        for name in ["postgres", "nobody"] {
            if let entry = getpwnam(name) {
                return Owner(name: name, user: entry.pointee.pw_uid, group: entry.pointee.pw_gid)
            }
        }
        return nil
    }()

    /// Runs a script of the shell as the server's user; what it says on failure is in the error.
    static func run(_ script: String, input: String) throws {
        let child = try spawn(script, as: owner)
        let bytes = Array(input.utf8)
        _ = write(child.input, bytes, bytes.count)
        close(child.input)
        let answer = read(child.output)
        close(child.output)
        var status: Int32 = 0
        while waitpid(child.process, &status, 0) < 0, errno == EINTR {}
        guard status == 0 else { throw Trouble(description: "status \(status) of: \(script)\n\(answer)") }
    }

    /// Starts `/bin/sh`; what it reads from and writes to is closed in every other child of ours.
    static func spawn(_ script: String, as owner: Owner?) throws -> (
        process: pid_t, input: Int32, output: Int32
    ) {
        var (input, output): ([Int32], [Int32]) = ([-1, -1], [-1, -1])
        // Not pipes: a program that another test starts in this moment would inherit them, and they would never end.
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        try retryingSystemCall("socketpair") { socketpair(AF_UNIX, kind, 0, &input) }
        try retryingSystemCall("socketpair") { socketpair(AF_UNIX, kind, 0, &output) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input[0], 0)
        posix_spawn_file_actions_adddup2(&actions, output[1], 1)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        // The runner's threads block signals, which a child would inherit. A group of its own: Ctrl-C is ours alone.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP))
        let become =
            owner.map { ["setpriv", "--reuid=\($0.user)", "--regid=\($0.group)", "--clear-groups"] } ?? []
        var words: [UnsafeMutablePointer<CChar>?] =
            (["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"]
            + become + ["/bin/sh", "-c", "cd /; \(script)"]).map { strdup($0) }
        words.append(nil)
        defer { for word in words { free(word) } }
        var process: pid_t = 0
        let code = posix_spawn(&process, "/usr/bin/env", &actions, &attributes, words, nil)
        close(input[0])
        close(output[1])
        guard code == 0 else { throw SystemError("posix_spawn", code: code) }
        return (process, input[1], output[0])
    }

    /// Reads to the end.
    static func read(_ descriptor: Int32) -> String {
        var text: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = Glibc.read(descriptor, &part, part.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return String(decoding: text, as: UTF8.self) }
            text += part[..<count]
        }
    }
}
