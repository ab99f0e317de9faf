import EventLoop
package import Glibc
package import Postgres
import Synchronization
package import Telemetry
import Threads

/// Debian's PostgreSQL 15 in a temporary folder, on a Unix socket of its own.
///
/// Root's tests run it as `postgres` or `nobody`, for it refuses root. It ends with this process, however that ends, and
/// its folder with it: a shell between the two reads from a pipe that nobody else holds, and cleans up at its end.
package final class PostgresServer: Sendable {
    /// How a server goes down.
    package enum Stop: String, Sendable {
        /// Connections are ended, the state is written.
        case fast
        /// As by a power cut; the next start replays the log.
        case immediate
    }

    /// What went wrong with a server.
    package struct Trouble: Error, CustomStringConvertible {
        package let description: String
    }

    /// Where the server keeps everything.
    package let folder: String
    /// Its port on 127.0.0.1; `nil` when it listens on its Unix socket only.
    package let port: Int?
    private let settings: [String]
    private let keeper = Guarded<Keeper?>(nil)
    private let databases = Atomic<Int>(0)

    /// Debian's place for the programs of the server.
    package static let programs = "/usr/lib/postgresql/15/bin"

    /// The one that all tests of this process share; started by the first that asks.
    package static let shared = Shared()

    /// Makes a cluster and starts it.
    ///
    /// With a `port` it listens on 127.0.0.1 too; commits of a durable one wait for the disk; `settings` are lines of
    /// `postgresql.conf`; `files`, such as a key, are put into the cluster's folder before its start.
    package init(
        port: Int? = nil,
        isDurable: Bool = false,
        settings: [String] = [],
        files: [String: String] = [:]
    ) throws {
        var template = Array("/tmp/soundgate-postgres-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError("mkdtemp") }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        self.port = port
        self.settings =
            [
                "listen_addresses = '\(port == nil ? "" : "127.0.0.1")'", "port = \(port ?? 5432)",
                "unix_socket_directories = '\(folder)'", "fsync = \(isDurable ? "on" : "off")",
                "full_page_writes = \(isDurable ? "on" : "off")",
                "max_connections = 200", "shared_buffers = 32MB", "logging_collector = off",
                "autovacuum = off", "log_min_messages = warning", "lc_messages = 'C'",
            ] + settings
        if let owner = Self.owner { chown(folder, owner.user, owner.group) }
        try Self.run(
            """
            set -e
            \(Self.programs)/initdb -D \(folder)/data -U postgres -A trust -E UTF8 --locale=C -N >\(folder)/initdb.log 2>&1
            cat >>\(folder)/data/postgresql.conf
            """,
            input: self.settings.joined(separator: "\n") + "\n"
        )
        for (name, text) in files {
            try Self.run("umask 077; cat >\(folder)/data/\(name)", input: text)
        }
        try start()
    }

    deinit {
        if let keeper = keeper.withLock({ $0 }) { return keeper.end(.immediate, removing: folder) }
        // Stopped already: only its folder is left.
        do { try Self.run("rm -rf \(folder)", input: "") } catch { assertionFailure("\(error)") }
    }

    // MARK: Its life

    /// Starts it again after a stop, and returns when it takes connections.
    package func start() throws {
        let keeper = try Keeper(folder, as: Self.owner)
        self.keeper.withLock { $0 = keeper }
    }

    /// Stops it and returns when it is down.
    package func stop(_ how: Stop = .fast) {
        let keeper = keeper.withLock { keeper in
            defer { keeper = nil }
            return keeper
        }
        keeper?.end(how, removing: nil)
    }

    /// Lets nobody in without a password but `postgres`, from the next start on.
    package func demandPasswords() throws {
        try Self.run(
            "cat >\(folder)/data/pg_hba.conf",
            input: "local all postgres trust\nlocal all all scram-sha-256\n"
        )
    }

    /// The number of its first process; 0 when it does not run.
    package var process: pid_t {
        guard let file = fopen("\(folder)/data/postmaster.pid", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 64)
        guard fgets(&line, 64, file) != nil else { return 0 }
        return pid_t(atoi(line))
    }

    /// Its log so far.
    package var log: String {
        guard let file = fopen("\(folder)/server.log", "r") else { return "" }
        defer { fclose(file) }
        var text: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 4096)
        while case let count = fread(&part, 1, part.count, file), count > 0 { text += part[..<count] }
        return String(decoding: text, as: UTF8.self)
    }

    // MARK: Its databases

    /// The URL of a database, by the Unix socket.
    package func url(_ database: String = "postgres", _ options: [String] = []) -> String {
        "postgresql:///\(database)?"
            + (["host=\(folder)", "port=\(port ?? 5432)", "user=postgres"] + options)
            .joined(separator: "&")
    }

    /// Makes an empty database, or a copy of another one that nobody is connected to, and returns its name.
    package func database(like template: String = "template0") async throws -> String {
        let number = databases.add(1, ordering: .relaxed).newValue
        let name = "test_\(number)"
        _ = try await administer { pool in
            try await pool.run([PostgresStatement("CREATE DATABASE \(name) TEMPLATE \(template)")])
        }
        return name
    }

    /// Lends a pool on the database `postgres`, of one loop and one connection.
    package func administer<Result: Sendable>(
        _ body: (PostgresPool) async throws -> Result
    ) async throws -> Result {
        try await Self.withPool(url(), loops: 1, body: body)
    }

    /// Lends a pool on loops of its own, with more patience than usual.
    package static func withPool<Result: Sendable>(
        _ url: String,
        loops count: Int = 2,
        log: Log = .current,
        _ change: (inout PostgresPool.Options) -> Void = { _ in },
        body: (PostgresPool) async throws -> Result
    ) async throws -> Result {
        var options = PostgresPool.Options(url: url)
        // For a machine that is busy with other tests.
        options.longestWait = .seconds(120)
        options.statementTimeout = .seconds(120)
        options.connectTimeout = .seconds(60)
        change(&options)
        let loops = try (0..<count).map { try EventLoop(name: "pg-test-\($0)") }
        for loop in loops { try loop.start() }
        defer { for loop in loops { loop.stop() } }
        let pool = try PostgresPool(options, loops: loops, log: log)
        do {
            let result = try await body(pool)
            await pool.close()
            return result
        } catch {
            await pool.close()
            throw error
        }
    }
}

extension PostgresServer {
    /// The server that tests share, and databases of it.
    package final class Shared: Sendable {
        private let made = Guarded<Result<PostgresServer, any Error>?>(nil)

        /// The server; the first caller waits for its start.
        package func server() throws -> PostgresServer {
            try made.withLock { made in
                if let made { return made }
                let result = Result { try PostgresServer() }
                made = result
                return result
            }.get()
        }

        /// The URL of a fresh and empty database.
        package func freshURL() async throws -> String {
            let server = try server()
            return server.url(try await server.database())
        }
    }
}
