import Glibc
import Synchronization
import Testing
import Threads

/// The built program as a child process, its output kept in files of a test's folder.
final class Program: Sendable {
    /// How a run ended.
    struct Outcome: Sendable {
        /// The exit status, or 128 and the signal's number.
        let status: Int32
        let output: String
        let errors: String
    }

    /// The number of its process.
    let process: pid_t
    private let folder: Folder
    private let number: Int
    private let state = Guarded(State())

    private struct State {
        var status: Int32?
        var waiting: [CheckedContinuation<Int32, Never>] = []
    }

    private static let runs = Atomic<Int>(0)

    /// The program under test: `SOUNDGATE_PROGRAM`, else the one that was built with these tests.
    static let path: String = {
        // Absolute, for the child changes its directory before it becomes the program.
        if let path = getenv("SOUNDGATE_PROGRAM") { return absolute(String(cString: path)) }
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let runner = String(
            decoding: buffer.prefix(max(count, 0)).map { UInt8(bitPattern: $0) },
            as: UTF8.self
        )
        let here = runner.lastIndex(of: "/").map { runner[..<$0] } ?? "."
        let beside = "\(here)/soundgate"
        return access(beside, X_OK) == 0 ? beside : absolute(".build/debug/soundgate")
    }()

    private static func absolute(_ path: String) -> String {
        guard let resolved = realpath(path, nil) else { return path }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// Starts the program in a folder, which becomes its working directory.
    ///
    /// `input` stands on its standard input, and is no longer than a pipe holds; `words` is a command that becomes the
    /// program, which is added to it. Another `executable` is some other program that a test needs.
    init(
        _ arguments: [String],
        in folder: Folder,
        environment: [String: String] = [:],
        input: String? = nil,
        under words: [String] = [],
        executable: String = Program.path
    ) throws {
        self.folder = folder
        number = Self.runs.add(1, ordering: .relaxed).newValue
        process = try Self.spawn(words + [executable] + arguments, in: folder, number, environment, input)
        // Nobody joins the thread: it ends with the process that it waits for.
        _ = try Thread(name: "wait") { [self] in
            var status: Int32 = 0
            while waitpid(process, &status, 0) < 0, errno == EINTR {}
            let signal = status & 0x7F
            let exit = signal == 0 ? (status >> 8) & 0xFF : 128 + signal
            let waiting = state.withLock { state in
                state.status = exit
                defer { state.waiting = [] }
                return state.waiting
            }
            for continuation in waiting { continuation.resume(returning: exit) }
        }
    }

    /// Runs the program to its end; killed, and a failure, when that takes longer than `limit`.
    static func run(
        _ arguments: [String],
        in folder: Folder,
        environment: [String: String] = [:],
        input: String? = nil,
        under words: [String] = [],
        within limit: Duration = .seconds(60)
    ) async throws -> Outcome {
        let program = try Program(
            arguments,
            in: folder,
            environment: environment,
            input: input,
            under: words
        )
        let status = await program.end(within: limit)
        return Outcome(status: status, output: program.output, errors: program.errors)
    }

    /// What it has written to standard output so far.
    var output: String { folder.text(of: "output-\(number)") }

    /// What it has written to standard error so far.
    var errors: String { folder.text(of: "errors-\(number)") }

    /// Whether it is still there.
    var isRunning: Bool { state.withLock { $0.status == nil } }

    /// Sends it a signal, unless it has ended.
    func send(_ signal: Int32) {
        state.withLock { state in
            // Until the status is taken, the number cannot belong to another process.
            if state.status == nil { kill(process, signal) }
        }
    }

    /// Waits for its end; kills it when that takes longer than `limit`.
    func end(within limit: Duration) async -> Int32 {
        let guardian = Task {
            try await Task.sleep(for: limit)
            Issue.record("\(Self.path) did not end within \(limit)")
            send(SIGKILL)
        }
        defer { guardian.cancel() }
        return await withCheckedContinuation { continuation in
            let status = state.withLock { state in
                if state.status == nil { state.waiting.append(continuation) }
                return state.status
            }
            if let status { continuation.resume(returning: status) }
        }
    }

    /// Asks it to stop and waits for that.
    func stop() async -> Int32 {
        send(SIGTERM)
        // Longer than the drain by much: a starved machine is no failure to stop.
        return await end(within: .seconds(60))
    }

    /// Polls until `condition` holds; a failure when it does not in time, or when the program has ended.
    func wait<Value>(
        for what: String,
        within limit: Duration = .seconds(60),
        until condition: () async throws -> Value?
    ) async throws -> Value {
        let clock = ContinuousClock()
        let deadline = clock.now + limit
        while clock.now < deadline {
            if let value = try await condition() { return value }
            try #require(isRunning, "it ended while waiting for \(what): \(errors)")
            try await Task.sleep(for: .milliseconds(10))
        }
        throw TimedOut(what: what, errors: errors)
    }

    /// Something that did not come about in time.
    struct TimedOut: Error {
        let what: String
        let errors: String
    }

    // MARK: Starting

    private static func spawn(
        _ words: [String],
        in folder: Folder,
        _ number: Int,
        _ environment: [String: String],
        _ input: String?
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        let pipe = try input.map { try filledPipe($0) }
        defer { if let pipe { close(pipe) } }
        if let pipe {
            posix_spawn_file_actions_adddup2(&actions, pipe, 0)
        } else {
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        let flags = O_WRONLY | O_CREAT | O_TRUNC
        posix_spawn_file_actions_addopen(&actions, 1, folder.file("output-\(number)"), flags, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, folder.file("errors-\(number)"), flags, 0o600)

        // The runner's threads block signals, which a child would inherit.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))

        // A child's own directory is beyond portable `posix_spawn`; `env` becomes the program, its number included.
        let settings = environment.map { "\($0.key)=\($0.value)" }
        let unset = ["SOUNDGATE_KEY", "SOUNDGATE_VAULT_KEY"].map { "--unset=\($0)" }
        let given = ["env", "--chdir=\(folder.path)"] + unset + settings + words
        var line = given.map { strdup($0) } + [nil]
        defer { for word in line { free(word) } }
        var process: pid_t = 0
        let code = posix_spawn(&process, "/usr/bin/env", &actions, &attributes, &line, environ)
        guard code == 0 else { throw SystemError("posix_spawn", subject: path, code: code) }
        return process
    }

    /// Where the text is read, and then its end.
    private static func filledPipe(_ text: String) throws -> Int32 {
        var ends: [Int32] = [-1, -1]
        // Close-on-exec from the first, or a program that another test starts now would hold it open.
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        try retryingSystemCall("socketpair") { socketpair(AF_UNIX, kind, 0, &ends) }
        defer { close(ends[1]) }
        let bytes = Array(text.utf8)
        try #require(write(ends[1], bytes, bytes.count) == bytes.count)
        return ends[0]
    }
}
