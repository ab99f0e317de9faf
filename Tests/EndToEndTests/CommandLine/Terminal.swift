import Glibc
import Testing
import Threads

/// The built program on a terminal of its own, as a person has it: what is typed goes in, what is shown comes out.
final class Terminal: Sendable {
    private let master: Int32
    private let process: pid_t
    private let shown = Guarded("")
    private let ending = Guarded<Int32?>(nil)

    /// Starts the program in a folder.
    init(
        _ arguments: [String],
        in folder: Folder,
        environment: [String: String] = [:],
        columns: UInt16 = 80
    ) throws {
        let master = try retryingSystemCall("open", subject: "/dev/ptmx") {
            open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        }
        self.master = master
        // TIOCSPTLCK and TIOCGPTN, which unlockpt and ptsname are made of: the module Glibc has neither.
        var isLocked: Int32 = 0
        var number: Int32 = 0
        try retryingSystemCall("ioctl") { ioctl(master, 0x4004_5431, &isLocked) }
        try retryingSystemCall("ioctl") { ioctl(master, 0x8004_5430, &number) }
        var size = winsize(ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        try retryingSystemCall("ioctl") { ioctl(master, UInt(TIOCSWINSZ), &size) }
        var settings = ["TERM": "xterm", "NO_COLOR": ""]
        settings.merge(environment) { $1 }
        let words =
            ["env", "--chdir=\(folder.path)", "--unset=SOUNDGATE_KEY", "--unset=SOUNDGATE_VAULT_KEY"]
            + settings.map { "\($0.key)=\($0.value)" } + [Program.path] + arguments
        process = try Self.spawn(words, on: "/dev/pts/\(number)")
        _ = try Thread(name: "terminal") { [self] in listen() }
    }

    deinit { close(master) }

    /// Everything that it showed so far.
    var text: String { shown.withLock { $0 } }

    /// Whether what is typed shows.
    var echoes: Bool {
        var settings = termios()
        return tcgetattr(master, &settings) == 0 && settings.c_lflag & tcflag_t(ECHO) != 0
    }

    /// Types keys; a line ends with `\r`, as Enter does.
    func type(_ keys: String) throws {
        let bytes = Array(keys.utf8)
        try #require(write(master, bytes, bytes.count) == bytes.count)
    }

    /// Waits until it shows the words, then types; only what came after the last answer counts.
    func answer(_ words: String, with keys: String) async throws {
        let seen = answered.withLock { $0 }
        _ = try await eventually("\(words), but: \(text)") {
            text.dropFirst(seen).contains(words) ? true : nil
        }
        answered.withLock { $0 = text.count }
        try type(keys)
    }

    private let answered = Guarded(0)

    /// Waits for the program's end; the result is its exit status, or 128 and the signal's number.
    func end() async throws -> Int32 {
        let timer = Task {
            try await Task.sleep(for: .seconds(60))
            kill(process, SIGKILL)
        }
        defer { timer.cancel() }
        return try await eventually("its end, after: \(text)", within: .seconds(70)) {
            ending.withLock { $0 }
        }
    }

    private func listen() {
        var block = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(master, &block, block.count)
            // The other end is closed (EIO): nobody shows anything any more.
            guard count > 0 else {
                if count < 0, errno == EINTR { continue }
                break
            }
            let text = String(decoding: block[..<count], as: UTF8.self)
            shown.withLock { $0 += text }
        }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7F
        ending.withLock { $0 = signal == 0 ? (status >> 8) & 0xFF : 128 + signal }
    }

    /// A session of its own, so that the terminal becomes its controlling one and Ctrl-C reaches it.
    private static func spawn(_ words: [String], on name: String) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, name, O_RDWR, 0)
        posix_spawn_file_actions_adddup2(&actions, 0, 1)
        posix_spawn_file_actions_adddup2(&actions, 0, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        // POSIX_SPAWN_SETSID, which glibc has since 2.26 and declares for _GNU_SOURCE alone.
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK) | 0x80)
        var line = words.map { strdup($0) } + [nil]
        defer { for word in line { free(word) } }
        var process: pid_t = 0
        let code = posix_spawn(&process, "/usr/bin/env", &actions, &attributes, &line, environ)
        guard code == 0 else { throw SystemError("posix_spawn", subject: Program.path, code: code) }
        return process
    }
}
